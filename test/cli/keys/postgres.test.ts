import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { destroyKey } from '../../../actors/roles/journal/keyring/destroy.ts';
import { rotateKeyring } from '../../../actors/roles/journal/keyring/rotate.ts';
import { openPostgresJournal } from '../../../journal/postgres/open.ts';
import { createKeyring, kekIdOf } from '../../../security/keyring.ts';
import { openedBy, seamsOf } from '../../actors/roles/journal/keyring/controls.ts';
import { useDatabase } from '../../postgres/database.ts';
import { FakeHost, temporaryFolder } from '../fake-host.ts';
import { keyText, makeJournal, type Place } from './journal.ts';

const database = useDatabase();
const ours = new Uint8Array(32).fill(1);
const other = new Uint8Array(32).fill(2);
const IDS = ['handshake/r', 'session/a', 'subject/b', 'wan/start'];
const LEFT = IDS.filter((id) => id !== 'session/a');

let folder: ReturnType<typeof temporaryFolder>;
let place: Place;
/** What the server keeps in dead rows and in its log: every wrapped form of the key that is to be destroyed. */
let deadRow: Uint8Array;
beforeEach(async () => {
  folder = temporaryFolder();
  place = { journal: await database.url(), keyFile: inFolder('hub.key') };
  await makeJournal(place, ours, IDS);
  // A password is refused on a command line.
  writeFileSync(inFolder('hub.yaml'), `journal: ${place.journal}\nkeyFile: hub.key\n`, { mode: 0o600 });
  deadRow = await withJournal(async (journal) => (await journal.wrappedKey('session/a')) ?? new Uint8Array());
});
afterEach(() => folder.remove());

const inFolder = (name: string): string => join(folder.path, name);

async function withJournal<T>(
  work: (journal: Awaited<ReturnType<typeof openPostgresJournal>>) => Promise<T>,
): Promise<T> {
  const journal = await openPostgresJournal(place.journal, 'alone');
  try {
    return await work(journal);
  } finally {
    await journal.close();
  }
}

async function cpns(argv: readonly string[], keyringKey?: string): Promise<FakeHost & { readonly code: number }> {
  const host = new FakeHost(folder.path);
  host.keyringKey = keyringKey;
  const code = await host.run('keys', ...argv, '--config', inFolder('hub.yaml'));
  return Object.assign(host, { code });
}

const keyringOf = (key: Uint8Array) => createKeyring({ kek: key, bytes: (length) => new Uint8Array(length) });
const keyOf = (file: string): Uint8Array => new Uint8Array(Buffer.from(readFileSync(file, 'utf8').trim(), 'base64url'));
const keyFiles = (): readonly string[] => readdirSync(folder.path).filter((name) => name.startsWith('hub.key'));
const opens = (key: Uint8Array): Promise<readonly string[]> =>
  withJournal((journal) => openedBy(journal, keyringOf(key)));

/** Types of the keyring's events, in order. */
const story = (): Promise<readonly string[]> =>
  withJournal(async (journal) => (await journal.readStream('keyring')).map(({ type }) => type));

const dies = (): never => {
  throw new Error('power cut');
};

describe('cpns keys, on a PostgreSQL journal', () => {
  test('ls names each key and tries it; rotate puts all under a new key', async () => {
    const { code, stdout } = await cpns(['ls']);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`4 keys; key-encryption key ${kekIdOf(ours)}`)]);
    expect(stdout.match(/opens$/gm)).toHaveLength(4);
    expect((await cpns(['rotate'])).code).toBe(0);
    expect(keyFiles()).toEqual(['hub.key', `hub.key.${kekIdOf(ours)}`]);
    expect(await opens(keyOf(place.keyFile))).toEqual(IDS);
  });

  test('destroy changes the key-encryption key, and removes the former one with those that were kept', async () => {
    await cpns(['rotate']);
    const between = keyOf(place.keyFile);
    const { code, stdout } = await cpns(['destroy', 'session/a', '--reason', 'erasure']);
    const now = keyOf(place.keyFile);
    expect([code, stdout]).toEqual([
      0,
      `session/a is destroyed. All other keys are under ${kekIdOf(now)} now, which is in ${place.keyFile}; the former key is removed.\n`,
    ]);
    expect(keyFiles()).toEqual(['hub.key']);
    expect([await opens(now), await opens(between), await opens(ours)]).toEqual([LEFT, [], []]);
    expect(await story()).toEqual([
      'KeyringCreated',
      'KeyRotationStarted',
      'KeyEncryptionKeyRotated',
      'KeyDestroyed',
      'KeyRotationStarted',
      'KeyEncryptionKeyRotated',
    ]);
  });

  test.each([
    ['before the key-encryption key was changed', async () => {}],
    [
      'while it was changed',
      async () => {
        writeFileSync(inFolder('hub.key.next'), keyText(other), { mode: 0o600 });
        await withJournal((journal) =>
          expect(rotateKeyring(seamsOf(journal), { from: ours, to: other }, dies)).rejects.toThrow('power cut'),
        );
      },
    ],
    [
      'before the new key was put in its place',
      async () => {
        writeFileSync(inFolder('hub.key.next'), keyText(other), { mode: 0o600 });
        await withJournal((journal) => rotateKeyring(seamsOf(journal), { from: ours, to: other }));
      },
    ],
  ])('destroy that died %s is ended by the next one', async (_, arrange) => {
    await withJournal((journal) => destroyKey(seamsOf(journal), 'session/a', 'compromised'));
    await arrange();
    // With the key-encryption key that is still there the dead row could be read.
    expect(keyringOf(keyOf(place.keyFile)).unwrap('session/a', deadRow)).not.toBeNull();
    expect((await cpns(['destroy', 'session/a'])).code).toBe(0);
    expect(keyFiles()).toEqual(['hub.key']);
    expect(keyringOf(keyOf(place.keyFile)).unwrap('session/a', deadRow)).toBeNull();
    expect(await opens(keyOf(place.keyFile))).toEqual(LEFT);
    const before = await story();
    expect((await cpns(['destroy', 'session/a'])).stdout).toContain('session/a was destroyed');
    expect(await story()).toEqual(before);
  });

  test('destroy with the key in CPNS_KEYRING_KEY needs a file for the new one, and says what is left to do', async () => {
    const given = keyText(ours).trim();
    const before = await story();
    const refused = await cpns(['destroy', 'session/a'], given);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('--new-key-file')]);
    expect(await story()).toEqual(before);
    const { code, stdout } = await cpns(['destroy', 'session/a', '--new-key-file', 'next.key'], given);
    expect([code, stdout]).toEqual([0, expect.stringContaining('is what CPNS_KEYRING_KEY held: destroy it there')]);
    expect(await opens(keyOf(inFolder('next.key')))).toEqual(LEFT);
  });

  test.each([
    ['session/none', () => {}, 'has no key session/none'],
    ['session/a', () => writeFileSync(place.keyFile, keyText(other)), 'has its keys under'],
    ['session/a', () => rmSync(place.keyFile), 'is missing'],
  ])('destroy of %s, with the wrong key or none, is refused and changes nothing', async (id, arrange, message) => {
    arrange();
    const before = [await story(), keyFiles()];
    const { code, stderr } = await cpns(['destroy', id]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect([await story(), keyFiles()]).toEqual(before);
    expect(existsSync(`${place.keyFile}.next`)).toBe(false);
  });
});
