/**
 * The CPNS ID of a device: the same in every PN and after any loss, with no shared counter, and not to be linked back to
 * the device id without the operator's key. `cpns-` + base32 (RFC 4648 section 6, lower case, no padding) of the first
 * 130 bits of HMAC-SHA-256(id key, device id in UTF-8): 26 characters.
 */
import { createHmac } from 'node:crypto';
import { utf8 } from './bytes.ts';
import { assertKey } from './security-error.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const ID_LENGTH = 26;
const BITS_PER_CHARACTER = 5;

export function cpnsId(idKey: Uint8Array, deviceId: string): string {
  assertKey("The operator's id key", idKey);
  const digest = createHmac('sha256', idKey).update(utf8(deviceId)).digest();
  let id = '';
  let pending = 0;
  let pendingBits = 0;
  for (const byte of digest) {
    pending = (pending << 8) | byte;
    pendingBits += 8;
    while (pendingBits >= BITS_PER_CHARACTER && id.length < ID_LENGTH) {
      pendingBits -= BITS_PER_CHARACTER;
      id += ALPHABET.charAt((pending >> pendingBits) & 31);
      pending &= (1 << pendingBits) - 1;
    }
  }
  return `cpns-${id}`;
}
