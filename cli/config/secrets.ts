import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { errorCode, fileReason } from '../errors.ts';
import { check } from './check.ts';
import type { ConfigDocument } from './document.ts';
import { id, secret, SECRET_PATTERN } from './fields.ts';
import { ConfigError } from './problems.ts';
import type { Credential } from './types.ts';

export const SECRET_BYTES = 32;

/** What a secret file holds: one line of base64url. */
export function encodeSecret(bytes: Uint8Array): string {
  return `${Buffer.from(bytes).toString('base64url')}\n`;
}

export function decodeSecret(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64url'));
}

const GROUP_AND_WORLD = 0o077;
const PERMISSIONS = 0o777;

/** @throws ConfigError when others than the owner may read or write the file */
export function refuseOpenToOthers(file: string): void {
  const { mode } = statSync(file);
  if ((mode & GROUP_AND_WORLD) === 0) return;
  const message = `holds secrets and is open to others: mode ${(mode & PERMISSIONS).toString(8).padStart(4, '0')}`;
  throw new ConfigError(file, [{ path: '', message, remedy: `Run: chmod 600 ${file}` }]);
}

const fileError = (file: string, message: string, remedy: string): ConfigError =>
  new ConfigError(file, [{ path: '', message, remedy }]);

/**
 * The text of a file that nobody but its owner may read.
 * @throws ConfigError
 */
export function readPrivateText(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const remedy =
      errorCode(error) === 'ENOENT'
        ? 'Check the path, or let `cpns provision` write it.'
        : 'Give a file that this user may read.';
    throw fileError(file, `secret cannot be read: ${fileReason(error)}`, remedy);
  }
  refuseOpenToOthers(file);
  return text;
}

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
