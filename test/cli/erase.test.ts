import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSqliteJournal, openSqliteReader } from '../../journal/sqlite/open.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';
import { keyText } from './keys/journal.ts';
import { BULB, KEK, LOCK, tellServer } from './told-server.ts';

/** `cpns erase` on the journal of a server that was told of two devices, and what is left in its files. */

const told = [BULB, LOCK].flatMap((fields) => Object.values(fields)).filter((field) => field !== null);

const CONFIG = `# The operator's own comment stays.
journal: server.sqlite
keyFile: server.key
pns: [{ id: home, gatewayId: hub, joinPolicy: open, members: [bulb, lock] }]
personal:
  bulb: { user: Ottilie Morgenrot, name: Bulb of Ottilie, mac: '00:17:88:f1:fc:54' }
  lock: { name: Front door of Ottilie, mac: 'b0:44:9c:29:d3:62' }
`;

let folder: ReturnType<typeof temporaryFolder>;
const file = (name: string): string => join(folder.path, name);

const serve = async (): Promise<void> => tellServer(await openSqliteJournal(file('server.sqlite')));

beforeEach(async () => {
  folder = temporaryFolder();
  writeFileSync(file('server.key'), keyText(KEK), { mode: 0o600 });
  writeFileSync(file('server.yaml'), CONFIG, { mode: 0o600 });
  await serve();
});
afterEach(() => folder.remove());

async function cpns(...argv: readonly string[]): Promise<readonly [code: number, stdout: string, stderr: string]> {
  const host = new FakeHost(folder.path);
  return [await host.run(...argv), host.stdout, host.stderr];
}
const JOURNAL = ['--journal', 'server.sqlite'] as const;
const erase = (...more: readonly string[]) => cpns('erase', '--device', 'bulb', ...more);

async function inventory(...key: readonly string[]) {
  const [code, text, error] = await cpns('inventory', '--rebuild', ...JOURNAL, ...key);
  expect([code, error]).toEqual([0, '']);
  return text;
}

const files = (): readonly (readonly [string, Buffer])[] =>
  readdirSync(folder.path)
    .filter((name) => name.startsWith('server.sqlite'))
    .map((name) => [name, readFileSync(file(name))]);

/** Names of the files of the journal that hold one of the byte strings. */
const holding = (strings: readonly Uint8Array[]): readonly string[] =>
  files()
    .filter(([, content]) => strings.some((one) => content.includes(Buffer.from(one))))
    .map(([name]) => name);

async function wrappedKeys(): Promise<ReadonlyMap<string, Uint8Array>> {
  const reader = await openSqliteReader(file('server.sqlite'));
  const rows = await reader.wrappedKeys({ after: 'subject/', limit: 100 });
  await reader.close();
  return new Map(
    rows.filter(({ id }) => id.startsWith('subject/')).map(({ id, wrapped }) => [id.split('/')[1] ?? '', wrapped]),
  );
}

async function eventsOf(stream: string) {
  const reader = await openSqliteReader(file('server.sqlite'));
  const events = await reader.readStream(stream);
  await reader.close();
  return events;
}

describe('personal fields', () => {
  test('are in no file of the journal, and show where the key file is given', async () => {
    expect(holding(told.map((text) => Buffer.from(text)))).toEqual([]);
    expect(await inventory('--key-file', 'server.key')).toMatch(
      / bulb .* Bulb of Ottilie, 00:17:88:f1:fc:54, used by Ottilie Morgenrot\n +lock .* Front door of Ottilie, b0:44:9c:29:d3:62\n/,
    );
    expect(await inventory()).toMatch(/ bulb .* sealed\n +lock .* sealed\n/);
    writeFileSync(file('other.key'), keyText(new Uint8Array(32).fill(2)), { mode: 0o600 });
    expect(await inventory('--key-file', 'other.key')).toMatch(/ bulb .* sealed\n/);
  });

  test('leave the journal encrypted: no export has them, or a key', async () => {
    const [code, lines] = await cpns('journal', 'export', ...JOURNAL);
    expect([code, lines]).toEqual([0, expect.stringContaining('"SubjectDescribed"')]);
    for (const text of told) expect(lines).not.toContain(text);
    for (const wrapped of (await wrappedKeys()).values())
      expect(lines).not.toContain(Buffer.from(wrapped.slice(17, 47)).toString('base64url'));
  });
});

describe('cpns erase', () => {
  test('leaves no byte of the key in a file of the journal, and every checkpoint and proof verifies', async () => {
    const wrapped = (await wrappedKeys()).get('bulb') ?? new Uint8Array();
    // Format and key id of the wrapping are those of every key.
    const secretPart = wrapped.slice(17);
    expect(secretPart.length).toBeGreaterThan(32);
    expect(holding([secretPart])).not.toEqual([]);
    await cpns('journal', 'key', 'op.key', '--name', 'cpns/example');
    const checkpoint = async (): Promise<string> =>
      (await cpns('journal', 'checkpoint', ...JOURNAL, '--key', 'op.key'))[1];
    writeFileSync(file('before.note'), await checkpoint());
    const [described] = await eventsOf('subject/bulb');
    const position = String(described?.position);
    await cpns('journal', 'prove', ...JOURNAL, '--position', position, '-o', 'before.proof');

    expect(await erase(...JOURNAL, '--yes')).toEqual([0, 'bulb is erased\n', '']);

    expect(holding([secretPart, secretPart.slice(12), secretPart.slice(0, 16), secretPart.slice(-16)])).toEqual([]);
    expect([...(await wrappedKeys()).keys()]).toEqual(['lock']);
    expect(await inventory('--key-file', 'server.key')).toMatch(/ bulb .* erased\n +lock .* Front door of Ottilie/);
    expect(await eventsOf('subject/bulb')).toEqual([described, expect.objectContaining({ type: 'SubjectErased' })]);
    expect((await eventsOf('keyring')).at(-1)).toMatchObject({
      type: 'KeyDestroyed',
      data: { keyId: described?.data['keyId'], reason: 'erasure' },
    });
    writeFileSync(file('after.note'), await checkpoint());
    const notes = ['--checkpoint', 'before.note', 'after.note'] as const;
    const [code, text] = await cpns('journal', 'verify', ...JOURNAL, '--key', 'op.key.pub', ...notes);
    expect([code, text]).toEqual([0, expect.stringContaining('whole: every event is what was written')]);
    await cpns('journal', 'prove', ...JOURNAL, '--position', position, '-o', 'after.proof');
    for (const receipt of ['before.proof', 'after.proof']) {
      expect((await cpns('journal', 'verify', '--receipt', receipt, '--key', 'op.key.pub'))[0]).toBe(0);
    }
  });

  test('leaves a record that an auditor finds in order, also after a rotation of the keys, and as a copy', async () => {
    expect((await erase(...JOURNAL, '--yes'))[0]).toBe(0);
    expect((await cpns('keys', 'rotate', ...JOURNAL, '--key-file', 'server.key'))[0]).toBe(0);
    await cpns('journal', 'export', ...JOURNAL, '-o', 'server.jsonl');
    expect((await cpns('journal', 'import', 'server.jsonl', '--journal', 'copy.sqlite'))[0]).toBe(0);
    const verdicts = [];
    for (const journal of ['server.sqlite', 'server.jsonl', 'copy.sqlite'])
      verdicts.push(await cpns('replay', 'verify', journal, '--json'));
    expect(verdicts.map(([code]) => code)).toEqual([0, 0, 0]);
    expect(new Set(verdicts.map(([, json]) => json)).size).toBe(1);
  });

  test('takes the entry out of the configuration and nothing else, and the next start brings nothing back', async () => {
    const [code, text] = await erase('--config', file('server.yaml'), '--yes', '--json');
    expect([code, JSON.parse(text)]).toEqual([
      0,
      { device: 'bulb', outcome: 'erased', struck: true, kind: 'overwritten' },
    ]);
    const left = readFileSync(file('server.yaml'), 'utf8');
    expect(left).not.toMatch(/Ottilie Morgenrot|Bulb of/);
    expect(left).toMatch(/^# The operator's own comment stays\.\n/);
    expect(left).toContain('lock: { name: Front door of Ottilie');
    // With the entry, as somebody may have kept it.
    await serve();
    expect(await inventory('--key-file', 'server.key')).toMatch(/ bulb .* erased\n/);
  });

  test('says that it was done before, and finishes what was begun', async () => {
    await erase(...JOURNAL, '--yes');
    expect(await erase('--config', file('server.yaml'), '--yes')).toEqual([
      0,
      'bulb was erased before; its entry is out of the configuration\n',
      '',
    ]);
    expect(await erase('--config', file('server.yaml'), '--yes', '--json')).toEqual([
      0,
      '{"device":"bulb","outcome":"already","struck":false,"kind":"overwritten"}\n',
      '',
    ]);
  });

  test('of a device whose key was taken away by hand says so in the stream of the device', async () => {
    const keyId = String((await eventsOf('subject/bulb'))[0]?.data['keyId']);
    await cpns('keys', 'destroy', keyId, ...JOURNAL);
    expect(await inventory('--key-file', 'server.key')).toMatch(/ bulb .* sealed\n/);
    expect((await erase(...JOURNAL, '--yes'))[0]).toBe(0);
    expect(await inventory()).toMatch(/ bulb .* erased\n/);
  });

  test.each([
    ['without --yes', ['--device', 'bulb', ...JOURNAL], /Say --yes to do it/],
    [
      'of a device that nobody told of',
      ['--device', 'blub', ...JOURNAL, '--yes'],
      /nothing personal about a device blub/,
    ],
    ['of what is no id', ['--device', 'Bulb!', ...JOURNAL, '--yes'], /It must be an id/],
    [
      'of a journal that is not there',
      ['--device', 'bulb', '--journal', 'none.sqlite', '--yes'],
      /There is no journal/,
    ],
    ['without a journal', ['--device', 'bulb', '--yes'], /No journal is given/],
  ])('%s ends with exit code 2 and changes nothing', async (_, argv, sentence) => {
    const before = await eventsOf('subject/bulb');
    const [code, stdout, stderr] = await cpns('erase', ...argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(sentence);
    expect(await eventsOf('subject/bulb')).toEqual(before);
    expect(existsSync(file('none.sqlite'))).toBe(false);
    expect(readFileSync(file('server.yaml'), 'utf8')).toBe(CONFIG);
  });

  test('while the server runs ends with an error, and changes nothing', async () => {
    const running = await openSqliteJournal(file('server.sqlite'));
    const [code, , stderr] = await erase('--config', file('server.yaml'), '--yes');
    await running.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(/\S/);
    expect(await eventsOf('subject/bulb')).toHaveLength(1);
    expect(readFileSync(file('server.yaml'), 'utf8')).toBe(CONFIG);
  });
});
