import { chmodSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { newNatsSeed, type NatsUser } from '../../wire/nats-user.ts';
import { readNatsUser } from '../config/nats.ts';
import { isEncrypted, readSecretFile, sealedText, type SecretName } from '../config/secret-file.ts';
import { encodeSecret, SECRET_BYTES } from '../config/secrets.ts';
import { errorCode, UsageError } from '../errors.ts';
import { writePrivately } from '../private-file.ts';
import { needed, type Ring } from './ring.ts';

/**
 * What was done about a file. `extended`: entries were added, all others kept. `rewritten`: it follows from other files,
 * which have changed. `tightened`: others could read it.
 * `differs`: it says something else than the household, and stays as it is.
 */
export type Outcome = 'created' | 'kept' | 'extended' | 'rewritten' | 'tightened' | 'differs';

export interface Step {
  readonly outcome: Outcome;
  /** Relative to the operator directory. */
  readonly file: string;
  readonly detail: string;
}

/** Where a secret lies, and what it is encrypted under. */
export interface SecretPlace {
  readonly file: string;
  readonly name: SecretName;
  readonly ring: Ring;
  readonly detail: string;
}

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
const PERMISSIONS = 0o777;

/** Says that the directory is one of ours: no other is ever written to. */
const MARKER = '.cpns-operator';

/** The operator directory. Whatever is in it stays: files are added, configuration is extended, secrets are never replaced. */
export class OperatorDirectory {
  readonly #root: string;
  readonly bytes: (length: number) => Uint8Array;
  readonly #steps: Step[] = [];

  static isOne(root: string): boolean {
    return existsSync(join(root, MARKER));
  }

  /** @throws UsageError when the directory holds something else */
  constructor(root: string, bytes: (length: number) => Uint8Array) {
    this.#root = root;
    this.bytes = bytes;
    this.#open();
    this.#folder('.');
    this.create(MARKER, 'format: 1\n', 'marks the directory as written by cpns provision');
    for (const folder of ['gateways', 'pnes', 'nats']) this.#folder(folder);
  }

  /** A folder that not every operator needs. */
  folder(folder: string): void {
    this.#folder(folder);
  }

  get steps(): readonly Step[] {
    return this.#steps;
  }

  path(file: string): string {
    return join(this.#root, file);
  }

  has(file: string): boolean {
    return existsSync(this.path(file));
  }

  note(outcome: Outcome, file: string, detail: string): void {
    this.#steps.push({ outcome, file, detail });
  }

  /** Writes a file unless it is there. */
  create(file: string, text: string, detail: string): void {
    if (!this.has(file) && writePrivately(this.path(file), text, linkSync)) return this.note('created', file, detail);
    this.keep(file, detail);
  }

  /** Names of the configuration files in a folder, in order. */
  configFiles(folder: string): readonly string[] {
    return this.files(folder, '.yaml');
  }

  /** Names of the files in a folder that end so, in order. */
  files(folder: string, ending: string): readonly string[] {
    const names = readdirSync(this.path(folder)).filter((name) => name.endsWith(ending));
    return names.toSorted().map((name) => `${folder}/${name}`);
  }

  /** Writes a file that follows from others, unless it says the same already. */
  derive(file: string, text: string, detail: string): void {
    if (!this.has(file)) return this.create(file, text, detail);
    if (readFileSync(this.path(file), 'utf8') === text) return this.keep(file, detail);
    writePrivately(this.path(file), text, renameSync);
    this.note('rewritten', file, detail);
  }

  /** Writes a file unless it is there; tells when it is there and says otherwise. */
  propose(file: string, text: string, detail: string): void {
    this.create(file, text, detail);
    if (readFileSync(this.path(file), 'utf8') !== text)
      this.note('differs', file, 'says otherwise than the options; remove it to have it written anew');
  }

  /** Writes a file anew, with entries added. */
  extend(file: string, text: string, detail: string): void {
    writePrivately(this.path(file), text, renameSync);
    this.note('extended', file, detail);
  }

  /** A key-encryption key: the one that is there, or else a new one. */
  keyFile(file: string, detail: string): void {
    if (!this.has(file)) this.create(file, this.newSecret(), detail);
    else this.keep(file, detail);
  }

  /**
   * The text of a secret: of the file that is there, or else what `make` gives, which is written encrypted.
   * @returns null where the file is there and its key is not
   * @throws ConfigError when the file is there and does not open, UsageError when it is to be written and there is no key
   */
  secret({ file, name, ring, detail }: SecretPlace, make: () => string): string | null {
    if (!this.has(file)) this.create(file, sealedText(needed(ring, file).keyring, name, make()), detail);
    else this.keep(file, detail);
    if (ring === null && this.isEncrypted(file)) return null;
    const kek = ring?.kek ?? { file: null, keys: [] };
    const { text, form } = readSecretFile({ file: this.path(file), name }, kek);
    if (form === 'plain') this.note('differs', file, 'is in plain: run cpns keys wrap');
    return text;
  }

  /** Whether a file is there that holds an encrypted secret. */
  isEncrypted(file: string): boolean {
    return this.has(file) && isEncrypted(readFileSync(this.path(file), 'utf8'));
  }

  /**
   * The NATS user whose seed a file holds: the one that is there, or else a new one.
   * @throws ConfigError when the file is there and is no seed
   */
  natsUser(file: string, detail: string): NatsUser {
    if (!this.has(file)) this.create(file, `${newNatsSeed()}\n`, detail);
    else this.keep(file, detail);
    return readNatsUser(this.path(file));
  }

  newSecret(): string {
    return encodeSecret(this.bytes(SECRET_BYTES));
  }

  #open(): void {
    let entries: readonly string[] = [];
    try {
      entries = readdirSync(this.#root);
    } catch (error) {
      if (errorCode(error) === 'ENOTDIR')
        throw new UsageError(`${this.#root} is not a directory`, 'Name another with --out.');
      if (errorCode(error) !== 'ENOENT') throw error;
    }
    if (entries.length > 0 && !entries.includes(MARKER))
      throw new UsageError(
        `${this.#root} holds files that cpns provision did not write`,
        'Name an empty directory, a new one, or one that it wrote before.',
      );
  }

  #folder(folder: string): void {
    if (mkdirSync(this.path(folder), { recursive: true, mode: FOLDER_MODE }) !== undefined)
      return this.note('created', `${folder}/`, 'folder');
    this.keep(folder, 'folder', FOLDER_MODE);
  }

  /** Leaves what is there as it is, but for who may read it. */
  keep(file: string, detail: string, mode: number = FILE_MODE): void {
    if ((statSync(this.path(file)).mode & PERMISSIONS) === mode) return this.note('kept', file, detail);
    chmodSync(this.path(file), mode);
    this.note('tightened', file, `mode ${mode.toString(8)} again`);
  }
}
