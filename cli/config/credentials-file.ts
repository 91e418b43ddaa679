import { z } from 'zod';
import { check } from './check.ts';
import type { ConfigDocument } from './document.ts';
import { id, secret, SECRET_PATTERN } from './fields.ts';
import { decodeSecret } from './secrets.ts';
import type { Credential } from './types.ts';

/** What the server's file of credentials says. */

/** In place of a secret: the PN GW or the device proves itself by a certificate, and by nothing else. */
export const BY_CERTIFICATE = 'pki';

const secretOrPki = z
  .string()
  .refine((text) => text === BY_CERTIFICATE || SECRET_PATTERN.test(text), 'must be 32 bytes in base64url, or pki');

/** As it is read: secrets in plain. `credentials.ts` opens them. */
export const CredentialsFile = z.strictObject({
  gateways: z.record(id, secretOrPki),
  pnes: z.record(id, secretOrPki),
  services: z.record(id, secret).optional(),
  operators: z.record(id, secret).optional(),
});

/** As it is written: an entry is an encrypted secret, one in plain of an earlier version, or `pki`. */
export const StoredCredentialsFile = z.strictObject({
  gateways: z.record(id, z.string()),
  pnes: z.record(id, z.string()),
  services: z.record(id, z.string()).optional(),
  operators: z.record(id, z.string()).optional(),
});

export interface Credentials {
  readonly gateways: readonly Credential[];
  readonly pnes: readonly Credential[];
  /** Ids of those that have a certificate; none of them is in the lists above. */
  readonly certified: Readonly<Record<'gateways' | 'pnes', readonly string[]>>;
  readonly services: readonly Credential[];
  readonly operators: readonly Credential[];
}

/** The secrets in an opened document of credentials. @throws ConfigError */
export function readCredentials(document: ConfigDocument): Credentials {
  const { gateways, pnes, services = {}, operators = {} } = check(document, CredentialsFile);
  const toList = (record: Readonly<Record<string, string>>): readonly Credential[] =>
    Object.entries(record)
      .filter(([, text]) => text !== BY_CERTIFICATE)
      .map(([name, text]) => ({ id: name, psk: decodeSecret(text) }));
  const certified = (record: Readonly<Record<string, string>>): readonly string[] =>
    Object.keys(record).filter((name) => record[name] === BY_CERTIFICATE);
  return {
    gateways: toList(gateways),
    pnes: toList(pnes),
    certified: { gateways: certified(gateways), pnes: certified(pnes) },
    services: toList(services),
    operators: toList(operators),
  };
}
