import { renameSync } from 'node:fs';
import { z } from 'zod';
import { fromBase64url, toBase64url } from '../../security/base64url.ts';
import { createKeyring, kekIdIn, WRAPPING_BYTES, type Keyring, type Unwrapped } from '../../security/keyring.ts';
import { writePrivately } from '../private-file.ts';
import { readDocument, type ConfigDocument } from './document.ts';
import { SECRET_PATTERN } from './fields.ts';
import { type Kek } from './kek.ts';
import { ConfigError, pathText, type Problem } from './problems.ts';
import { decodeSecret, encodeSecret, SECRET_BYTES } from './secrets.ts';
import { KEYRING_KEY } from '../host.ts';
import { refuseOpenToOthers } from './private-text.ts';

/**
 * The secrets in the server's file of credentials, each encrypted under the server's key-encryption key and bound to who
 * it belongs to, so that entries cannot be swapped. A secret in plain is still read: files of earlier versions have them.
 */

const BITS_PER_CHARACTER = 6;
const WRAPPED_CHARACTERS = Math.ceil(((WRAPPING_BYTES + SECRET_BYTES) * 8) / BITS_PER_CHARACTER);
const WRAPPED_PATTERN = new RegExp(`^[A-Za-z0-9_-]{${WRAPPED_CHARACTERS}}$`);
const LINE_WIDTH = 120;

const credentialKey = (kind: string, name: string): string => `credential/${kind}/${name}`;

/** As the text stands in the file. */
export function wrapSecret(keyring: Keyring, kind: string, name: string, secret: string): string {
  return toBase64url(keyring.wrap(credentialKey(kind, name), decodeSecret(secret)));
}

interface Entry {
  readonly kind: string;
  readonly name: string;
  readonly text: string;
}

const Table = z.record(z.string(), z.unknown());

/** What is not of the expected shape is left to the schema of the file. */
function entriesOf(document: ConfigDocument): readonly Entry[] {
  return Object.entries(Table.safeParse(document.value).data ?? {}).flatMap(([kind, table]) =>
    Object.entries(Table.safeParse(table).data ?? {}).flatMap(([name, text]) =>
      typeof text === 'string' ? [{ kind, name, text }] : [],
    ),
  );
}

const isWrapped = ({ text }: Entry): boolean => WRAPPED_PATTERN.test(text);
const isPlain = ({ text }: Entry): boolean => SECRET_PATTERN.test(text);

/**
 * The document with its secrets in plain, as the schema of the file wants them, and how many were so.
 * @throws ConfigError for each secret that does not open; none is quoted
 */
export function openCredentials(
  document: ConfigDocument,
  kek: Kek,
): { readonly document: ConfigDocument; readonly plain: number } {
  const entries = entriesOf(document);
  const wrapped = entries.filter(isWrapped);
  const [first, ...also] = kek.keys;
  if (wrapped.length === 0) return { document, plain: entries.filter(isPlain).length };
  if (first === undefined) throw new ConfigError(document.file, [keyMissing(wrapped.length, kek)]);
  const keyring = createKeyring({ kek: first, also, bytes: (length) => new Uint8Array(length) });
  const opened = new Map<string, Map<string, string>>();
  const faults: Fault[] = [];
  for (const entry of wrapped) {
    const found = keyring.examine(credentialKey(entry.kind, entry.name), bytesOf(entry));
    if (found.kind !== 'opened') faults.push({ entry, found });
    else {
      const table = opened.get(entry.kind) ?? new Map<string, string>();
      opened.set(entry.kind, table.set(entry.name, encodeSecret(found.secret).trim()));
    }
  }
  throwFaults(document, faults, `${kek.file ?? KEYRING_KEY} is ${keyring.kekId}`);
  const value = Object.fromEntries(
    Object.entries(Table.parse(document.value)).map(([kind, table]) => {
      const secrets = opened.get(kind);
      return [kind, secrets === undefined ? table : { ...Table.parse(table), ...Object.fromEntries(secrets) }];
    }),
  );
  return { document: { ...document, value }, plain: entries.filter(isPlain).length };
}

/**
 * Encrypts under the keyring's own key what is in plain, or under another key of it. All other text of the file stays.
 * @throws ConfigError where a secret does not open; nothing is written then
 */
export function rewrapCredentials(file: string, keyring: Keyring): { readonly wrapped: number; readonly kept: number } {
  const document = readDocument(file, 'secret');
  refuseOpenToOthers(file);
  const entries = entriesOf(document);
  const faults: Fault[] = [];
  let wrapped = 0;
  for (const entry of entries) {
    const { kind, name, text } = entry;
    const bytes = bytesOf(entry);
    const put = (secret: string): void => {
      document.yaml.setIn([kind, name], wrapSecret(keyring, kind, name, secret));
      wrapped += 1;
    };
    if (isPlain(entry)) put(text);
    else if (isWrapped(entry)) {
      const found = keyring.examine(credentialKey(kind, name), bytes);
      if (found.kind !== 'opened') faults.push({ entry, found });
      else if (kekIdIn(bytes) !== keyring.kekId) put(encodeSecret(found.secret).trim());
    }
  }
  throwFaults(document, faults, `the key given is ${keyring.kekId}`);
  if (wrapped > 0) writePrivately(file, document.yaml.toString({ lineWidth: LINE_WIDTH }), renameSync);
  return { wrapped, kept: entries.filter(isWrapped).length + entries.filter(isPlain).length - wrapped };
}

const bytesOf = ({ text }: Entry): Uint8Array => fromBase64url(text) ?? new Uint8Array(0);

function keyMissing(count: number, { file }: Kek): Problem {
  const message = `has ${count} secrets that are encrypted, and the key file ${file} is missing`;
  return { path: '', message, remedy: 'Bring the key file back from a copy, or name it with --key-file.' };
}

interface Fault {
  readonly entry: Entry;
  readonly found: Exclude<Unwrapped, { readonly kind: 'opened' }>;
}

/** @throws ConfigError when there are any: each that is damaged, and one for all under the same other key */
function throwFaults(document: ConfigDocument, faults: readonly Fault[], ours: string): void {
  if (faults.length === 0) return;
  const damaged = faults.flatMap(({ entry, found }) => (found.kind === 'damaged' ? [entry] : []));
  const others = Map.groupBy(
    faults.filter(({ found }) => found.kind === 'otherKey'),
    ({ found }) => (found.kind === 'otherKey' ? found.kekId : ''),
  );
  const at = ({ kind, name }: Entry): Pick<Problem, 'position' | 'path'> => ({
    position: document.at([kind, name]),
    path: pathText([kind, name]),
  });
  const problems: readonly Problem[] = [
    ...damaged.map((entry) => ({
      ...at(entry),
      message: 'is damaged',
      remedy: 'Bring the file back from a copy, or provision the secret anew.',
    })),
    ...[...others].flatMap(([kekId, [first, ...more]]) => {
      const also = more.length === 0 ? '' : `, as ${more.length} more are`;
      const message = `is encrypted under the key ${kekId}${also}, and ${ours}`;
      const remedy = 'Give that key, or run cpns keys wrap with --old-key-file.';
      return first === undefined ? [] : [{ ...at(first.entry), message, remedy }];
    }),
  ];
  throw new ConfigError(document.file, problems);
}
