/**
 * What a registration is about, bound into the handshake as its prologue (Noise, section 6): when the two sides differ
 * in one bit of it, the handshake fails. The gateway between them is not trusted to report any of it.
 */
import { concat, uint32, utf8 } from './bytes.ts';

export interface Binding {
  readonly protocolVersion: 1;
  readonly pnId: string;
  readonly gatewayId: string;
  readonly deviceId: string;
  readonly requestId: string;
}

const LABEL = utf8('CPNS registration');

/**
 * `CPNS registration` (17 bytes of ASCII), the protocol version in one byte, then pnId, gatewayId, deviceId and requestId,
 * each as its length in bytes (four bytes, most significant first) and its UTF-8. No other binding gives the same bytes.
 */
export function prologueOf(binding: Binding): Uint8Array {
  const { pnId, gatewayId, deviceId, requestId } = binding;
  const fields = [pnId, gatewayId, deviceId, requestId].map(utf8);
  const prefixed = fields.flatMap((field) => [uint32(field.length), field]);
  return concat(LABEL, Uint8Array.of(binding.protocolVersion), ...prefixed);
}
