import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parse } from 'yaml';
import { signerFromText } from '../../security/transparency/note-key.ts';
import { createKeyring } from '../../security/keyring.ts';
import { SECRET_FILE, secretsIn } from '../cli/keys/secrets.ts';

export interface Folder {
  readonly path: string;
  file(...names: readonly string[]): string;
  put(name: string, text: string): string;
  remove(): void;
}

export function temporaryFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'cpns-end-to-end-'));
  const file = (...names: readonly string[]): string => join(path, ...names);
  return {
    path,
    file,
    put(name, text) {
      writeFileSync(file(name), text);
      return file(name);
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Every file below a folder. */
export function filesBelow(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile());
}

const NKEY_SEED = /\bS[A-Z2-7]{57}\b/g;

/** Every secret of an operator directory: of key files, of secret files, of the server's table, and the seeds of NATS users. */
export function secretsOf(operator: string): readonly Uint8Array[] {
  const single = filesBelow(operator)
    .filter((file) => /\.(key|kek)$/.test(file) && !SECRET_FILE.test(relative(operator, file)))
    .map((file) => readFileSync(file, 'utf8').trim());
  const own = secretsIn(
    operator,
    filesBelow(operator).map((file) => relative(operator, file)),
  );
  const table: Record<string, Record<string, string>> = parse(
    readFileSync(join(operator, 'server.credentials.yaml'), 'utf8'),
  );
  const kek = Buffer.from(readFileSync(join(operator, 'server.key'), 'utf8').trim(), 'base64url');
  const keyring = createKeyring({ kek: new Uint8Array(kek), bytes: (length) => new Uint8Array(length) });
  const known = Object.entries(table).flatMap(([kind, entries]) =>
    Object.entries(entries).flatMap(([id, text]) => {
      const wrapped = new Uint8Array(Buffer.from(text, 'base64url'));
      const secret = keyring.unwrap(`credential/${kind}/${id}`, wrapped);
      return secret === null ? [] : [Buffer.from(secret).toString('base64url')];
    }),
  );
  const texts = new Set([...single, ...own.values(), ...known]);
  const seeds = filesBelow(operator)
    .filter((file) => file.endsWith('.nk'))
    .flatMap((file) => readFileSync(file, 'utf8').match(NKEY_SEED) ?? []);
  return [...[...texts].map(bytesOf), ...seeds.map((text) => new TextEncoder().encode(text))];
}

/** Of a private key in PEM the 32 bytes at its end (RFC 8410 section 7). */
function bytesOf(text: string): Uint8Array {
  const signer = signerFromText(text);
  if (signer !== null) return signer.seed;
  const [body] = /(?<=-\n)[^-]+/.exec(text) ?? [];
  return new Uint8Array(
    body === undefined ? Buffer.from(text, 'base64url') : Buffer.from(body, 'base64').subarray(-32),
  );
}
