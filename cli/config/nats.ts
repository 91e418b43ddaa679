import { readFileSync } from 'node:fs';
import { natsUser, type NatsUser } from '../../wire/nats-user.ts';
import { fileReason } from '../errors.ts';
import { DEFAULT_NATS_URL, natsUrls, path } from './fields.ts';
import { ConfigError } from './problems.ts';
import type { Given, Settings } from './settings.ts';
import type { NatsAccess } from './types.ts';
import { readPrivateText } from './private-text.ts';

/** The fields about NATS in the file of every role. */
export const natsFields = { nats: natsUrls.optional(), natsSeedFile: path.optional(), natsCa: path.optional() };

/** What flags and variables say of it. */
export type NatsFlags = Pick<Given, keyof typeof natsFields>;

interface InFile {
  readonly nats?: readonly string[] | undefined;
  readonly natsSeedFile?: string | undefined;
  readonly natsCa?: string | undefined;
}

/** @throws ConfigError */
export function natsAccess(settings: Settings, given: NatsFlags, file: InFile): NatsAccess {
  const seedFile = settings.optionalPath(given.natsSeedFile, file.natsSeedFile);
  const ca = settings.optionalPath(given.natsCa, file.natsCa);
  return {
    natsUrls: given.nats ?? file.nats ?? [DEFAULT_NATS_URL],
    natsUser: seedFile === null ? null : readNatsUser(seedFile),
    natsCa: ca === null ? null : readCertificates(ca),
  };
}

/**
 * Reads the seed of a NATS user. No message quotes it.
 * @throws ConfigError
 */
export function readNatsUser(file: string): NatsUser {
  const user = natsUser(readPrivateText(file));
  if (user !== null) return user;
  const remedy = 'Bring the file back from a copy, or provision anew.';
  throw new ConfigError(file, [{ path: '', message: 'is not the nkey seed of a user: SU and 56 characters', remedy }]);
}

const CERTIFICATE = /^-----BEGIN CERTIFICATE-----$/m;

/** @throws ConfigError */
export function readCertificates(file: string): string {
  const fail = (message: string, remedy: string): ConfigError => new ConfigError(file, [{ path: '', message, remedy }]);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw fail(`certificates cannot be read: ${fileReason(error)}`, 'Check the path.');
  }
  if (!CERTIFICATE.test(text)) throw fail('holds no certificate', 'Name a file of certificates in PEM form.');
  return text;
}
