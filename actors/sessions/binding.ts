import type { Binding } from '../../security/registration-handshake.ts';

/** What the handshake of a registration is bound to, at both of its ends. */

/** In the place of a PN where a PN GW registers itself. */
export const NO_PN = '-';

export function gatewayBinding(gatewayId: string, requestId: string): Binding {
  return { protocolVersion: 1, pnId: NO_PN, gatewayId, deviceId: gatewayId, requestId };
}

export function pneBinding(
  { pnId, gatewayId, deviceId }: { readonly pnId: string; readonly gatewayId: string; readonly deviceId: string },
  requestId: string,
): Binding {
  return { protocolVersion: 1, pnId, gatewayId, deviceId, requestId };
}
