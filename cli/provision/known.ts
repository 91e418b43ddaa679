import type { z } from 'zod';
import type { Keyring } from '../../security/keyring.ts';
import { check } from '../config/check.ts';
import { openCredentials, wrapSecret } from '../config/credentials.ts';
import { readDocument } from '../config/document.ts';
import { readKek, type Kek } from '../config/kek.ts';
import type { OperatorDirectory } from './directory.ts';
import { CREDENTIALS_FILE, type StoredCredentialTable } from './files/credentials.ts';
import { BY_CERTIFICATE, CredentialsFile } from '../config/credentials-file.ts';

/** What the server knows of everybody, secrets in plain. */
export type CredentialTable = z.infer<typeof CredentialsFile>;

/** The key that the server's credentials are under; none is there in a new directory. @throws UsageError */
export function kekOfServer(directory: OperatorDirectory, keyringKey: string | undefined): Kek {
  return keyringKey === undefined ? readKek(directory.path('server.key'), {}) : readKek(null, { keyringKey });
}

/** Nothing where there is no such file yet. @throws ConfigError */
export function knownCredentials(directory: OperatorDirectory, kek: Kek): CredentialTable {
  if (!directory.has(CREDENTIALS_FILE)) return { gateways: {}, pnes: {} };
  const { document, plain } = openCredentials(readDocument(directory.path(CREDENTIALS_FILE), 'secret'), kek);
  if (plain > 0) directory.note('differs', CREDENTIALS_FILE, `${plain} secrets are in plain: run cpns keys wrap`);
  return check(document, CredentialsFile);
}

/** As it is written to the file. */
export function storedCredentials(plain: CredentialTable, keyring: Keyring): StoredCredentialTable {
  const stored = (kind: keyof CredentialTable): Record<string, string> =>
    Object.fromEntries(
      Object.entries(plain[kind] ?? {}).map(([id, secret]) => [
        id,
        secret === BY_CERTIFICATE ? secret : wrapSecret(keyring, kind, id, secret),
      ]),
    );
  return {
    gateways: stored('gateways'),
    pnes: stored('pnes'),
    ...(plain.services === undefined ? {} : { services: stored('services') }),
    ...(plain.operators === undefined ? {} : { operators: stored('operators') }),
  };
}
