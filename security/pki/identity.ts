/**
 * Who a certificate is for: its subject alternative name of the kind URI is `urn:cpns:device:<device id>`. With `openssl`:
 * `subjectAltName=URI:urn:cpns:device:<device id>`. The common name is for people, and never looked at.
 */
export function deviceUri(deviceId: string): string {
  return `urn:cpns:device:${deviceId}`;
}
