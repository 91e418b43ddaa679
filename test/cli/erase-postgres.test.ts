import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openPostgresJournal } from '../../journal/postgres/open.ts';
import { createKeyring } from '../../security/keyring.ts';
import { useDatabase } from '../postgres/database.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';
import { keyText } from './keys/journal.ts';
import { KEK, tellServer } from './told-server.ts';

/** `cpns erase` where the files are a database server's, which keeps dead rows and its own log. */

const database = useDatabase();
let folder: ReturnType<typeof temporaryFolder>;
let url: string;
const file = (name: string): string => join(folder.path, name);

beforeEach(async () => {
  folder = temporaryFolder();
  url = await database.url();
  writeFileSync(file('server.key'), keyText(KEK), { mode: 0o600 });
  writeFileSync(file('server.yaml'), `journal: ${url}\nkeyFile: server.key\n`, { mode: 0o600 });
  await tellServer(await openPostgresJournal(url, 'alone'));
});
afterEach(() => folder.remove());

async function cpns(...argv: readonly string[]): Promise<readonly [code: number, stdout: string, stderr: string]> {
  const host = new FakeHost(folder.path);
  return [await host.run(...argv, '--config', file('server.yaml')), host.stdout, host.stderr];
}

/** The keys of subjects as the database holds them now: also what a dead row still has of them. */
async function wrappedKeys(): Promise<ReadonlyMap<string, Uint8Array>> {
  const journal = await openPostgresJournal(url, 'alone');
  const rows = await journal.wrappedKeys({ after: 'subject/', limit: 10 });
  await journal.close();
  return new Map(rows.flatMap(({ id, wrapped }) => (id.startsWith('subject/') ? [[id, wrapped] as const] : [])));
}

test('the key-encryption key is changed as well: what a dead row still holds opens for nobody', async () => {
  const [[bulb = '', dead = new Uint8Array()] = []] = [...(await wrappedKeys())];
  const before = createKeyring({ kek: KEK, bytes: (length) => new Uint8Array(length) });
  expect(before.unwrap(bulb, dead)).not.toBeNull();

  const [code, text] = await cpns('erase', '--device', 'bulb', '--yes');
  expect([code, text]).toEqual([
    0,
    expect.stringMatching(/^bulb is erased\. All other keys are under .* the former key is removed\.\n$/),
  ]);

  const kek = new Uint8Array(Buffer.from(readFileSync(file('server.key'), 'utf8').trim(), 'base64url'));
  expect(readdirSync(folder.path).filter((name) => name.startsWith('server.key'))).toEqual(['server.key']);
  const now = createKeyring({ kek, bytes: (length) => new Uint8Array(length) });
  expect(now.unwrap(bulb, dead)).toBeNull();
  const left = [...(await wrappedKeys())];
  expect(left.map(([id]) => id.split('/')[1])).toEqual(['lock']);
  for (const [id, wrapped] of left) expect(now.unwrap(id, wrapped)).not.toBeNull();
  expect((await cpns('erase', '--device', 'bulb', '--yes'))[1]).toMatch(/^bulb was erased before/);
});

test('with a key that is not that of the journal nothing is erased', async () => {
  writeFileSync(file('server.key'), keyText(new Uint8Array(32).fill(7)), { mode: 0o600 });
  const [code, stdout, stderr] = await cpns('erase', '--device', 'bulb', '--yes');
  expect([code, stdout, stderr]).toEqual([
    2,
    '',
    expect.stringMatching(/server\.key holds the key .* Nothing was changed\./),
  ]);
  const before = createKeyring({ kek: KEK, bytes: (length) => new Uint8Array(length) });
  const left = [...(await wrappedKeys())];
  expect(left).toHaveLength(2);
  for (const [id, wrapped] of left) expect(before.unwrap(id, wrapped)).not.toBeNull();
});

test('a subject key that is destroyed by hand is no erasure, and the command says what that means', async () => {
  const [[bulb = ''] = []] = [...(await wrappedKeys())];
  const [code, text] = await cpns('keys', 'destroy', bulb);
  expect([code, text]).toEqual([0, expect.stringContaining('to erase it, cpns erase --device bulb')]);
  expect((await cpns('erase', '--device', 'bulb', '--yes'))[1]).toMatch(/^bulb is erased/);
});

test('without the key file nothing is erased: the command says that it needs it', async () => {
  writeFileSync(file('server.yaml'), `journal: ${url}\nkeyFile: gone.key\n`, { mode: 0o600 });
  const [code, , stderr] = await cpns('erase', '--device', 'bulb', '--yes');
  expect([code, stderr]).toEqual([2, expect.stringContaining('gone.key is missing')]);
  expect((await wrappedKeys()).size).toBe(2);
});
