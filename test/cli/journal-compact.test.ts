import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { foldActor } from '../../fold/fold.ts';
import { RecordedLog } from '../../seams/log.ts';
import { noticeCharts } from '../../cli/journal/charts.ts';
import { openJournal, type OpenJournal } from '../../cli/journal/open.ts';
import { appendLeaves, EMPTY_FRONTIER, rootOf } from '../../journal/merkle/frontier.ts';
import { consistencyProof, inclusionProof, isConsistent, rootByInclusion } from '../../journal/merkle/proof.ts';
import { subtreesOf } from '../../journal/merkle/tree.ts';
import type { Commit, RecordedEvent } from '../../journal/port.ts';
import { charging } from '../../machines/cpns-server/charging.ts';
import { snapshotOf, stateHashOf } from '../../fold/snapshot.ts';
import { useDatabase } from '../postgres/database.ts';
import { PASSWORD } from '../postgres/server.ts';
import { device, GATEWAY, World } from '../simulation/world.ts';
import { commitOf, eventOf, metaOf } from '../journal/controls.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';
import { isChartId, CHARTS } from '../../machines/catalogue.ts';

/** What a server wrote while three devices registered again and again. */
let written: readonly RecordedEvent[];
beforeAll(async () => {
  const devices = ['lamp', 'cup', 'door'].map((id) => device(id, 'home'));
  const pn = { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp', 'cup', 'door'] };
  const world = await World.start({ pns: [pn], devices });
  await world.calm();
  for (let round = 0; round < 8; round++) {
    for (const { deviceId } of devices) await world.register(deviceId);
    await world.calm();
  }
  written = await world.events('server');
});

function commitsOf(events: readonly RecordedEvent[]): readonly Commit[] {
  return events.map(({ stream, version, position, type, schemaVersion, data, meta }) =>
    commitOf({
      messageKey: `key-${position}`,
      appends: [
        { stream, expected: { kind: 'exactly', version: version - 1 }, events: [{ type, schemaVersion, data, meta }] },
      ],
      answers: [
        { messageKey: `key-${position}`, messageId: `a-${position}`, subject: 's', payload: '{}', correlationId: 'c' },
      ],
    }),
  );
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const database = useDatabase();
const STORES = [
  {
    name: 'SQLite',
    start: async (folder: string) => ({ address: join(folder, 'server.sqlite'), drop: async () => {} }),
  },
  {
    name: 'PostgreSQL',
    start: async () => {
      vi.stubEnv('PGPASSWORD', PASSWORD);
      const address = (await database.url()).replace(`:${PASSWORD}`, '');
      return { address, drop: async () => void vi.unstubAllEnvs() };
    },
  },
] as const;

describe.each(STORES)('a journal on $name whose first events are archived', ({ start }) => {
  let folder: ReturnType<typeof temporaryFolder>;
  let address: string;
  let drop: () => Promise<void>;
  beforeEach(async () => {
    folder = temporaryFolder();
    ({ address, drop } = await start(folder.path));
    await within(async (journal) => void (await Promise.all(commitsOf(written).map((one) => journal.commit(one)))));
  });
  afterEach(async () => {
    await drop();
    folder.remove();
  });

  async function within<T>(work: (journal: OpenJournal) => Promise<T>): Promise<T> {
    const journal = await openJournal(address);
    try {
      return await work(journal);
    } finally {
      await journal.close();
    }
  }
  async function bare(...argv: readonly string[]) {
    const host = new FakeHost(folder.path);
    const code = await host.run(...argv);
    return { code, stdout: host.stdout, stderr: host.stderr };
  }
  const run = (...argv: readonly string[]) => bare(...argv, '--journal', address);
  const replay = (...argv: readonly string[]) => bare('replay', ...argv);
  const cpns = (...argv: readonly string[]) => run('journal', ...argv);
  const archive = (before: number, file: string) => cpns('compact', '--before', `${before}`, '--archive', file);

  /** Each actor, as it is folded now: state and version. */
  const actors = (journal: OpenJournal) =>
    Promise.all(
      [...new Map(written.map(({ stream, meta }) => [stream, meta.chart.id]))].map(async ([stream, id]) => {
        if (!isChartId(id)) return [stream];
        const { state, version, position } = await foldActor(journal, CHARTS[id], stream);
        return [stream, version, position, stateHashOf(state)];
      }),
    );

  test('folds every actor to what it was, keeps its tree, and goes on', async () => {
    const before = await within(async (journal) => [await actors(journal), await journal.tree()]);
    const middle = Math.floor(written.length / 2);
    const done = await archive(middle, 'one.jsonl');
    expect([done.code, done.stderr]).toEqual([0, '']);
    expect(statSync(join(folder.path, 'one.jsonl')).mode & 0o777).toBe(0o600);
    await within(async (journal) => {
      expect([await actors(journal), await journal.tree()]).toEqual(before);
      expect(await journal.readAll({ after: middle - 1 })).toEqual(written.slice(middle - 1));
      expect(await journal.seen('key-1')).toBe(true);
      expect(await journal.answersTo('key-1')).toHaveLength(1);
      const [first] = commitsOf(written);
      if (first !== undefined) expect(await journal.commit(first)).toEqual({ kind: 'duplicate', events: 'archived' });
      const last = written.at(-1);
      if (last === undefined) throw new Error('Nothing was written.');
      const versions = new Map(written.map(({ stream, version }) => [stream, version]));
      for (const [stream, version] of versions) {
        const stale = { stream, expected: { kind: 'noStream' as const }, events: [last] };
        expect(await journal.commit(commitOf({ appends: [stale] }))).toMatchObject({
          kind: 'conflict',
          actual: version,
        });
      }
    });
  });

  test('proves what it proved: every event, every earlier size, also those that are archived', async () => {
    await archive(100, 'one.jsonl');
    await within(async (journal) => {
      const tree = await journal.tree();
      const root = rootOf(tree);
      const subtree = subtreesOf(journal);
      const leaves = await journal.leaves(0, tree.size);
      expect(leaves).toHaveLength(tree.size);
      for (let size = 1; size <= tree.size; size += 7) {
        const older = { size, root: rootOf(appendLeaves(EMPTY_FRONTIER, leaves.slice(0, size)).frontier) };
        const proof = await consistencyProof(size, tree.size, subtree);
        expect(isConsistent(older, { size: tree.size, root }, proof)).toBe(true);
        const [hash = new Uint8Array()] = await journal.leaves(size - 1, size);
        const path = await inclusionProof(size - 1, tree.size, subtree);
        expect(hex(rootByInclusion({ index: size - 1, hash }, tree.size, path) ?? hash)).toBe(hex(root));
      }
    });
  });

  test('gives no half history for a whole one', async () => {
    await archive(100, 'one.jsonl');
    await within(async (journal) => {
      const [first] = written.filter(({ stream }) => stream === 'pn/home');
      await expect(journal.readAll()).rejects.toMatchObject({ fault: 'archived' });
      await expect(journal.readStream(first?.stream ?? '')).rejects.toMatchObject({ fault: 'archived' });
      const chart = CHARTS['cpns-server/personal-network'];
      await expect(foldActor(journal, chart, 'pn/home', { position: 20 })).rejects.toMatchObject({ fault: 'archived' });
      expect(await journal.readAll({ after: 99, limit: 2 })).toEqual(written.slice(99, 101));
    });
    const exported = await cpns('export', '--from', '1');
    expect([exported.code, exported.stderr]).toEqual([2, expect.stringContaining('1 to 99 are in an archive')]);
  });

  test('gives no half of a step to whoever commits its message again', async () => {
    const meta = { ...metaOf(), chart: { id: charging.id, hash: 'h' } };
    const data = { message: 'usage-report', from: 'hub', code: 409, count: 1 };
    const events = [eventOf('MessageRefused', { data, meta }), eventOf('MessageRefused', { data, meta })];
    const step = (messageKey: string) =>
      commitOf({ messageKey, appends: [{ stream: 'charging/home/lamp', expected: { kind: 'any' }, events }] });
    const whole = await within(async (journal) => {
      await journal.commit(step('cut'));
      const result = await journal.commit(step('whole'));
      return result.kind === 'committed' ? result.events : [];
    });
    await archive(written.length + 2, 'one.jsonl');
    await within(async (journal) => {
      expect(await journal.commit(step('cut'))).toEqual({ kind: 'duplicate', events: 'archived' });
      expect(await journal.commit(step('whole'))).toEqual({ kind: 'duplicate', events: whole });
      expect(whole).toHaveLength(2);
    });
  });

  test('is verified with its archives: each event, the tree, and what the streams go on from', async () => {
    await archive(60, 'one.jsonl');
    await archive(110, 'two.jsonl');
    const both = ['--archive', 'two.jsonl', 'one.jsonl'];
    const whole = await cpns('verify', ...both);
    expect([whole.code, whole.stderr]).toEqual([0, '']);
    expect(whole.stdout).toContain(`${written.length} events`);
    expect(whole.stdout).toMatch(/(\d+) bases, \1 are what the archives fold to/);
    const part = await cpns('verify');
    expect([part.code, part.stderr]).toEqual([0, expect.stringContaining('events 1 to 109 are in an archive')]);
    const missing = await cpns('verify', '--archive', 'two.jsonl');
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('Events 1 to 59 are in an archive')]);

    await within(async (journal) => {
      const [base] = await journal.bases({ limit: 1 });
      if (base === undefined) throw new Error('There is no base.');
      const state = base.state.replace('"refusals":0', '"refusals":7');
      await journal.writer.updateTable('bases').set({ state }).where('stream', '=', base.stream).execute();
    });
    const forged = await cpns('verify', ...both);
    expect([forged.code, forged.stdout]).toEqual([
      1,
      expect.stringContaining('WRONG: its stream folds to another state'),
    ]);
    expect(await cpns('compact', '--refold', ...both)).toMatchObject({ code: 0 });
    expect((await cpns('verify', ...both)).code).toBe(0);

    const text = readFileSync(join(folder.path, 'one.jsonl'), 'utf8');
    writeFileSync(join(folder.path, 'one.jsonl'), text.replace('"code\\":200', '"code\\":201'));
    expect((await cpns('verify', ...both)).code).toBe(1);
  });

  test('is read from its first event with its archive, by whatever reads it so, and by nothing without', async () => {
    expect((await run('projections', 'rebuild')).code).toBe(0);
    const before = {
      events: (await run('events', '--json')).stdout,
      stream: (await run('events', '--stream', 'pn/home', '--json')).stdout,
      charging: (await run('charging', '--json')).stdout,
    };
    expect(await new FakeHost(folder.path).run('journal', 'key', 'op.key', '--name', 'cpns/example')).toBe(0);
    expect((await cpns('checkpoint', '--key', 'op.key')).code).toBe(0);
    const receipt = (await cpns('prove', '--position', '20')).stdout;
    expect((await run('projections', 'rebuild')).code).toBe(0);
    await archive(100, 'one.jsonl');
    const from = ['--archive', 'one.jsonl'];
    for (const argv of [['events'], ['events', '--stream', 'pn/home'], ['charging'], ['projections', 'rebuild']]) {
      const refused = await run(...argv);
      expect([refused.code, refused.stderr], argv.join(' ')).toEqual([1, expect.stringContaining('in an archive')]);
    }
    expect((await cpns('charts')).stderr).toContain('Events 1 to 99 are in an archive');
    expect((await cpns('prove', '--position', '20')).stderr).toContain('position 20 is in an archive');

    const all = (await run('events', '--json', ...from)).stdout;
    expect(all.split('\n').slice(0, written.length)).toEqual(before.events.split('\n').slice(0, -1));
    expect((await run('events', '--stream', 'pn/home', '--json', ...from)).stdout).toBe(before.stream);
    expect((await run('charging', '--json', ...from)).stdout).toBe(before.charging);
    expect((await run('projections', 'verify', ...from)).code).toBe(0);
    expect((await run('projections', 'rebuild', ...from)).code).toBe(0);
    expect((await run('projections', 'verify', ...from)).code).toBe(0);
    expect((await cpns('prove', '--position', '20', ...from)).stdout).toBe(receipt);
    expect((await cpns('charts', ...from)).code).toBe(0);
    expect((await cpns('verify', '--key', 'op.key.pub', ...from)).stdout).toContain('whole');
    const [id] = written.map(({ meta }) => meta.correlationId);
    expect((await run('events', '--correlation', id ?? '')).stderr).toContain('were not searched');
  });

  test('has snapshots that are checked from its bases on', async () => {
    await archive(100, 'one.jsonl');
    await within(async (journal) => {
      for (const stream of ['pn/home', 'registration/home/lamp']) {
        const id = stream === 'pn/home' ? 'cpns-server/personal-network' : 'cpns-server/registration';
        const { state, version, position } = await foldActor(journal, CHARTS[id], stream);
        await journal.keepSnapshots([snapshotOf(CHARTS[id], { stream, version, position }, state)]);
      }
    });
    const checked = await cpns('verify', '--snapshots');
    expect([checked.code, checked.stdout]).toEqual([0, expect.stringContaining('2 snapshots, 2 are what')]);
  });

  test('is judged by an auditor as far as it goes: no stream deviates because its beginning is elsewhere', async () => {
    await archive(100, 'one.jsonl');
    const part = await replay('verify', address);
    expect([part.code, part.stdout]).toEqual([5, expect.stringContaining('the first 99 events are not in it')]);
    expect(part.stdout).toContain('give their archives');
    expect((await replay('verify', 'one.jsonl')).code).toBe(0);
  });

  test('is judged with its archives as the whole that it was: the same verdict, byte for byte', async () => {
    const before = (await replay('verify', address, '--json')).stdout;
    await archive(60, 'one.jsonl');
    await archive(110, 'two.jsonl');
    const named = await replay('verify', address, '--json', '--archive', 'two.jsonl', 'one.jsonl');
    expect([named.code, named.stdout, named.stderr]).toEqual([0, before, '']);
    expect((await replay('verify', 'two.jsonl', address, 'one.jsonl', '--json')).stdout).toBe(before);
    const half = await replay('verify', address, '--archive', 'two.jsonl');
    expect([half.code, half.stdout]).toEqual([5, expect.stringContaining('the first 59 events are not in it')]);
    const astray = await replay('verify', address, '--archive', 'one.jsonl');
    expect([astray.code, astray.stderr]).toEqual([2, expect.stringContaining('one.jsonl holds events 1 to 59')]);
  });

  test('is found tampered with where its archive was: in an event, or with every hash made anew', async () => {
    await archive(60, 'one.jsonl');
    const text = readFileSync(join(folder.path, 'one.jsonl'), 'utf8');
    const changed = text.replace('"code\\":200', '"code\\":201');
    writeFileSync(join(folder.path, 'changed.jsonl'), changed);
    expect((await replay('verify', address, '--archive', 'changed.jsonl')).code).toBe(4);
    const other = 'anew.sqlite';
    const journal = await openJournal(join(folder.path, other));
    const anew = written.slice(0, 59).map((event) => ({ ...event, data: { ...event.data, anew: true } }));
    for (const one of commitsOf(anew)) await journal.commit(one);
    await journal.close();
    const host = new FakeHost(folder.path);
    expect(await host.run('journal', 'export', '--journal', other, '-o', 'anew.jsonl')).toBe(0);
    const rewritten = await replay('verify', address, '--archive', 'anew.jsonl');
    expect([rewritten.code, rewritten.stdout]).toEqual([4, expect.stringContaining('went on from other events')]);
  });

  test('tells how things stood from its bases on, and with its archives from the first event on', async () => {
    const at = (position: number, ...more: readonly string[]) =>
      replay('state', address, '--json', '--at', `${position}`, ...more);
    const [early, late] = [(await at(20)).stdout, (await at(120)).stdout];
    const lamp = (await at(120, '--pne', 'lamp')).stdout;
    const traced = (await replay('trace', address, '--device', 'lamp')).stdout;
    const log = (await replay('export', address, '--format', 'csv')).stdout;
    await archive(100, 'one.jsonl');
    const from = ['--archive', 'one.jsonl'];
    expect((await at(120)).stdout).toBe(late);
    expect((await at(120)).stderr).toContain('events 1 to 99 were not read');
    const refused = await at(20);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('in an archive')]);
    expect((await at(120, '--no-snapshots')).code).toBe(1);
    const sooner = await replay('state', address, '--at', '2000-01-01T00:00:00Z');
    expect([sooner.code, sooner.stderr]).toEqual([1, expect.stringContaining('in an archive')]);
    expect((await at(20, ...from)).stdout).toBe(early);
    expect((await at(120, '--no-snapshots', ...from)).stdout).toBe(late);
    expect((await at(120, '--pne', 'lamp', ...from)).stdout).toBe(lamp);
    expect((await replay('trace', address, '--device', 'lamp', ...from)).stdout).toBe(traced);
    expect((await replay('trace', address, '--device', 'lamp')).stderr).toContain('events 1 to 99 were not read');
    expect((await replay('export', address, '--format', 'csv', ...from)).stdout).toBe(log);
    expect((await replay('report', address, '-o', 'report', ...from)).code).toBe(0);
    expect(readFileSync(join(folder.path, 'report', 'index.html'), 'utf8')).toContain('--archive one.jsonl');
    expect((await replay('report', address, '-o', 'report')).code).toBe(5);
  });

  test('is described as far as it is archived, and says at the start of its role which bases a changed chart has', async () => {
    const before = JSON.parse((await cpns('stat', '--json')).stdout);
    expect(before).toMatchObject({ archivedUpTo: 0, bases: 0, outdatedBases: 0 });
    expect(await new FakeHost(folder.path).run('journal', 'key', 'op.key', '--name', 'cpns/example')).toBe(0);
    await cpns('checkpoint', '--key', 'op.key');
    await within(async (journal) => {
      const events = [written[0]].flatMap((event) => (event === undefined ? [] : [event]));
      await journal.commit(commitOf({ appends: [{ stream: 'pn/other', expected: { kind: 'noStream' }, events }] }));
    });
    const [first] = written.slice(-1).map(({ position }) => position + 2);
    expect((await archive(first ?? 0, 'one.jsonl')).code).toBe(0);
    const bases = await within(async (journal) => (await journal.bases()).length);
    expect(bases).toBeGreaterThan(3);
    const after = JSON.parse((await cpns('stat', '--json')).stdout);
    expect(after).toMatchObject({ archivedUpTo: (first ?? 0) - 1, bases, signedBy: 'cpns/example' });
    expect(after.streams).toBe(before.streams + 2);
    const noticed = () =>
      within(async (journal) => {
        const log = new RecordedLog();
        await noticeCharts(journal, log);
        return log.lines.map(({ level, fields }) => ({ level, ...fields }));
      });
    expect(await noticed()).toEqual([]);
    await within(async ({ writer }) => {
      const old = { chart_hash: 'of an earlier program' };
      await writer.updateTable('bases').set(old).where('stream', '=', 'pn/home').execute();
    });
    const found = { level: 'warn', chart: 'cpns-server/personal-network', streams: 1 };
    expect(await noticed()).toMatchObject([{ ...found, remedy: expect.stringContaining('--refold') }]);
    expect((await cpns('stat')).stdout).toMatch(
      /archived +events 1 to \d+; \d+ streams .* 1 of them CHANGED: .*--refold/,
    );
    expect((await cpns('compact', '--refold', '--archive', 'one.jsonl')).code).toBe(0);
    expect(await noticed()).toEqual([]);
  });

  test('keeps what a projection has not read', async () => {
    await run('projections', 'rebuild');
    await within((journal) => sql`update projections set position = 50`.execute(journal.writer));
    const refused = await archive(100, 'one.jsonl');
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('has read 50 events, fewer than 99')]);
    expect((await archive(51, 'one.jsonl')).code).toBe(0);
  });

  test('is left as it is where the archive is another one, and archives the rest when it is run again', async () => {
    await archive(60, 'one.jsonl');
    const wrong = await archive(90, 'one.jsonl');
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('holds events 1 to 59, not 60 to 89')]);
    expect(await archive(60, 'three.jsonl')).toMatchObject({ code: 0, stdout: expect.stringContaining('already') });
    const foreign = await openJournal(join(folder.path, 'foreign.sqlite'));
    for (const { stream, type, schemaVersion, data, meta } of [...written.slice(1), ...written].slice(0, 100)) {
      const events = [{ type, schemaVersion, data, meta }];
      await foreign.commit(commitOf({ appends: [{ stream, expected: { kind: 'any' }, events }] }));
    }
    await foreign.close();
    const theirs = ['--journal', 'foreign.sqlite', '--from', '60', '--to', '89', '-o', 'foreign.jsonl'];
    expect((await bare('journal', 'export', ...theirs)).code).toBe(0);
    const other = await archive(90, 'foreign.jsonl');
    expect([other.code, other.stderr]).toEqual([
      2,
      expect.stringContaining('holds events 60 to 89 of another journal'),
    ]);
    expect(existsSync(join(folder.path, 'three.jsonl'))).toBe(false);
    const all = await cpns('compact', '--keep', '0', '--archive', 'four.jsonl');
    expect([all.code, all.stderr]).toEqual([2, expect.stringContaining('is none or all of them')]);
    // What a process wrote that died before it took a row out.
    await cpns('export', '--from', '60', '--to', '89', '-o', 'two.jsonl');
    const again = await archive(90, 'two.jsonl');
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('events 60 to 89 are in two.jsonl')]);
    rmSync(join(folder.path, 'one.jsonl'));
    expect((await cpns('verify')).code).toBe(0);
  });
});
