import { renameSync } from 'node:fs';
import { fromBase64url, toBase64url } from '../../security/base64url.ts';
import { createKeyring, kekIdIn, type Keyring } from '../../security/keyring.ts';
import { writePrivately } from '../private-file.ts';
import { SECRET_PATTERN } from './fields.ts';
import { type Kek } from './kek.ts';
import { ConfigError } from './problems.ts';
import { decodeSecret } from './secrets.ts';
import { KEYRING_KEY } from '../host.ts';
import { readPrivateText } from './private-text.ts';

/**
 * Files that hold one secret each: encrypted under the key-encryption key of whose secret it is, as one line of base64url, in
 * the form of `security/keyring.ts`, bound to what it is, so that files cannot be swapped. What is encrypted is the text that the
 * plain file would have. Plain files are read as well: earlier versions and other programs write them.
 */

/** What a secret is bound to. */
export type SecretName =
  | `credential/${'gateways' | 'pnes' | 'services' | 'operators'}/${string}`
  | `static/${'gateways' | 'pnes'}/${string}`
  | 'static/server'
  | 'id-key'
  | 'authority'
  | 'checkpoint';

export interface SecretFile {
  readonly file: string;
  readonly name: SecretName;
}

type Form = 'encrypted' | 'plain';

/** Null for a text in plain. */
function wrappedBytes(text: string): Uint8Array | null {
  const bytes = fromBase64url(text);
  return bytes === null || kekIdIn(bytes) === null ? null : bytes;
}

/** Whether the text of a file is an encrypted secret. */
export const isEncrypted = (text: string): boolean => wrappedBytes(text.trim()) !== null;

/** @throws ConfigError where it cannot be read */
export const isEncryptedFile = ({ file }: SecretFile): boolean => isEncrypted(readPrivateText(file));

/**
 * The text in a file that only its owner may read, without white space around it. No message quotes it.
 * @throws ConfigError where it cannot be read or does not open
 */
export function readSecretFile(
  { file, name }: SecretFile,
  kek: Kek,
): { readonly text: string; readonly form: Form; readonly kekId: string | null } {
  const stored = readPrivateText(file);
  const wrapped = wrappedBytes(stored);
  if (wrapped === null) return { text: stored, form: 'plain', kekId: null };
  const [first, ...also] = kek.keys;
  if (first === undefined)
    throw fault(
      file,
      `is encrypted under the key ${kekIdIn(wrapped)}, and ${kek.file === null ? 'no key is given' : `the key file ${kek.file} is missing`}`,
      kek.of === 'secret'
        ? 'Bring the key file back from a copy, to where it was looked for: no other key opens it.'
        : `Bring the key file back from a copy, name it with --key-file, or give the key in ${KEYRING_KEY}.`,
    );
  const keyring = createKeyring({ kek: first, also, bytes: (length) => new Uint8Array(length) });
  const found = keyring.examine(name, wrapped);
  switch (found.kind) {
    case 'opened':
      return { text: Buffer.from(found.secret).toString('utf8'), form: 'encrypted', kekId: kekIdIn(wrapped) };
    case 'otherKey':
      throw fault(
        file,
        `is encrypted under the key ${found.kekId}, and ${kek.file ?? KEYRING_KEY} is ${keyring.kekId}`,
        'Give that key, or run cpns keys wrap with --old-key-file.',
      );
    case 'damaged':
      throw fault(
        file,
        `is damaged, or is not what it is read as: ${name}`,
        'Bring the file back from a copy, or provision the secret anew.',
      );
  }
}

/** As the file has it. @param text of the plain file */
export function sealedText(keyring: Keyring, name: SecretName, text: string): string {
  return `${toBase64url(keyring.wrap(name, new Uint8Array(Buffer.from(text.trim()))))}\n`;
}

/**
 * Encrypts a file under the keyring's own key, if it is in plain or under another key of it.
 * @param kek all keys of the keyring
 * @throws ConfigError where it does not open; nothing is written then
 */
export function rewrapSecretFile(secret: SecretFile, keyring: Keyring, kek: Kek): 'wrapped' | 'kept' {
  const { text, kekId } = readSecretFile(secret, kek);
  if (kekId === keyring.kekId) return 'kept';
  writePrivately(secret.file, sealedText(keyring, secret.name, text), renameSync);
  return 'wrapped';
}

/** The secret files of one process. It remembers which were in plain. */
export class SecretFiles {
  readonly #kek: Kek;
  readonly #plain = new Set<string>();

  constructor(kek: Kek) {
    this.#kek = kek;
  }

  /** Files that were in plain when they were read. */
  get plain(): readonly string[] {
    return [...this.#plain];
  }

  /** @param kek of whose secret it is, if that is not the key of the process @throws ConfigError */
  text(file: string, name: SecretName, kek: Kek = this.#kek): string {
    const { text, form } = readSecretFile({ file, name }, kek);
    if (form === 'plain') this.#plain.add(file);
    return text;
  }

  /** 32 bytes. @throws ConfigError */
  bytes(file: string, name: SecretName, kek: Kek = this.#kek): Uint8Array {
    return secretBytes(file, this.text(file, name, kek));
  }
}

/** @throws ConfigError for what is no secret of 32 bytes; it is not quoted */
export function secretBytes(file: string, text: string): Uint8Array {
  if (SECRET_PATTERN.test(text)) return decodeSecret(text);
  throw fault(
    file,
    'is not a secret: 32 bytes in base64url on one line, encrypted or not',
    'Bring the file back from a copy, or provision anew.',
  );
}

const fault = (file: string, message: string, remedy: string): ConfigError =>
  new ConfigError(file, [{ path: '', message, remedy }]);
