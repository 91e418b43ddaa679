import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rotateKeyring } from '../../../actors/roles/journal/keyring/rotate.ts';
import { openSqliteJournal, openSqliteReader } from '../../../journal/sqlite/open.ts';
import { createKeyring, kekIdOf } from '../../../security/keyring.ts';
import { openedBy, seamsOf } from '../../actors/roles/journal/keyring/controls.ts';
import { FakeHost, temporaryFolder } from '../fake-host.ts';
import { keyText, makeJournal, type Place } from './journal.ts';

const ours = new Uint8Array(32).fill(1);
const other = new Uint8Array(32).fill(2);
const IDS = ['handshake/r', 'session/a', 'session/b', 'wan/start'];

let folder: ReturnType<typeof temporaryFolder>;
let place: Place;
beforeEach(async () => {
  folder = temporaryFolder();
  place = { journal: join(folder.path, 'hub.sqlite'), keyFile: join(folder.path, 'hub.key') };
  await makeJournal(place, ours, IDS);
});
afterEach(() => folder.remove());

const inFolder = (name: string): string => join(folder.path, name);
const keyOf = (file: string): Uint8Array => new Uint8Array(Buffer.from(readFileSync(file, 'utf8').trim(), 'base64url'));
const everything = (): readonly string[] =>
  readdirSync(folder.path)
    .filter((name) => !name.endsWith('.lock'))
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(inFolder(name)))
          .digest('hex')}`,
    );

async function cpns(argv: readonly string[], keyringKey?: string): Promise<FakeHost & { readonly code: number }> {
  const host = new FakeHost(folder.path);
  host.keyringKey = keyringKey;
  const code = await host.run('keys', ...argv);
  return Object.assign(host, { code });
}
const rotate = (...more: readonly string[]) =>
  cpns(['rotate', '--journal', place.journal, '--key-file', place.keyFile, ...more]);

async function opens(key: Uint8Array): Promise<readonly string[]> {
  const journal = await openSqliteJournal(place.journal);
  try {
    return await openedBy(journal, createKeyring({ kek: key, bytes: (length) => new Uint8Array(length) }));
  } finally {
    await journal.close();
  }
}

async function lastEvent(): Promise<object | undefined> {
  const reader = await openSqliteReader(place.journal);
  try {
    return (await reader.readStream('keyring')).at(-1);
  } finally {
    await reader.close();
  }
}

describe('cpns keys rotate', () => {
  test('puts a new key into the place of the former one, which is kept under its id, and records it', async () => {
    const { code, stdout } = await rotate();
    const key = keyOf(place.keyFile);
    const kept = `${place.keyFile}.${kekIdOf(ours)}`;
    expect(code).toBe(0);
    expect(stdout).toBe(
      `4 keys now under ${kekIdOf(key)}, and no longer under ${kekIdOf(ours)}. ` +
        `The key is in ${place.keyFile}; the former key is kept in ${kept}.\n`,
    );
    expect(keyOf(kept)).toEqual(ours);
    expect([await opens(key), await opens(ours)]).toEqual([IDS, []]);
    expect(await lastEvent()).toMatchObject({
      type: 'KeyEncryptionKeyRotated',
      data: { fromKekId: kekIdOf(ours), toKekId: kekIdOf(key), keys: 4 },
      meta: { role: 'pn-gateway' },
    });
  });

  test('removes the former key when it is told to, and no bytes encrypted under it stay in the journal', async () => {
    const before = await openSqliteJournal(place.journal);
    const rows = await before.wrappedKeys({ after: '', limit: 10 });
    await before.close();
    expect((await rotate('--old-key', 'remove')).code).toBe(0);
    expect(readdirSync(folder.path).filter((name) => name.startsWith('hub.key'))).toEqual(['hub.key']);
    for (const name of readdirSync(folder.path)) {
      const bytes = readFileSync(inFolder(name));
      for (const { wrapped } of rows) expect(bytes.includes(Buffer.from(wrapped)), name).toBe(false);
    }
  });

  test('takes the key of another file and leaves both where they are, or removes the former one', async () => {
    writeFileSync(inFolder('next.key'), keyText(other), { mode: 0o600 });
    expect((await rotate('--new-key-file', 'next.key')).code).toBe(0);
    expect([keyOf(place.keyFile), keyOf(inFolder('next.key'))]).toEqual([ours, other]);
    expect(await opens(other)).toEqual(IDS);
    const again = await rotate('--new-key-file', 'next.key', '--old-key', 'remove');
    expect([again.code, again.stdout]).toEqual([
      0,
      `The keys are under ${kekIdOf(other)} already. The key is in ${inFolder('next.key')}.\n`,
    ]);
    expect(existsSync(place.keyFile)).toBe(false);
  });

  test('with the key in CPNS_KEYRING_KEY needs a file for the new one', async () => {
    const given = keyText(ours).trim();
    const argv = ['rotate', '--journal', place.journal];
    const refused = await cpns(argv, given);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('--new-key-file')]);
    const { code, stdout, stderr } = await cpns([...argv, '--new-key-file', 'next.key', '--json'], given);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).not.toContain(given);
    expect(JSON.parse(stdout)).toEqual({
      kind: 'rotated',
      fromKekId: kekIdOf(ours),
      toKekId: kekIdOf(keyOf(inFolder('next.key'))),
      keys: 4,
      keyFile: inFolder('next.key'),
      former: null,
    });
    expect(await opens(keyOf(inFolder('next.key')))).toEqual(IDS);
  });

  test('run again after it died goes on, with the key that it had made', async () => {
    const journal = await openSqliteJournal(place.journal);
    writeFileSync(inFolder('hub.key.next'), keyText(other), { mode: 0o600 });
    const dies = (): never => {
      throw new Error('power cut');
    };
    await expect(rotateKeyring(seamsOf(journal), { from: ours, to: other }, dies)).rejects.toThrow('power cut');
    await journal.close();
    expect((await rotate('--old-key', 'remove')).code).toBe(0);
    expect(keyOf(place.keyFile)).toEqual(other);
    expect(existsSync(inFolder('hub.key.next'))).toBe(false);
    expect(await opens(other)).toEqual(IDS);
  });

  test('run again after it died with all keys changed, only puts the new key in its place', async () => {
    await rotate('--new-key-file', 'hub.key.next');
    // As it is when it died before it renamed the file.
    writeFileSync(inFolder('hub.key.next'), readFileSync(place.keyFile), { mode: 0o600 });
    writeFileSync(place.keyFile, keyText(ours), { mode: 0o600 });
    const { code, stdout } = await rotate();
    expect([code, stdout]).toEqual([0, expect.stringContaining('already')]);
    expect(await opens(keyOf(place.keyFile))).toEqual(IDS);
  });

  test('to another key than was begun is refused, and nothing is changed', async () => {
    const journal = await openSqliteJournal(place.journal);
    const dies = (): never => {
      throw new Error('power cut');
    };
    await expect(rotateKeyring(seamsOf(journal), { from: ours, to: other }, dies)).rejects.toThrow('power cut');
    await journal.close();
    const before = everything();
    const { code, stderr } = await rotate();
    expect([code, stderr]).toEqual([2, expect.stringContaining(`A rotation to the key ${kekIdOf(other)} was begun`)]);
    expect(everything()).toEqual(before);
  });

  test.each([
    ['another key', () => writeFileSync(place.keyFile, keyText(other), { mode: 0o600 }), 'has its keys under'],
    ['no key', () => renameSync(place.keyFile, inFolder('elsewhere')), 'is missing'],
  ])('with %s is refused, makes no new key, and changes nothing', async (_, arrange, message) => {
    arrange();
    const before = everything();
    const { code, stderr } = await rotate();
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(everything()).toEqual(before);
  });

  test('while the role runs is refused with what to do, exit code 1, and changes nothing', async () => {
    const journal = await openSqliteJournal(place.journal);
    const { code, stderr } = await rotate();
    expect(code).toBe(1);
    expect(stderr).toContain('another process writes it. Stop the other process');
    expect(keyOf(place.keyFile)).toEqual(ours);
    expect(existsSync(`${place.keyFile}.next`)).toBe(false);
    await journal.close();
  });

  test('of a journal that is not there makes none', async () => {
    const { code } = await cpns(['rotate', '--journal', 'none.sqlite', '--key-file', place.keyFile]);
    expect(code).toBe(2);
    expect(existsSync(inFolder('none.sqlite'))).toBe(false);
  });
});

describe('cpns keys ls', () => {
  test('names each key, the key it is under and its size, and no bytes of any', async () => {
    const { code, stdout } = await cpns(['ls', '--journal', place.journal]);
    expect(code).toBe(0);
    expect(
      stdout
        .split('\n')
        .slice(0, 4)
        .map((line) => line.split(/ +/)),
    ).toEqual(IDS.map((id) => [id, kekIdOf(ours), String(45 + id.length)]));
    expect(stdout).toContain(`4 keys; key-encryption key ${kekIdOf(ours)}; 0 destroyed by hand\n`);
  });

  test('tries each key where the key-encryption key is given, and ends with 1 when one does not open', async () => {
    const good = await cpns(['ls', '--journal', place.journal, '--key-file', place.keyFile, '--json']);
    const lines = good.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.slice(0, 4).map(({ keyId, state }) => [keyId, state])).toEqual(IDS.map((id) => [id, 'opens']));
    expect(lines[4]).toEqual({
      keys: 4,
      kekId: kekIdOf(ours),
      nextKekId: null,
      underKek: { [kekIdOf(ours)]: 4 },
      destroyed: 0,
    });
    expect(good.code).toBe(0);
    const bad = await cpns(['ls', '--journal', place.journal], keyText(other).trim());
    expect([bad.code, bad.stdout]).toEqual([1, expect.stringContaining('under another key')]);
  });
});

describe('cpns keys destroy', () => {
  const destroy = (...argv: readonly string[]) => cpns(['destroy', ...argv, '--journal', place.journal]);

  test('removes a key, its bytes and nothing else, and records it with the reason', async () => {
    const journal = await openSqliteJournal(place.journal);
    const wrapped = (await journal.wrappedKey('session/a')) ?? new Uint8Array();
    await journal.close();
    expect(readFileSync(place.journal).includes(Buffer.from(wrapped))).toBe(true);
    const { code, stdout } = await destroy('session/a', '--reason', 'compromised');
    expect([code, stdout]).toEqual([0, 'session/a is destroyed\n']);
    for (const name of readdirSync(folder.path)) {
      expect(readFileSync(inFolder(name)).includes(Buffer.from(wrapped)), name).toBe(false);
    }
    expect(await opens(ours)).toEqual(IDS.filter((id) => id !== 'session/a'));
    const data = { keyId: 'session/a', reason: 'compromised' };
    expect(await lastEvent()).toMatchObject({ type: 'KeyDestroyed', data });
  });

  test.each([
    ['session/none', 'has no key session/none'],
    ['wan/start', 'It must be the id of a session or subject key'],
    ['handshake/r', 'It must be the id of a session or subject key'],
  ])('of %s is refused, and changes nothing', async (id, message) => {
    const before = everything();
    const { code, stderr } = await destroy(id);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(everything()).toEqual(before);
  });
});
