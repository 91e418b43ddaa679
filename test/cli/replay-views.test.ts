import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { foldActor } from '../../fold/fold.ts';
import type { RecordedEvent } from '../../journal/port.ts';
import { openSqliteJournal } from '../../journal/sqlite/open.ts';
import { personalNetwork } from '../../machines/cpns-server/personal-network.ts';
import { snapshotOf } from '../../fold/snapshot.ts';
import { household, writeHousehold, writeJournal } from '../replay/journal-files.ts';
import type { NodeName } from '../simulation/world.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';

/** What an auditor asks of three journal files beside their verdict. */

let folder: ReturnType<typeof temporaryFolder>;
let events: { readonly [N in NodeName]: readonly RecordedEvent[] };
let journals: readonly string[] = [];
beforeAll(async () => {
  folder = temporaryFolder();
  events = await household();
  journals = await writeHousehold(folder.path, events);
});
afterAll(() => folder.remove());

async function cpns(...argv: readonly string[]): Promise<readonly [code: number, stdout: string, stderr: string]> {
  const host = new FakeHost(folder.path);
  return [await host.run('replay', ...argv), host.stdout, host.stderr];
}

const serverEvent = (type: string, device: string): RecordedEvent => {
  const found = events.server.find((event) => event.type === type && JSON.stringify(event).includes(device));
  if (found === undefined) throw new Error(`no ${type} of ${device}`);
  return found;
};

describe('cpns replay trace', () => {
  it('tells the newest registration of a device, and names the earlier ones', async () => {
    const [code, text] = await cpns('trace', ...journals, '--device', 'pne3');
    expect(code).toBe(0);
    expect(text).toMatch(/^pne3 in PN home through hub, flow 1\.4\.[12]\n/);
    expect(text).toContain('Earlier registrations:');
    expect(text.match(/--correlation/g)).toHaveLength(1);
  });

  it('tells a registration by its correlation id, as text, mermaid, SVG and JSON', async () => {
    const id = serverEvent('PneAdded', 'pne3').meta.correlationId;
    const starts = { text: 'pne3 in PN home', mermaid: 'sequenceDiagram', svg: '<svg', json: '{"correlationId"' };
    for (const [format, start] of Object.entries(starts)) {
      const [code, text] = await cpns('trace', ...journals, '--correlation', id, '--format', format);
      expect([code, text.slice(0, start.length)]).toEqual([0, start]);
    }
  });

  it('finds a device in any one of the journals', async () => {
    for (const journal of journals) expect((await cpns('trace', journal, '--device', 'pne2'))[1]).toContain('401');
  });

  it('says what is wrong with a question, with exit code 2', async () => {
    const id = ['--correlation', 'x'];
    for (const [argv, says] of [
      [[...journals], 'Give one of --correlation and --device'],
      [[...journals, ...id, '--device', 'pne1'], 'Give one of'],
      [[...journals, ...id], 'No journal here has the correlation id x'],
      [[...journals, '--device', 'nobody'], 'No journal here has a registration of nobody'],
      [['absent.sqlite', ...id], 'There is no journal'],
    ] as const) {
      const [code, , stderr] = await cpns('trace', ...argv);
      expect([code, stderr]).toEqual([2, expect.stringContaining(says)]);
    }
  });
});

describe('cpns replay state', () => {
  const Inventory = z.object({
    position: z.int(),
    inventories: z.array(
      z.object({ pnId: z.string(), members: z.array(z.object({ deviceId: z.string(), status: z.string() })) }),
    ),
    actors: z.array(z.object({ stream: z.string(), version: z.int(), value: z.json() })),
  });
  const state = async (...argv: readonly string[]) =>
    Inventory.parse(JSON.parse((await cpns('state', 'server.sqlite', '--json', ...argv))[1]));
  const statusOf = async (device: string, position: number) =>
    (await state('--at', String(position))).inventories[0]?.members.find(({ deviceId }) => deviceId === device)?.status;

  it('shows the PN Inventory as of a position: a stranger is not there, provisional, registered', async () => {
    const added = serverEvent('PneAdded', 'pne3').position;
    const registered = serverEvent('InventoryUpdated', 'pne3').position;
    expect(await statusOf('pne3', added - 1)).toBeUndefined();
    expect(await statusOf('pne3', added)).toBe('provisional');
    expect(await statusOf('pne3', registered - 1)).toBe('provisional');
    expect(await statusOf('pne3', registered)).toBe('registered');
  });

  it('takes a time as well, and is at the last event that was recorded by then', async () => {
    const { position, meta } = serverEvent('PneAuthenticationFailed', 'pne2');
    const same = events.server.findLast(({ meta: { recordedAt } }) => recordedAt <= meta.recordedAt);
    const at = await state('--at', meta.recordedAt, '--pne', 'pne2');
    expect(at.position).toBe(same?.position);
    expect(at.position).toBeGreaterThanOrEqual(position);
    expect((await state('--at', '2025-01-01')).position).toBe(0);
  });

  it('shows the actors of a PN, of a device, or of one stream', async () => {
    const streams = async (...argv: readonly string[]) => (await state(...argv)).actors.map(({ stream }) => stream);
    expect(await streams('--pne', 'pne1')).toEqual(['registration/home/pne1']);
    expect(await streams('--stream', 'pn/home')).toEqual(['pn/home']);
    expect(await streams('--pn', 'home')).toContain('registration/home/pne3');
    expect(await streams('--pn', 'elsewhere')).toEqual([]);
  });

  it('shows the local inventory of a PN GW beside that of the server, at one time', async () => {
    const [code, text] = await cpns('state', ...journals);
    expect(code).toBe(0);
    expect(text.match(/PN home \((pn\/home|gateway\/hub)\), revision \d+, 3 PNEs/g)).toHaveLength(2);
  });

  it('refuses a position for several journals, and what is no moment', async () => {
    expect((await cpns('state', ...journals, '--at', '3'))[0]).toBe(2);
    expect((await cpns('state', 'server.sqlite', '--at', 'yesterday'))[2]).toContain('2026-11-25T09:30:00Z');
  });
});

describe('cpns replay diff', () => {
  it('shows what became of members and actors between two positions, and nothing else', async () => {
    const { position } = serverEvent('InventoryUpdated', 'pne3');
    const argv = ['--from', String(position - 1), '--to', String(position), '--pn', 'home'];
    const [code, text] = await cpns('diff', 'server.sqlite', ...argv);
    expect(code).toBe(0);
    expect(text).toContain('  pne3: "provisional, -" -> "registered, cpns-');
    expect(text).not.toContain('pne1:');
    expect(text.match(/^\S+: version/gm)).toEqual(['pn/home: version']);
  });

  it('says so when there is no difference', async () => {
    const [, text] = await cpns('diff', 'server.sqlite', '--from', '9', '--to', '9');
    expect(text).toContain('no difference');
  });
});

describe('cpns replay export', () => {
  it('writes every event of every journal as CSV and as JSON lines', async () => {
    const count = events.server.length + events.gateway.length + events.pnes.length;
    const [, csv] = await cpns('export', ...journals, '--format', 'csv');
    expect(csv.match(/\r\n/g)).toHaveLength(count + 1);
    const [, jsonl] = await cpns('export', ...journals, '--format', 'jsonl');
    expect(jsonl.trimEnd().split('\n')).toHaveLength(count);
  });

  it('writes an OCEL 2.0 log as JSON and as SQLite, with the same events', async () => {
    const [code] = await cpns('export', ...journals, '--format', 'ocel-sqlite', '-o', 'log.sqlite');
    expect(code).toBe(0);
    await cpns('export', ...journals, '--format', 'ocel-json', '-o', 'log.json');
    const log = z
      .object({ events: z.array(z.json()) })
      .parse(JSON.parse(readFileSync(join(folder.path, 'log.json'), 'utf8')));
    const db = new DatabaseSync(join(folder.path, 'log.sqlite'), { readOnly: true });
    expect(db.prepare('select count(*) as n from event').get()).toEqual({ n: log.events.length });
    db.close();
  });

  it('stops quietly when nobody reads it any more', async () => {
    const host = new FakeHost(folder.path);
    host.writesTaken = 3;
    expect(await host.run('replay', 'export', ...journals, '--format', 'jsonl')).toBe(0);
    expect(host.stdout.split('\n')).toHaveLength(4);
  });

  it('does not write a database to standard output, nor a file where it cannot', async () => {
    expect((await cpns('export', ...journals, '--format', 'ocel-sqlite'))[0]).toBe(2);
    expect((await cpns('export', ...journals, '--format', 'csv', '-o', 'no/such/folder.csv'))[2]).toContain(
      'cannot be written',
    );
  });
});

describe('cpns replay report', () => {
  it('writes one page that needs nothing but itself, and the verdict beside it', async () => {
    const [code, text] = await cpns('report', ...journals, '-o', 'report');
    expect([code, text]).toEqual([0, 'CONFORMANT: report/index.html\n']);
    const page = readFileSync(join(folder.path, 'report', 'index.html'), 'utf8');
    const verdict = z
      .object({ hash: z.string() })
      .parse(JSON.parse(readFileSync(join(folder.path, 'report', 'verdict.json'), 'utf8')));
    expect(page).toContain(verdict.hash);
    expect(page).not.toMatch(/<script|<link|src=|url\(|@import|https?:\/\//);
    for (const id of ['checked', 'activity', 'deviations', 'failures', 'keys', 'inventory', 'again'])
      expect(page).toContain(`<h2 id="${id}">`);
    expect(page).toContain('the PNE is not authenticated: decryptFailed');
  });

  it('gives the same page for the same journals', async () => {
    await cpns('report', ...journals, '-o', 'once');
    await cpns('report', ...journals, '-o', 'twice');
    const read = (name: string): string =>
      readFileSync(join(folder.path, name, 'index.html'), 'utf8').replaceAll(name, '');
    expect(read('once')).toBe(read('twice'));
  });

  it.each([['40'], ['2026-11-25T10:30:00+01:00']])('tells the command that makes it again, from %s', async (from) => {
    const page = (): string => readFileSync(join(folder.path, 'again', 'index.html'), 'utf8');
    await cpns('report', ...journals, '--from', from, '-o', 'again');
    const first = page();
    const command = /<pre>cpns replay (report [^<]*)<\/pre>/.exec(first)?.[1] ?? '';
    expect(command).toContain(`--from ${from === '40' ? from : '2026-11-25T09:30:00.000Z'} `);
    expect((await cpns(...command.split(' ')))[0]).toBe(0);
    expect(page()).toBe(first);
  });

  it('ends with the exit code of the verdict, and shows what is wrong', async () => {
    const path = join(folder.path, 'changed.sqlite');
    const [name = ''] = journals;
    const original = new DatabaseSync(join(folder.path, name));
    original.exec(`vacuum into '${path}'`);
    original.close();
    const db = new DatabaseSync(path);
    const { position } = serverEvent('PneAuthenticationFailed', 'pne2');
    db.exec(`update events set data = '{"reason":"expired"}' where position = ${position}`);
    db.close();
    expect((await cpns('report', 'changed.sqlite', '-o', 'tampered'))[0]).toBe(4);
    const page = readFileSync(join(folder.path, 'tampered', 'index.html'), 'utf8');
    expect(page).toContain('<strong>TAMPERED</strong>');
    expect(page).toMatch(new RegExp(`<td class="n">${position}</td>\\s*<td>changed</td>`));
  });

  it('says when the folder cannot be made', async () => {
    const [code, , stderr] = await cpns('report', ...journals, '-o', 'server.sqlite');
    expect([code, stderr]).toEqual([2, expect.stringContaining('cannot be made')]);
    expect(existsSync(join(folder.path, 'server.sqlite'))).toBe(true);
  });
});

describe('an export whose end was cut off', () => {
  it('is told of by whatever shows something of it', async () => {
    const whole = new FakeHost(folder.path);
    expect(await whole.run('journal', 'export', '--journal', 'server.sqlite')).toBe(0);
    writeFileSync(join(folder.path, 'cut.jsonl'), whole.stdout.slice(0, whole.stdout.length / 2));
    for (const argv of [
      ['state', 'cut.jsonl'],
      ['export', 'cut.jsonl', '--format', 'csv'],
      ['trace', 'cut.jsonl', '--device', 'pne1'],
    ]) {
      const [code, , told] = await cpns(...argv);
      expect([code, told]).toEqual([
        0,
        'cpns: cut.jsonl: its end is missing or damaged: cpns replay verify says where\n',
      ]);
    }
    expect((await cpns('verify', 'cut.jsonl'))[0]).toBe(4);
  });
});

describe('a report of what is no journal', () => {
  it('leaves no folder behind', async () => {
    writeFileSync(join(folder.path, 'text.txt'), 'none\n');
    const [code, , told] = await cpns('report', 'text.txt', '-o', 'of-nothing');
    expect([code, existsSync(join(folder.path, 'of-nothing'))]).toEqual([1, false]);
    expect(told).toContain('Check the path');
  });
});

describe('a snapshot that was forged, with the hash of what it says', () => {
  beforeAll(async () => {
    const path = join(folder.path, 'forged.sqlite');
    await writeJournal(path, events.server);
    const journal = await openSqliteJournal(path);
    const { state, version, position } = await foldActor(journal, personalNetwork, 'pn/home');
    if (!personalNetwork.owns(state)) throw new Error('not a PN');
    const { members } = state.context;
    const pne1 = members['pne1'];
    if (pne1 === undefined) throw new Error('pne1 is no member');
    const context = { ...state.context, members: { ...members, intruder: pne1 } };
    const at = { stream: 'pn/home', version, position };
    await journal.keepSnapshots([snapshotOf(personalNetwork, at, { value: state.value, context })]);
    await journal.close();
  });

  it('is not in a report', async () => {
    expect((await cpns('report', 'forged.sqlite', '-o', 'of-forged'))[0]).toBe(0);
    const page = readFileSync(join(folder.path, 'of-forged', 'index.html'), 'utf8');
    expect(page).toContain('pne1');
    expect(page).not.toContain('intruder');
  });

  it('is named by what is folded on from it, and not used with --no-snapshots', async () => {
    for (const selection of [[], ['--pn', 'home']]) {
      const [, told] = await cpns('state', 'forged.sqlite', ...selection);
      expect(told).toContain('nothing signs and nobody checked: pn/home at ');
      const [, json] = await cpns('state', 'forged.sqlite', ...selection, '--json');
      expect(JSON.parse(json).snapshots).toEqual([{ stream: 'pn/home', position: expect.any(Number) }]);
      const [code, alone] = await cpns('state', 'forged.sqlite', ...selection, '--no-snapshots');
      expect([code, alone]).toEqual([0, expect.stringContaining('pne1')]);
      expect(alone).not.toMatch(/intruder|nothing signs/);
    }
    const range = ['--from', '1'];
    expect((await cpns('diff', 'forged.sqlite', ...range))[1]).toContain('nobody checked: pn/home at ');
    expect((await cpns('diff', 'forged.sqlite', ...range, '--no-snapshots'))[1]).not.toMatch(/intruder|nobody checked/);
  });
});
