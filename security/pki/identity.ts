/**
 * Who a certificate is for: its subject alternative name of the kind URI is `urn:cpns:device:<device id>`, or
 * `urn:cpns:gateway:<gateway id>` for a PN GW. With `openssl`: `subjectAltName=URI:urn:cpns:device:<device id>`. The common
 * name is for people, and never looked at.
 */
export interface Principal {
  readonly kind: 'device' | 'gateway';
  readonly id: string;
}

const NAMESPACE = 'urn:cpns:';

export function principalUri({ kind, id }: Principal): string {
  return `${NAMESPACE}${kind}:${id}`;
}

/**
 * Whether the URIs of a certificate name this principal and no other one: a certificate that named a device and a PN GW, or
 * two devices, would make one of the other. URIs of other namespaces say nothing here. RFC 8141 section 3.1 has the
 * namespace in any case; ours counts in lower case only, and in any other case as another name.
 */
export function isNamed(uris: readonly string[], principal: Principal): boolean {
  const names = uris.filter((uri) => uri.toLowerCase().startsWith(NAMESPACE));
  return names.length > 0 && names.every((uri) => uri === principalUri(principal));
}

export const deviceNamed = (id: string): Principal => ({ kind: 'device', id });
export const gatewayNamed = (id: string): Principal => ({ kind: 'gateway', id });
