/** Streams of a CPNS Server's journal, beside those of `charging.ts` and `subject/`. */

export const pnStream = (pnId: string): string => `pn/${pnId}`;
export const registrationStream = (pnId: string, deviceId: string): string => `registration/${pnId}/${deviceId}`;
export const gatewayRegistrationStream = (gatewayId: string): string => `gateway-registration/${gatewayId}`;
