import { newNoteSigner, signerToText, verifierToText } from '../../security/transparency/note-key.ts';
import { publicPathOf } from '../keys/note-keys.ts';
import type { OperatorDirectory } from './directory.ts';
import { CHECKPOINT_KEY_FILE } from './files/server.ts';
import type { Ring } from './ring.ts';
import { signerIn } from '../config/checkpoints.ts';

/** Bytes of a name's random part: no two operators name their journals alike. */
const NAME_BYTES = 6;

/** The key that the server signs its journal with, and its public half for auditors and devices. */
export function provisionCheckpointKey(
  directory: OperatorDirectory,
  ring: Ring,
  bytes: (length: number) => Uint8Array,
): void {
  const detail = 'signs checkpoints of the journal of the server';
  const text = directory.secret({ file: CHECKPOINT_KEY_FILE, name: 'checkpoint', ring, detail }, () => {
    const name = `cpns-server/${Buffer.from(bytes(NAME_BYTES)).toString('hex')}`;
    return signerToText(newNoteSigner(name, bytes));
  });
  if (text === null) return;
  const { verifier } = signerIn(directory.path(CHECKPOINT_KEY_FILE), text);
  directory.create(
    publicPathOf(CHECKPOINT_KEY_FILE),
    `${verifierToText(verifier)}\n`,
    'is for auditors: verifies them',
  );
}
