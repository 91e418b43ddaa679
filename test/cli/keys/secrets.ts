import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createKeyring } from '../../../security/keyring.ts';

/** What the secret files of an operator directory hold, read without the code that the roles read them with. */

const KINDS = { pnes: 'pnes', gateways: 'gateways', services: 'services', operators: 'operators' } as const;

/** The file of the key-encryption key, and what the secret is bound to. */
function placeOf(file: string): { readonly keyFile: string; readonly name: string } {
  if (file === 'server.id-key') return { keyFile: 'server.key', name: 'id-key' };
  if (file === 'server.static.key') return { keyFile: 'server.key', name: 'static/server' };
  if (file === 'checkpoint.key') return { keyFile: 'checkpoint.key.kek', name: 'checkpoint' };
  if (file === 'ca/ca.key') return { keyFile: 'ca/ca.key.kek', name: 'authority' };
  const [, kind = '', id = '', ending] = /^(\w+)\/([a-z0-9_-]+)\.(psk|static\.key)$/.exec(file) ?? [];
  if (!Object.hasOwn(KINDS, kind)) throw new Error(`${file} is no secret file.`);
  return { keyFile: `${kind}/${id}.key`, name: `${ending === 'psk' ? 'credential' : 'static'}/${kind}/${id}` };
}

/** Text of the secret, in plain. @param file in the operator directory */
export function secretIn(operator: string, file: string): string {
  const stored = readFileSync(join(operator, file), 'utf8').trim();
  const { keyFile, name } = placeOf(file);
  const wrapped = new Uint8Array(Buffer.from(stored, 'base64url'));
  const key = Buffer.from(readFileSync(join(operator, keyFile), 'utf8').trim(), 'base64url');
  const keyring = createKeyring({ kek: new Uint8Array(key), bytes: (length) => new Uint8Array(length) });
  const secret = keyring.unwrap(name, wrapped);
  if (secret === null) throw new Error(`${file} does not open as ${name}.`);
  return Buffer.from(secret).toString('utf8');
}

export const SECRET_FILE =
  /^(server\.id-key|checkpoint\.key|server\.static\.key|ca\/ca\.key|\w+\/[a-z0-9_-]+\.(psk|static\.key))$/;

/** The same of all of them that are there. */
export const secretsIn = (operator: string, files: readonly string[]): ReadonlyMap<string, string> =>
  new Map(
    files
      .filter((file) => SECRET_FILE.test(file) && existsSync(join(operator, file)))
      .map((file) => [file, secretIn(operator, file)]),
  );
