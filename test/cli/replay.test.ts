import { createHash } from 'node:crypto';
import { chmodSync, cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { signerToText, verifierToText } from '../../security/transparency/note-key.ts';
import { openSqliteJournal } from '../../journal/sqlite/open.ts';
import type { JsonObject } from '../../journal/port.ts';
import { canonicalJson } from '../../fold/canonical.ts';
import { generated, type Untouched } from '../replay/mutations/base.ts';
import { commitOf } from '../journal/controls.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';

/** What an auditor does with the journals of a server, a PN GW and devices, in files. */

let journals: readonly Untouched[];
let whole: ReturnType<typeof temporaryFolder>;
let folder: ReturnType<typeof temporaryFolder>;
beforeAll(async () => {
  journals = await generated('cli');
  whole = temporaryFolder();
  folder = whole;
  for (const { name, rows, signer, kept } of journals) {
    const journal = await openSqliteJournal(file(`${name}.sqlite`));
    for (const { stream, type, schemaVersion, data, meta } of rows.events) {
      const fields: JsonObject = JSON.parse(data);
      const events = [{ type, schemaVersion, data: fields, meta }];
      await journal.commit(commitOf({ appends: [{ stream, expected: { kind: 'any' }, events }] }));
    }
    await journal.close();
    writeFileSync(file(`${name}.pub`), `${verifierToText(signer.verifier)}\n`);
    writeFileSync(file(`${name}.key`), `${signerToText(signer)}\n`, { mode: 0o600 });
    writeFileSync(file(`${name}.note`), kept);
  }
});
afterAll(() => whole.remove());
beforeEach(() => {
  folder = temporaryFolder();
  cpSync(whole.path, folder.path, { recursive: true, preserveTimestamps: true });
});
afterEach(() => folder.remove());

const file = (name: string): string => join(folder.path, name);

async function cpns(...argv: readonly string[]): Promise<readonly [code: number, stdout: string, stderr: string]> {
  const host = new FakeHost(folder.path);
  return [await host.run(...argv), host.stdout, host.stderr];
}
const verify = (...argv: readonly string[]) => cpns('replay', 'verify', ...argv);

const ALL = ['server.sqlite', 'gateway.sqlite', 'pnes.sqlite'] as const;
const KEYS = ['--key', 'server.pub', 'gateway.pub', 'pnes.pub'] as const;

function tamper(name: string, sql: string): void {
  const database = new DatabaseSync(file(name));
  database.exec(sql);
  database.close();
}

const Verdict = z.looseObject({ verdict: z.string(), hash: z.string(), journals: z.array(z.looseObject({})) });

describe('cpns replay verify', () => {
  test('finds the journals of all roles in order, and says so in its last line', async () => {
    const [code, text, progress] = await verify(...ALL, ...KEYS, '--checkpoint', 'server.note', 'gateway.note');
    expect([code, progress]).toEqual([0, '']);
    expect(text.trimEnd().split('\n').at(-1)).toBe('CONFORMANT');
    expect(text).toMatch(/server\.sqlite: journal of cpns-server, \d+ events, root \S+, the first \d+ are signed/);
  });

  test('gives the same bytes of a database and of its export, in whichever order they are named', async () => {
    expect((await cpns('journal', 'export', '--journal', 'server.sqlite', '-o', 'server.jsonl'))[0]).toBe(0);
    const [, fromFile] = await verify('server.sqlite', 'gateway.sqlite', '--json');
    const [, fromExport] = await verify('gateway.sqlite', 'server.jsonl', '--json');
    expect(fromExport).toBe(fromFile);
    const [, signed] = await verify('server.sqlite', '--key', 'server.pub', '--json');
    expect((await verify('server.jsonl', '--key', 'server.pub', '--json'))[1]).toBe(signed);
  });

  test('prints a verdict with a hash that anybody can make again', async () => {
    const [, text] = await verify(...ALL, '--json');
    const content: JsonObject = JSON.parse(text);
    const { hash, ...rest } = content;
    expect(hash).toBe(createHash('sha256').update(canonicalJson(rest)).digest('hex'));
    expect(text).toBe(`${canonicalJson(content)}\n`);
  });

  test('names the event that was changed, as TAMPERED with exit code 4', async () => {
    tamper('server.sqlite', `update events set data = '{}' where position = 7`);
    const [code, text] = await verify('server.sqlite', ...KEYS.slice(0, 2));
    expect(code).toBe(4);
    expect(text.split('\n')[0]).toBe(
      'server.sqlite: position 7: changed: the event is not what its leaf hash was taken of',
    );
    expect(text.trimEnd().split('\n').at(-1)).toBe('TAMPERED');
  });

  test('finds a journal that was cut off, by a checkpoint that was kept', async () => {
    tamper('server.sqlite', 'delete from events where position > 20; update head set position = 20');
    const [code, text] = await verify('server.sqlite', '--key', 'server.pub', '--checkpoint', 'server.note');
    expect(code).toBe(4);
    expect(text).toMatch(/position 20: truncated: the checkpoint brought along covers \d+ events, and 20 are there/);
  });

  test('shows both versions where the journals of PN GW and server disagree', async () => {
    await rewrite('gateway.sqlite', (event) =>
      event.type === 'RegistrationAnswered' && event.data.includes('"code":401')
        ? { ...event, data: event.data.replace('"code":401', '"code":403') }
        : event,
    );
    const [code, text] = await verify('server.sqlite', 'gateway.sqlite');
    expect(code).toBe(3);
    expect(text).toMatch(
      /gateway\.sqlite: position \d+: exchange: .*RegistrationAnswered: PNE Registration Response .*: code 403/,
    );
    expect(text).toMatch(/ {2}server\.sqlite: position \d+: .*RegistrationAnswered: code 401/);
    expect(text.trimEnd().split('\n').at(-1)).toMatch(/^DEVIATIONS \d+$/);
  });

  test('says what it cannot judge, as INCOMPLETE with exit code 5', async () => {
    await rewrite('server.sqlite', (event) =>
      event.meta.chart.id === 'cpns-server/charging'
        ? { ...event, meta: { ...event.meta, chart: { ...event.meta.chart, hash: 'f'.repeat(64) } } }
        : event,
    );
    const [code, text] = await verify('server.sqlite');
    expect(code).toBe(5);
    expect(text).toContain(
      `taken under cpns-server/charging of hash ${'f'.repeat(64)}, which this program does not have`,
    );
    const [unsigned] = await verify('gateway.sqlite', '--key', 'server.pub');
    expect(unsigned).toBe(5);
  });

  test('writes nothing: neither into the file nor beside it', async () => {
    const look = () => readdirSync(folder.path).map((name) => [name, statSync(file(name)).mtimeMs]);
    const [before, bytes] = [look(), readFileSync(file('server.sqlite'))];
    expect((await verify(...ALL))[0]).toBe(0);
    expect(look()).toEqual(before);
    expect(readFileSync(file('server.sqlite')).equals(bytes)).toBe(true);
  });

  test('reads a journal while its role writes it, as it was when it began', async () => {
    const journal = await openSqliteJournal(file('server.sqlite'));
    expect(Verdict.parse(JSON.parse((await verify('server.sqlite', '--json'))[1])).verdict).toBe('CONFORMANT');
    await journal.close();
  });

  test.each([
    [[], 'missing required argument', '--help'],
    [['absent.sqlite'], 'There is no journal', 'Check the path'],
    [['server.key'], 'is not a database', 'Check the path'],
    [['server.sqlite', '--checkpoint', 'server.note'], 'without the key', '--key'],
    [['server.sqlite', '--key', 'server.note'], 'holds no public key', '.pub'],
  ])('%j is refused with a remedy', async (argv, what, remedy) => {
    const [code, , text] = await verify(...argv);
    expect([1, 2]).toContain(code);
    expect(text).toContain(what);
    expect(text).toContain(remedy);
  });
});

/** By somebody who makes every hash anew. */
async function rewrite(
  name: string,
  change: (event: Untouched['rows']['events'][number]) => Untouched['rows']['events'][number],
): Promise<void> {
  const { rows } = journals.find((one) => `${one.name}.sqlite` === name) ?? { rows: { events: [] } };
  const journal = await openSqliteJournal(file('rewritten'));
  for (const { stream, type, schemaVersion, data, meta } of rows.events.map(change)) {
    const fields: JsonObject = JSON.parse(data);
    const events = [{ type, schemaVersion, data: fields, meta }];
    await journal.commit(commitOf({ appends: [{ stream, expected: { kind: 'any' }, events }] }));
  }
  await journal.close();
  writeFileSync(file(name), readFileSync(file('rewritten')));
}

describe('cpns replay receipt', () => {
  test('checks with the public key alone that the operator signed an event', async () => {
    chmodSync(file('server.key'), 0o600);
    expect((await cpns('journal', 'prove', '--journal', 'server.sqlite', '--position', '9', '-o', 'r'))[0]).toBe(0);
    const [code, text] = await cpns('replay', 'receipt', 'r', '--key', 'server.pub');
    expect(code).toBe(0);
    expect(text).toMatch(/^valid: cpns\/server signed \d+ events, and at position 9 this one:\ncpns-event\/1\n9\n/);
    expect(await cpns('replay', 'receipt', 'r', '--key', 'gateway.pub')).toEqual([4, 'not valid: unsigned\n', '']);
  });
});

describe('a journal whose first events are in an archive', () => {
  beforeEach(async () => {
    const moved = await cpns(
      'journal',
      'compact',
      '--journal',
      'server.sqlite',
      '--before',
      '30',
      '--archive',
      'a.jsonl',
    );
    expect(moved[0], moved[2]).toBe(0);
  });

  test('is audited with it as if nothing had been moved', async () => {
    const [code, text] = await verify('server.sqlite', 'a.jsonl', 'gateway.sqlite', '--key', 'server.pub');
    expect([code, text.trimEnd().split('\n').at(-1)], text).toEqual([0, 'CONFORMANT']);
  });

  test('is INCOMPLETE alone', async () => {
    const [code, text] = await verify('server.sqlite', '--key', 'server.pub');
    expect([code, text.trimEnd().split('\n').at(-1)], text).toEqual([5, 'INCOMPLETE']);
  });
});
