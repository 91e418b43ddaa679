/** Streams of a PN GW's journal, beside those of `usage.ts`. */

export const gatewayStream = (gatewayId: string): string => `gateway/${gatewayId}`;
export const admissionStream = (gatewayId: string, deviceId: string): string => `admission/${gatewayId}/${deviceId}`;
