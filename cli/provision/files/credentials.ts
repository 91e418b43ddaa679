import type { z } from 'zod';
import type { Addition, ConfigFile } from '../entries.ts';
import { HEADER } from './common.ts';
import { StoredCredentialsFile } from '../../config/credentials-file.ts';

/** What the CPNS Server knows secrets by. */

export const CREDENTIALS_FILE = 'server.credentials.yaml';

export type StoredCredentialTable = z.infer<typeof StoredCredentialsFile>;

export function credentialsConfig(wanted: StoredCredentialTable): ConfigFile<StoredCredentialTable> {
  const missing = (
    kind: keyof StoredCredentialTable,
    there: Readonly<Record<string, string>> = {},
  ): readonly Addition[] =>
    Object.entries(wanted[kind] ?? {})
      .filter(([id]) => !Object.hasOwn(there, id))
      .map(([id, value]) => ({ path: [kind, id], value, kind: 'put' }));
  return {
    file: CREDENTIALS_FILE,
    detail: 'secrets of gateways, PNEs, services and operators that the server knows',
    comment: `${HEADER} Secrets are encrypted under server.key (cpns keys wrap); or pki, for who has a certificate.`,
    contents: 'secret',
    schema: StoredCredentialsFile,
    whole: wanted,
    merge: (current) => ({
      add: [
        ...missing('gateways', current.gateways),
        ...missing('pnes', current.pnes),
        ...missing('services', current.services),
        ...missing('operators', current.operators),
      ],
      differs: [],
    }),
  };
}
