import { newNoteSigner, signerToText, verifierToText } from '../../security/transparency/note-key.ts';
import { publicPathOf, readNoteSigner } from '../journal/note-keys.ts';
import type { OperatorDirectory } from './directory.ts';
import { CHECKPOINT_KEY_FILE } from './files.ts';

/** Bytes of a name's random part: no two operators name their journals alike. */
const NAME_BYTES = 6;

/** The key that the server signs its journal with, and its public half for auditors and devices. */
export function provisionCheckpointKey(directory: OperatorDirectory, bytes: (length: number) => Uint8Array): void {
  const detail = 'signs checkpoints of the journal of the server';
  if (directory.has(CHECKPOINT_KEY_FILE)) directory.keep(CHECKPOINT_KEY_FILE, detail);
  else {
    const name = `cpns-server/${Buffer.from(bytes(NAME_BYTES)).toString('hex')}`;
    directory.create(CHECKPOINT_KEY_FILE, `${signerToText(newNoteSigner(name, bytes))}\n`, detail);
  }
  const { verifier } = readNoteSigner(directory.path(CHECKPOINT_KEY_FILE));
  directory.create(
    publicPathOf(CHECKPOINT_KEY_FILE),
    `${verifierToText(verifier)}\n`,
    'is for auditors: verifies them',
  );
}
