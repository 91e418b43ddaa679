import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Commit, Journal, RecordedEvent, Snapshot, StoredAnswer } from '../../journal/port.ts';
import { DEFAULT_READ_LIMIT, JournalError, Line } from '../../journal/port.ts';
import { appendLeaves, EMPTY_FRONTIER, rootOf } from '../../journal/merkle/frontier.ts';
import { leafHash } from '../../journal/leaf.ts';
import { consistencyProof, inclusionProof, isConsistent, rootByInclusion } from '../../journal/merkle/proof.ts';
import { subtreesOf } from '../../journal/merkle/tree.ts';
import { MAX_SNAPSHOTS } from '../../journal/snapshots.ts';
import { any, appendTo, commitOf, eventOf, exactly, metaOf, noStream, outboxRow, timerRow } from './controls.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** A journal on some storage that can be closed and opened again. */
export interface Storage {
  open(): Promise<Journal>;
  /** Somebody who has nothing to do with the journal begins a transaction in its database. @returns what ends it */
  stranger(): Promise<() => Promise<void>>;
  dispose(): Promise<void>;
}

function types(events: readonly RecordedEvent[]): string[] {
  return events.map((event) => event.type);
}
function keyed(type: string): Commit {
  return { ...appendTo('s', any, type, `${type}b`), messageKey: 'key' };
}
function answer(messageId: string): StoredAnswer {
  return { messageKey: 'key', messageId, subject: 's', payload: `p-${messageId}`, correlationId: 'c' };
}
function putKey(...bytes: readonly number[]): Commit {
  return commitOf({ keys: { put: [{ id: 'k1', wrapped: Uint8Array.from(bytes) }], drop: [] } });
}

/** Reads on from the last position that was seen, until so many events were; each as position and gap in its stream. */
export async function follow(journal: Journal, count: number) {
  const seen: { readonly position: number; readonly ahead: number }[] = [];
  const versions = new Map<string, number>();
  while (seen.length < count) {
    // Memory answers at once: without a turn for the others nothing would ever be committed.
    await new Promise((resolve) => setImmediate(resolve));
    for (const { position, stream, version } of await journal.readAll({
      after: seen.at(-1)?.position ?? 0,
      limit: 7,
    })) {
      seen.push({ position, ahead: version - (versions.get(stream) ?? 0) });
      versions.set(stream, version);
    }
  }
  return seen;
}
export function gapless(count: number) {
  return Array.from({ length: count }, (_, i) => ({ position: i + 1, ahead: 1 }));
}

/** What every adapter must do. */
export function journalContract(name: string, makeStorage: () => Promise<Storage>): void {
  describe(`${name} journal`, () => {
    let storage: Storage;
    let journal: Journal;
    beforeEach(async () => {
      storage = await makeStorage();
      journal = await storage.open();
    });
    afterEach(async () => {
      await journal.close();
      await storage.dispose();
    });
    const reopen = async (): Promise<void> => {
      await journal.close();
      journal = await storage.open();
    };
    const everything = async () => ({
      head: await journal.head(),
      events: await journal.readAll(),
      outbox: await journal.pendingOutbox(),
      timers: await journal.pendingTimers(),
      answers: await journal.answersTo('key'),
      seen: await journal.seen('key'),
      wrapped: await journal.wrappedKey('k1'),
    });

    describe('the tree over its events', () => {
      const leavesOf = (events: readonly RecordedEvent[]): Uint8Array[] =>
        events.map((event) => leafHash(event, JSON.stringify(event.data)));

      it('has a leaf for each event, in the order of their positions', async () => {
        expect(await journal.tree()).toEqual(EMPTY_FRONTIER);
        await Promise.all([
          journal.commit(appendTo('a', noStream, 'A1', 'A2')),
          journal.commit(appendTo('a', noStream, 'Refused')),
          journal.commit(appendTo('b', noStream, 'B1')),
        ]);
        await reopen();
        await journal.commit(appendTo('b', exactly(1), 'B2'));
        const leaves = leavesOf(await journal.readAll());
        expect((await journal.leaves(0, 10)).map(hex)).toEqual(leaves.map(hex));
        expect((await journal.leaves(1, 3)).map(hex)).toEqual(leaves.slice(1, 3).map(hex));
        const { frontier } = appendLeaves(EMPTY_FRONTIER, leaves);
        expect(hex(rootOf(await journal.tree()))).toBe(hex(rootOf(frontier)));
      });

      it('proves that an event is in it, and that an earlier one was its beginning', async () => {
        for (const stream of ['a', 'b']) {
          const events = Array.from({ length: 300 }, (_, i) => eventOf('E', { data: { i } }));
          await journal.commit(commitOf({ appends: [{ stream, expected: noStream, events }] }));
        }
        const tree = await journal.tree();
        const head = { size: tree.size, root: rootOf(tree) };
        const subtree = subtreesOf(journal);
        const [leaf = new Uint8Array()] = await journal.leaves(298, 299);
        const path = await inclusionProof(298, tree.size, subtree);
        expect(hex(rootByInclusion({ index: 298, hash: leaf }, tree.size, path) ?? leaf)).toBe(hex(head.root));
        expect((await journal.nodes(8, 0, 10)).length).toBe(2);
        const { frontier } = appendLeaves(EMPTY_FRONTIER, await journal.leaves(0, 299));
        const earlier = { size: 299, root: rootOf(frontier) };
        expect(isConsistent(earlier, head, await consistencyProof(299, tree.size, subtree))).toBe(true);
      });

      it('takes no event that another could share its leaf with', async () => {
        const results = await Promise.allSettled([
          journal.commit(appendTo('a', noStream, 'A1')),
          journal.commit(appendTo('b', noStream, 'B\nB')),
          journal.commit(appendTo('c', noStream, 'C1')),
        ]);
        expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
        expect(types(await journal.readAll())).toEqual(['A1', 'C1']);
      });
    });

    it('knows every chart that an event names, and the first event that does', async () => {
      const under = (id: string, hash: string) => eventOf('E', { meta: metaOf({ chart: { id, hash } }) });
      const commit = (...events: readonly ReturnType<typeof under>[]) =>
        journal.commit(commitOf({ appends: [{ stream: 's', expected: any, events }] }));
      expect(await journal.charts()).toEqual([]);
      await Promise.all([commit(under('a', '1'), under('b', '1')), commit(under('a', '1'), under('a', '2'))]);
      await journal.commit(appendTo('t', exactly(7), 'Refused'));
      await reopen();
      await commit(under('a', '1'), under('c', '1'));
      expect(await journal.charts()).toEqual([
        { id: 'a', hash: '1', firstPosition: 1 },
        { id: 'b', hash: '1', firstPosition: 2 },
        { id: 'a', hash: '2', firstPosition: 4 },
        { id: 'c', hash: '1', firstPosition: 6 },
      ]);
    });

    describe('snapshots', () => {
      const at = (stream: string, version: number, state = `{"v":${version}}`): Snapshot => ({
        stream,
        version,
        position: version * 10,
        chart: { id: 'chart', hash: 'hash' },
        program: 'program',
        stateHash: `of ${state}`,
        state,
      });

      it('gives the newest one that holds nothing beyond a version or a position', async () => {
        expect(await journal.snapshot('a')).toBeNull();
        await journal.keepSnapshots([at('b', 7), at('a', 200), at('a', 100), at('a', 300)]);
        await reopen();
        expect(await journal.snapshot('a')).toEqual(at('a', 300));
        expect(await journal.snapshot('a', { version: 299 })).toEqual(at('a', 200));
        expect(await journal.snapshot('a', { version: 200 })).toEqual(at('a', 200));
        expect(await journal.snapshot('a', { position: 1_999 })).toEqual(at('a', 100));
        expect(await journal.snapshot('a', { position: 999 })).toBeNull();
        expect(await journal.snapshot('c')).toBeNull();
      });

      it('lists them by stream and version, a page at a time', async () => {
        await journal.keepSnapshots([at('b', 7), at('a', 200), at('B', 1), at('a', 9)]);
        expect(await journal.snapshots()).toEqual([at('B', 1), at('a', 9), at('a', 200), at('b', 7)]);
        expect(await journal.snapshots({ after: { stream: 'a', version: 9 }, limit: 1 })).toEqual([at('a', 200)]);
        expect(await journal.snapshots({ after: { stream: 'a', version: 200 } })).toEqual([at('b', 7)]);
      });

      it('replaces one of the same version, and drops those that are named, or all', async () => {
        await journal.keepSnapshots([at('a', 1), at('a', 2), at('b', 1)]);
        await journal.keepSnapshots([at('a', 2, '{"another":"one"}')]);
        expect(await journal.snapshot('a')).toEqual(at('a', 2, '{"another":"one"}'));
        expect(await journal.dropSnapshots([at('a', 2), at('a', 5)])).toBe(1);
        expect(await journal.snapshots()).toEqual([at('a', 1), at('b', 1)]);
        expect(await journal.dropSnapshots('all')).toBe(2);
        expect(await journal.snapshots()).toEqual([]);
      });

      it('keeps so many of a stream, evenly over its events', async () => {
        for (let version = 1; version <= 2 * MAX_SNAPSHOTS; version++) await journal.keepSnapshots([at('a', version)]);
        const versions = (await journal.snapshots()).map(({ version }) => version);
        expect(versions.length).toBeLessThanOrEqual(MAX_SNAPSHOTS);
        expect(versions.at(-1)).toBe(2 * MAX_SNAPSHOTS);
        const gaps = versions.map((version, i) => version - (versions[i - 1] ?? 0));
        expect(Math.max(...gaps)).toBeLessThanOrEqual(4);
      });

      it('is no part of the record: the head and the tree stay as they are', async () => {
        await journal.commit(appendTo('a', noStream, 'A1', 'A2'));
        const before = [await everything(), await journal.tree()];
        await journal.keepSnapshots([at('a', 2)]);
        expect([await everything(), await journal.tree()]).toEqual(before);
        expect((await journal.commit(appendTo('a', exactly(2), 'A3'))).kind).toBe('committed');
        await journal.dropSnapshots('all');
        expect((await journal.commit(appendTo('a', exactly(3), 'A4'))).kind).toBe('committed');
      });

      it('takes them while commits go on', async () => {
        const commits = Array.from({ length: 20 }, (_, i) => journal.commit(appendTo(`s${i}`, noStream, 'E')));
        const kept = Array.from({ length: 20 }, (_, i) => journal.keepSnapshots([at(`s${i}`, 1), at('shared', i + 1)]));
        expect((await Promise.all(commits)).map(({ kind }) => kind)).toEqual(commits.map(() => 'committed'));
        await Promise.all(kept);
        expect((await journal.snapshots()).length).toBe(40);
      });
    });

    describe('appends', () => {
      it('is empty at first', async () => {
        expect(await everything()).toEqual({
          head: 0,
          events: [],
          outbox: [],
          timers: [],
          answers: [],
          seen: false,
          wrapped: null,
        });
      });

      it('records an event as it was given, with position, stream and version', async () => {
        const event = eventOf('PneAdded', {
          schemaVersion: 3,
          data: { deviceId: 'uhr-ü-😀', nested: { list: [1, null, true, 'a\nb\u0000c', 2.5] }, 'lone \ud800': '' },
          meta: metaOf({ causationId: 'cause', crStep: null }),
        });
        const appends = [{ stream: 'pn/home', expected: noStream, events: [event] }];
        const result = await journal.commit(commitOf({ appends }));
        const recorded = { ...event, position: 1, stream: 'pn/home', version: 1 };
        expect(result).toEqual({ kind: 'committed', events: [recorded] });
        await reopen();
        expect(await journal.readStream('pn/home')).toEqual([recorded]);
      });

      it('appends to several streams in one commit, in the order given', async () => {
        const appends = [
          { stream: 'a', expected: noStream, events: [eventOf('A1'), eventOf('A2')] },
          { stream: 'b', expected: noStream, events: [eventOf('B1')] },
          { stream: 'a', expected: exactly(2), events: [eventOf('A3')] },
        ];
        const result = await journal.commit(commitOf({ appends }));
        expect(result.kind).toBe('committed');
        const all = (await journal.readAll()).map(({ position, stream, version }) => [position, stream, version]);
        expect(all).toEqual([
          [1, 'a', 1],
          [2, 'a', 2],
          [3, 'b', 1],
          [4, 'a', 3],
        ]);
      });

      it('keeps none of a commit whose last append conflicts', async () => {
        await journal.commit(appendTo('b', noStream, 'B1'));
        const before = await everything();
        const appends = [
          { stream: 'a', expected: noStream, events: [eventOf('A1')] },
          { stream: 'b', expected: exactly(7), events: [eventOf('B2')] },
        ];
        const refused = await journal.commit(
          commitOf({
            messageKey: 'key',
            appends,
            outbox: { put: [outboxRow('o1')], settle: [] },
            answers: [{ messageKey: 'key', messageId: 'm', subject: 's', payload: 'p', correlationId: 'c' }],
            timers: { arm: [timerRow('t', 1)], disarm: [] },
            keys: { put: [{ id: 'k1', wrapped: Uint8Array.of(1) }], drop: [] },
          }),
        );
        expect(refused).toEqual({ kind: 'conflict', stream: 'b', expected: exactly(7), actual: 1 });
        expect(await everything()).toEqual(before);
      });

      it('checks each kind of expected version', async () => {
        expect((await journal.commit(appendTo('s', exactly(0), 'E1'))).kind).toBe('committed');
        expect(await journal.commit(appendTo('s', noStream, 'E'))).toMatchObject({ kind: 'conflict', actual: 1 });
        expect(await journal.commit(appendTo('s', exactly(2), 'E'))).toMatchObject({ kind: 'conflict', actual: 1 });
        expect((await journal.commit(appendTo('s', exactly(1), 'E2'))).kind).toBe('committed');
        expect((await journal.commit(appendTo('s', any, 'E3'))).kind).toBe('committed');
        await reopen();
        expect(await journal.commit(appendTo('s', exactly(2), 'E'))).toMatchObject({ kind: 'conflict', actual: 3 });
        expect((await journal.commit(appendTo('s', exactly(3), 'E4'))).kind).toBe('committed');
      });

      it('takes an append without events for a check of the version', async () => {
        await journal.commit(appendTo('s', noStream, 'E1'));
        expect(await journal.commit(appendTo('s', exactly(1)))).toEqual({ kind: 'committed', events: [] });
        expect(await journal.commit(appendTo('s', noStream))).toMatchObject({ kind: 'conflict', actual: 1 });
        expect(await journal.head()).toBe(1);
      });
    });

    describe('group commit', () => {
      it('numbers concurrent commits gapless, in the order of their calls', async () => {
        const calls = Array.from({ length: 700 }, (_, i) => journal.commit(appendTo(`s${i % 7}`, any, `E${i}`)));
        const results = await Promise.all(calls);
        const positions = results.map((result) => (result.kind === 'committed' ? result.events[0]?.position : null));
        expect(positions).toEqual(Array.from({ length: 700 }, (_, i) => i + 1));
        expect(types(await journal.readAll())).toEqual(Array.from({ length: 700 }, (_, i) => `E${i}`));
      });

      it('refuses the loser of a race alone', async () => {
        const [first, second, other] = await Promise.all([
          journal.commit(appendTo('s', noStream, 'First')),
          journal.commit(appendTo('s', noStream, 'Second')),
          journal.commit(appendTo('t', noStream, 'Other')),
        ]);
        expect([first.kind, second.kind, other.kind]).toEqual(['committed', 'conflict', 'committed']);
        expect(types(await journal.readAll())).toEqual(['First', 'Other']);
      });

      it('lets a commit expect the version that an earlier one will make', async () => {
        const steps = Array.from({ length: 50 }, (_, i) => journal.commit(appendTo('s', exactly(i), `E${i}`)));
        expect(new Set((await Promise.all(steps)).map((result) => result.kind))).toEqual(new Set(['committed']));
      });

      it('refuses whatever leans on a refused commit', async () => {
        await journal.commit(appendTo('s', noStream, 'E1'));
        const [stale, leaning, sound] = await Promise.all([
          journal.commit(appendTo('s', exactly(3), 'Stale')),
          journal.commit(appendTo('s', exactly(4), 'Leaning')),
          journal.commit(appendTo('s', exactly(1), 'Sound')),
        ]);
        expect([stale.kind, leaning.kind, sound.kind]).toEqual(['conflict', 'conflict', 'committed']);
      });

      describe('in a line, of which each leans on the one before', () => {
        const inLine = (line: Line, commit: Commit): Commit => ({ ...commit, line });
        beforeEach(() => journal.commit(appendTo('s', noStream, 'E1', 'E2', 'E3', 'E4', 'E5')));
        const ours = (line: Line) => [
          inLine(line, appendTo('s', exactly(5), 'Ours6')),
          inLine(line, appendTo('s', exactly(6), 'Ours7')),
        ];
        const theirs = () => journal.commit(appendTo('s', exactly(5), 'Theirs6'));
        const kindsOf = async (commits: readonly Commit[]) =>
          (await Promise.all(commits.map((commit) => journal.commit(commit)))).map(({ kind }) => kind);

        it('commits all where nobody comes between', async () => {
          expect(await kindsOf(ours(new Line()))).toEqual(['committed', 'committed']);
        });

        it('refuses whatever follows a refused one, though another writer made up the version that it expects', async () => {
          const other = theirs();
          expect(await kindsOf(ours(new Line()))).toEqual(['conflict', 'lineBroken']);
          expect((await other).kind).toBe('committed');
          expect(types(await journal.readStream('s', { after: 5 }))).toEqual(['Theirs6']);
        });

        it('refuses it in a later batch as well', async () => {
          const [line, other] = [new Line(), new Line()];
          await theirs();
          const [first, second] = ours(line);
          expect(await kindsOf(first === undefined ? [] : [first])).toEqual(['conflict']);
          expect(await kindsOf(second === undefined ? [] : [second])).toEqual(['lineBroken']);
          expect(await kindsOf([inLine(line, appendTo('t', any, 'Elsewhere'))])).toEqual(['lineBroken']);
          expect(await kindsOf([inLine(other, appendTo('s', exactly(6), 'Anew'))])).toEqual(['committed']);
        });

        it('refuses what follows one whose message was taken by another', async () => {
          const line = new Line();
          const [first, second] = ours(line).map((commit, i) => ({ ...commit, messageKey: `key-${i}` }));
          await journal.commit({ ...appendTo('s', exactly(5), 'Theirs6'), messageKey: 'key-0' });
          expect(await kindsOf([first, second].flatMap((one) => one ?? []))).toEqual(['duplicate', 'lineBroken']);
          expect(await journal.seen('key-1')).toBe(false);
        });

        it('refuses what follows one that cannot be stored', async () => {
          const line = new Line();
          const unstorable = eventOf('A type on\ntwo lines');
          const appends = [{ stream: 's', expected: exactly(5), events: [unstorable] }];
          const results = await Promise.allSettled([
            journal.commit(inLine(line, commitOf({ appends }))),
            journal.commit(appendTo('s', exactly(5), 'Theirs6')),
            journal.commit(inLine(line, appendTo('s', exactly(6), 'Ours7'))),
          ]);
          expect(results).toMatchObject([
            { status: 'rejected' },
            { value: { kind: 'committed' } },
            { value: { kind: 'lineBroken' } },
          ]);
        });
      });

      it('commits a step larger than a batch', async () => {
        const many = Array.from({ length: 5_000 }, (_, i) => `E${i}`);
        const [result] = await Promise.all([
          journal.commit(appendTo('s', noStream, ...many)),
          journal.commit(appendTo('s', exactly(5_000), 'Next')),
        ]);
        expect(result.kind).toBe('committed');
        expect(types(await journal.readStream('s', { after: 4_998 }))).toEqual(['E4998', 'E4999', 'Next']);
      });
    });

    describe('message keys', () => {
      it('gives the events of the first time to whoever commits a message again', async () => {
        const first = await journal.commit(keyed('First'));
        await journal.commit(appendTo('s', any, 'Between'));
        await reopen();
        const again = await journal.commit({ ...keyed('Again'), outbox: { put: [outboxRow('o')], settle: [] } });
        expect(again).toEqual({ ...first, kind: 'duplicate' });
        expect(await journal.head()).toBe(3);
        expect(await journal.pendingOutbox()).toEqual([]);
        expect(await journal.seen('key')).toBe(true);
      });

      it('finds the duplicate within one batch', async () => {
        const [first, again] = await Promise.all([journal.commit(keyed('First')), journal.commit(keyed('Again'))]);
        expect(again).toEqual({ ...first, kind: 'duplicate' });
        expect(await journal.head()).toBe(2);
      });

      it('remembers a message that led to no event', async () => {
        const nothing = commitOf({ messageKey: 'key' });
        expect(await journal.commit(nothing)).toEqual({ kind: 'committed', events: [] });
        expect(await journal.commit(nothing)).toEqual({ kind: 'duplicate', events: [] });
      });

      it('does not take a refused commit for a seen message', async () => {
        const [refused, next] = await Promise.all([
          journal.commit({ ...appendTo('s', exactly(9), 'E'), messageKey: 'key' }),
          journal.commit(keyed('First')),
        ]);
        expect([refused.kind, next.kind]).toEqual(['conflict', 'committed']);
      });
    });

    describe('outbox, answers, timers, keys', () => {
      it('keeps outbox rows until they are settled, and never gives a number twice', async () => {
        const put = ['o1', 'o2', 'o3'].map((id) => outboxRow(id));
        await journal.commit(commitOf({ outbox: { put, settle: [] } }));
        await journal.commit(commitOf({ outbox: { put: [], settle: ['o1', 'o3', 'unknown'] } }));
        await reopen();
        await journal.commit(commitOf({ outbox: { put: [outboxRow('o4')], settle: [] } }));
        expect(await journal.pendingOutbox()).toEqual([
          { ...outboxRow('o2'), seq: 2 },
          { ...outboxRow('o4'), seq: 4 },
        ]);
        expect(await journal.pendingOutbox({ after: 2 })).toHaveLength(1);
        expect(await journal.pendingOutbox({ limit: 1 })).toHaveLength(1);
        expect(await journal.outboxRow('o2')).toEqual(outboxRow('o2'));
        expect(await journal.outboxRow('o1')).toBeNull();
      });

      it('leaves an outbox row as it is when its id is put again', async () => {
        const put = [outboxRow('o1', { payload: 'first' })];
        await journal.commit(commitOf({ outbox: { put, settle: [] } }));
        await journal.commit(commitOf({ outbox: { put: [outboxRow('o1', { payload: 'again' })], settle: [] } }));
        expect(await journal.outboxRow('o1')).toMatchObject({ payload: 'first' });
      });

      it('settles within one batch what the batch put', async () => {
        await Promise.all([
          journal.commit(commitOf({ outbox: { put: [outboxRow('o1')], settle: [] } })),
          journal.commit(commitOf({ outbox: { put: [outboxRow('o2')], settle: ['o1'] } })),
        ]);
        expect((await journal.pendingOutbox()).map((row) => row.id)).toEqual(['o2']);
      });

      it('keeps answers in their order', async () => {
        await journal.commit(commitOf({ answers: [answer('z'), answer('a')] }));
        await journal.commit(commitOf({ answers: [answer('m'), answer('z')] }));
        expect(await journal.answersTo('key')).toEqual([answer('z'), answer('a'), answer('m')]);
        expect(await journal.answersTo('other')).toEqual([]);
      });

      it('gives armed timers earliest first; arming again replaces, disarming removes', async () => {
        const arm = [timerRow('late', 3_000), timerRow('early', 1_000), timerRow('gone', 2_000)];
        await journal.commit(commitOf({ timers: { arm, disarm: [] } }));
        const disarm = [{ stream: 'pn/home', name: 'gone' }];
        await journal.commit(commitOf({ timers: { arm: [timerRow('late', 500)], disarm } }));
        await reopen();
        expect(await journal.pendingTimers()).toEqual([timerRow('late', 500), timerRow('early', 1_000)]);
        expect(await journal.pendingTimers({ limit: 1 })).toEqual([timerRow('late', 500)]);
        expect(await journal.timer('pn/home', 'late')).toEqual(timerRow('late', 500));
        expect(await journal.timer('pn/home', 'gone')).toBeNull();
      });

      it('gives the last word to the later commit of a batch', async () => {
        const disarm = [{ stream: 'pn/home', name: 't' }];
        await Promise.all([
          journal.commit(commitOf({ timers: { arm: [timerRow('t', 1), timerRow('u', 1)], disarm: [] } })),
          journal.commit(commitOf({ timers: { arm: [timerRow('u', 2)], disarm } })),
        ]);
        expect(await journal.pendingTimers()).toEqual([timerRow('u', 2)]);
      });

      it('arms what it disarms in the same commit', async () => {
        const disarm = [{ stream: 'pn/home', name: 't' }];
        await journal.commit(commitOf({ timers: { arm: [timerRow('t', 1)], disarm } }));
        expect(await journal.pendingTimers()).toEqual([timerRow('t', 1)]);
      });

      it('keeps, replaces and drops wrapped keys', async () => {
        await journal.commit(putKey(1, 2, 3));
        await journal.commit(putKey(4, 5));
        expect(await journal.wrappedKey('k1')).toEqual(Uint8Array.of(4, 5));
        await journal.commit(commitOf({ keys: { put: [], drop: ['k1'] } }));
        expect(await journal.wrappedKey('k1')).toBeNull();
      });

      it('takes a commit only where the keys are what it expects, also of an earlier one in its batch', async () => {
        const first = Uint8Array.of(1);
        const put = (n: number, wrapped: Uint8Array | null, ...events: readonly string[]): Commit => ({
          ...appendTo('s', any, ...events),
          keys: { put: [{ id: 'k1', wrapped: Uint8Array.of(n) }], drop: [], expect: [{ id: 'k1', wrapped }] },
        });
        const racing = await Promise.all([journal.commit(put(1, null)), journal.commit(put(2, null, 'Loser'))]);
        expect(racing).toEqual([
          { kind: 'committed', events: [] },
          { kind: 'keyConflict', id: 'k1' },
        ]);
        await reopen();
        expect(await journal.commit(put(3, Uint8Array.of(2), 'Stale'))).toEqual({ kind: 'keyConflict', id: 'k1' });
        const leaning = [journal.commit(put(3, first, 'E1')), journal.commit(put(4, Uint8Array.of(3), 'E2'))];
        expect((await Promise.all(leaning)).map(({ kind }) => kind)).toEqual(['committed', 'committed']);
        const gone = { id: 'k1', wrapped: null };
        await journal.commit(commitOf({ keys: { put: [], drop: ['k1'] } }));
        expect(await journal.commit(commitOf({ keys: { put: [], drop: [], expect: [gone] } }))).toMatchObject({
          kind: 'committed',
        });
        expect(types(await journal.readStream('s'))).toEqual(['E1', 'E2']);
      });

      it('lists wrapped keys by id, in pages', async () => {
        const put = ['session/b', 'handshake/z', 'session/a', 'wan/start'].map((id, n) => ({
          id,
          wrapped: Uint8Array.of(n),
        }));
        await journal.commit(commitOf({ keys: { put, drop: [] } }));
        await reopen();
        const page = await journal.wrappedKeys({ after: '', limit: 2 });
        expect(page).toEqual([put[1], put[2]]);
        expect(await journal.wrappedKeys({ after: 'session/a', limit: 9 })).toEqual([put[0], put[3]]);
        expect(await journal.wrappedKeys({ after: 'wan/start', limit: 9 })).toEqual([]);
        await journal.commit(commitOf({ keys: { put: [], drop: ['session/b'] } }));
        await journal.forgetDropped();
        expect(await journal.wrappedKeys({ after: 'session/a', limit: 9 })).toEqual([put[3]]);
      });
    });

    describe('reads', () => {
      beforeEach(async () => {
        const many = Array.from({ length: 1_200 }, (_, i) => `E${i + 1}`);
        const other = eventOf('Other', { meta: metaOf({ correlationId: 'correlation-2' }) });
        await journal.commit(appendTo('s', noStream, ...many));
        await journal.commit(commitOf({ appends: [{ stream: 't', expected: noStream, events: [other] }] }));
      });

      it('is bounded, and goes on after what was read', async () => {
        const first = await journal.readAll();
        expect(first).toHaveLength(DEFAULT_READ_LIMIT);
        const rest = await journal.readAll({ after: DEFAULT_READ_LIMIT });
        expect(types(rest).slice(-2)).toEqual(['E1200', 'Other']);
        expect(rest).toHaveLength(201);
        expect(await journal.readAll({ after: 1_201 })).toEqual([]);
        expect(await journal.readAll({ limit: 0 })).toEqual([]);
        expect(await journal.readAll({ limit: -1 })).toEqual([]);
      });

      it('reads one stream by version', async () => {
        expect(types(await journal.readStream('s', { after: 2, limit: 2 }))).toEqual(['E3', 'E4']);
        expect(types(await journal.readStream('t'))).toEqual(['Other']);
        expect(await journal.readStream('unknown')).toEqual([]);
      });

      it('reads one correlation by position', async () => {
        expect(types(await journal.readCorrelation('correlation-2'))).toEqual(['Other']);
        expect(types(await journal.readCorrelation('correlation-1', { after: 1_199 }))).toEqual(['E1200']);
      });

      it('hands out copies: what a reader changes stays his', async () => {
        const data: { n: number } = { n: 1 };
        await journal.commit(commitOf({ appends: [{ stream: 'u', expected: any, events: [eventOf('E', { data })] }] }));
        data.n = 2;
        expect((await journal.readStream('u'))[0]?.data).toEqual({ n: 1 });
      });
    });

    describe('a reader that follows positions', () => {
      it('is shown every event once while others commit, and no two of a stream in the wrong order', async () => {
        const calls = Array.from({ length: 400 }, async (_, i) => {
          // In waves, so that reads fall between batches and into them.
          for (let turn = 0; turn < i % 40; turn++) await new Promise((resolve) => setImmediate(resolve));
          return journal.commit(appendTo(`s${i % 9}`, any, ...(i % 3 === 0 ? ['E', 'E'] : ['E'])));
        });
        const committing = Promise.all(calls);
        expect(await follow(journal, 400 + 134)).toEqual(gapless(400 + 134));
        await committing;
      });
    });

    it('is not stalled by an unrelated transaction that stays open, which hides nothing', async () => {
      await journal.commit(appendTo('s', noStream, 'E'));
      const end = await storage.stranger();
      const heard: number[] = [];
      journal.onCommit((events) => heard.push(...events.map(({ position }) => position)));
      for (let i = 1; i < 20; i++) await journal.commit(appendTo('s', exactly(i), 'E'));
      await journal.commit(commitOf({ timers: { arm: [timerRow('t', 1)], disarm: [] } }));
      expect(await follow(journal, 20)).toEqual(gapless(20));
      expect(await journal.pendingTimers()).toHaveLength(1);
      expect(heard).toEqual(Array.from({ length: 19 }, (_, i) => i + 2));
      await end();
      expect(await journal.head()).toBe(20);
    });

    describe('listeners and closing', () => {
      it('tells listeners of each commit, in position order, when it can be read', async () => {
        const heard: number[] = [];
        const readable: Promise<boolean>[] = [];
        const stop = journal.onCommit((events) => {
          for (const { position } of events) heard.push(position);
          readable.push(journal.head().then((head) => head >= (events.at(-1)?.position ?? 0)));
        });
        await Promise.all([journal.commit(appendTo('s', any, 'A')), journal.commit(appendTo('s', any, 'B', 'C'))]);
        await journal.commit(appendTo('s', exactly(99), 'Refused'));
        stop();
        await journal.commit(appendTo('s', any, 'D'));
        expect(heard).toEqual([1, 2, 3]);
        expect(await Promise.all(readable)).not.toContain(false);
      });

      it('decides what waits before it closes, and refuses what comes after', async () => {
        const waiting = journal.commit(appendTo('s', noStream, 'E'));
        const closing = journal.close();
        await expect(journal.commit(appendTo('s', any, 'Late'))).rejects.toMatchObject({ fault: 'closed' });
        await closing;
        expect((await waiting).kind).toBe('committed');
        await expect(journal.head()).rejects.toThrow(JournalError);
        await journal.close();
        journal = await storage.open();
        expect(await journal.head()).toBe(1);
      });
    });
  });
}
