/**
 * A certificate chain as it travels, encrypted, in front of the payload of the first handshake message: the number of
 * certificates in one byte, then each as its length in two bytes, most significant first, and its DER. The device's own
 * comes first, each next one certified the one before; the trust anchor is left out.
 */
import { concat } from '../bytes.ts';
import { SecurityError } from '../security-error.ts';
import { MAX_CERTIFICATE_BYTES } from './certificate.ts';

/** Of a device and two authorities between it and the trust anchor. */
export const MAX_CHAIN_LENGTH = 3;

export type ReadChain =
  | { readonly kind: 'read'; readonly chain: readonly Uint8Array[]; readonly rest: Uint8Array }
  | { readonly kind: 'refused'; readonly reason: 'malformed' | 'chainTooLong' };

export function writeChain(chain: readonly Uint8Array[]): Uint8Array {
  const tooLong = chain.find((certificate) => certificate.length > MAX_CERTIFICATE_BYTES);
  if (chain.length < 1 || chain.length > MAX_CHAIN_LENGTH || tooLong !== undefined) {
    throw new SecurityError(
      `A chain of ${chain.length} certificates, or of one with ${tooLong?.length ?? 0} bytes, cannot be sent.`,
      `Send 1 to ${MAX_CHAIN_LENGTH} of at most ${MAX_CERTIFICATE_BYTES} bytes.`,
    );
  }
  const parts = chain.flatMap((der) => [Uint8Array.of(der.length >> 8, der.length & 0xff), der]);
  return concat(Uint8Array.of(chain.length), ...parts);
}

/** Looks at no certificate, only at lengths. */
export function readChain(bytes: Uint8Array): ReadChain {
  const count = bytes[0] ?? 0;
  if (count > MAX_CHAIN_LENGTH) return { kind: 'refused', reason: 'chainTooLong' };
  const chain: Uint8Array[] = [];
  let offset = 1;
  for (let index = 0; index < count; index++) {
    const [high, low] = bytes.subarray(offset);
    if (high === undefined || low === undefined) return { kind: 'refused', reason: 'malformed' };
    const end = offset + 2 + high * 256 + low;
    if (end > bytes.length || end - offset - 2 > MAX_CERTIFICATE_BYTES) return { kind: 'refused', reason: 'malformed' };
    chain.push(bytes.slice(offset + 2, end));
    offset = end;
  }
  return count === 0 ? { kind: 'refused', reason: 'malformed' } : { kind: 'read', chain, rest: bytes.slice(offset) };
}
