import { z } from 'zod';
import { streamOf } from '../../machines/streams.ts';
import { checkReceipt, readReceiptLeaf } from '../../replay/receipt.ts';
import type { NoteVerifier } from '../../security/transparency/note-key.ts';
import { FailedError } from '../errors.ts';
import type { PneDevice } from '../../actors/roles/pne/device.ts';

/** What a receipt says of the registration of a device. */
export interface ReceiptOfDevice {
  readonly position: number;
  /** Events that the operator signed. */
  readonly size: number;
  readonly cpnsId: string;
  readonly verified: 'yes' | 'no';
}

const Answered = z.object({ code: z.literal(200), cpnsId: z.string() });
/** Lines of a leaf: stream, type, and the data last. */
const [STREAM, TYPE, DATA] = [2, 4, 14];

/**
 * Whether a receipt is that of the registration of this device.
 * @param cpnsId the one that the device was given
 * @throws FailedError for any other, and for one that the key did not sign
 */
export function readReceipt(
  text: string,
  { deviceId, pnId }: Pick<PneDevice, 'deviceId' | 'pnId'>,
  cpnsId: string | null,
  verifier: NoteVerifier | null,
): ReceiptOfDevice {
  const found = verifier === null ? readReceiptLeaf(text) : checkReceipt(text, verifier);
  if (found.kind === 'refused')
    throw new FailedError(`The receipt is not valid: ${found.reason}`, 'Ask the operator for its public key and why.');
  const lines = found.leaf.split('\n');
  const data = Answered.safeParse(json(lines[DATA] ?? '')).data;
  const isOwn =
    lines[STREAM] === streamOf('cpns-server/registration', { pnId, deviceId }) &&
    lines[TYPE] === 'RegistrationAnswered';
  if (!isOwn || data === undefined || data.cpnsId !== cpnsId)
    throw new FailedError('The receipt is not that of the registration of this device', 'Ask the operator why.');
  const { position, size } = found;
  return { position, size, cpnsId: data.cpnsId, verified: verifier === null ? 'no' : 'yes' };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
