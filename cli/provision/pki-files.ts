import type { Principal } from '../../security/pki/identity.ts';
import type { SecretName } from '../config/secret-file.ts';

/** The operator's authority, in `ca/`. An authority made with openssl may be put in its place. */
export const CA_FILES = {
  key: 'ca/ca.key',
  /** Its key-encryption key. */
  kek: 'ca/ca.key.kek',
  certificate: 'ca/ca.pem',
  revocation: 'ca/revoked.pem',
} as const;
export const SERVER_FILES = { key: 'server.static.key', publicKey: 'server.static.pub' } as const;

const FOLDERS = { device: 'pnes', gateway: 'gateways' } as const;

/** What a principal has: its secret or its private key with the certificate, and what both are encrypted under. */
export function filesOf({ kind, id }: Principal): {
  readonly kek: string;
  readonly psk: string;
  readonly key: string;
  readonly certificate: string;
  readonly pskName: SecretName;
  readonly keyName: SecretName;
} {
  const folder = FOLDERS[kind];
  const at = `${folder}/${id}`;
  return {
    kek: `${at}.key`,
    psk: `${at}.psk`,
    key: `${at}.static.key`,
    certificate: `${at}.pem`,
    pskName: `credential/${folder}/${id}`,
    keyName: `static/${folder}/${id}`,
  };
}
