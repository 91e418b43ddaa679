import { beforeEach, describe, expect, test } from 'vitest';
import { foldActor } from '../../../fold/fold.ts';
import { SnapshotKeeper } from '../../../actors/loop/snapshots.ts';
import { SimulatedClock } from '../../../seams/clock.ts';
import { MemoryJournal } from '../../../journal/memory.ts';
import { JournalError, type RecordedEvent, type Snapshot } from '../../../journal/port.ts';
import { charging } from '../../../machines/cpns-server/charging.ts';
import { chartOfMachine } from '../../../machines/chart.ts';
import { snapshotOf, stateHashOf } from '../../../fold/snapshot.ts';
import { commitOf, eventOf, metaOf } from '../../journal/controls.ts';
import { device, GATEWAY, World } from '../../simulation/world.ts';

const STREAM = 'charging/home/lamp';
const refused = eventOf('MessageRefused', {
  data: { message: 'usage-report', from: 'hub', code: 409, count: 1 },
  meta: metaOf({ chart: { id: charging.id, hash: 'h' } }),
});

let journal: MemoryJournal;
beforeEach(() => {
  journal = new MemoryJournal();
});

async function append(count: number): Promise<readonly RecordedEvent[]> {
  const events = Array.from({ length: count }, () => refused);
  const result = await journal.commit(commitOf({ appends: [{ stream: STREAM, expected: { kind: 'any' }, events }] }));
  return result.kind === 'committed' ? result.events : [];
}
async function keep(parts: Partial<Snapshot> = {}): Promise<Snapshot> {
  const { state, version, position } = await foldActor(journal, charging, STREAM);
  const snapshot = { ...snapshotOf(charging, { stream: STREAM, version, position }, state), ...parts };
  await journal.keepSnapshots([snapshot]);
  return snapshot;
}
async function folded(): Promise<object> {
  const { state, version, ignored, folded: count } = await foldActor(journal, charging, STREAM);
  return { refusals: charging.owns(state) ? state.context.refusals : null, version, ignored, folded: count };
}

describe('an actor that is loaded', () => {
  test('is folded on from the newest snapshot', async () => {
    await append(5);
    await keep();
    expect(await folded()).toEqual({ refusals: 5, version: 5, ignored: null, folded: 0 });
    await append(2_300);
    expect(await folded()).toEqual({ refusals: 2_305, version: 2_305, ignored: null, folded: 2_300 });
  });

  test('is what it was at a version or a position, from the snapshot before that', async () => {
    await append(5);
    await keep();
    await append(1);
    await journal.commit(commitOf({ appends: [{ stream: 'other', expected: { kind: 'any' }, events: [refused] }] }));
    await append(4);
    await keep();
    expect(await foldActor(journal, charging, STREAM, { version: 7 })).toMatchObject({ version: 7, folded: 2 });
    expect(await foldActor(journal, charging, STREAM, { position: 7 })).toMatchObject({ version: 6, folded: 1 });
    expect(await foldActor(journal, charging, STREAM, { version: 4 })).toMatchObject({ version: 4, folded: 4 });
    expect(await foldActor(journal, charging, STREAM, { version: 0 })).toMatchObject({ version: 0, position: 0 });
  });

  test.each<readonly [string, string, Partial<Snapshot>]>([
    ['of another definition of the chart', 'otherChart', { chart: { id: charging.id, hash: 'another' } }],
    ['of a program with other guards and actions', 'otherProgram', { program: 'another' }],
    ['whose state is not what was hashed', 'damaged', { state: '{"value":"counting","context":{}}' }],
    ['whose hash is another', 'damaged', { stateHash: 'another' }],
    ['that is no JSON', 'damaged', { state: '{' }],
    ['of an event that is not there', 'beyond', { version: 9, position: 9 }],
    ['of an event at another position', 'beyond', { position: 4 }],
  ])('is folded from its first event where the snapshot is one %s', async (_, fault, parts) => {
    await append(5);
    const { version } = await keep(parts);
    expect(await folded()).toEqual({ refusals: 5, version: 5, ignored: { version, fault }, folded: 5 });
  });
});

test('what a program does with events tells it from another, where the definition is the same', () => {
  const again = chartOfMachine(charging.id, charging.machine);
  expect([again.definition, again.program]).toEqual([charging.definition, charging.program]);
  const other = charging.machine.provide({ actions: { countRefusal: () => {} } });
  expect(chartOfMachine(charging.id, other).definition).toBe(charging.definition);
  expect(chartOfMachine(charging.id, other).program).not.toBe(charging.program);
});

describe('the snapshots of a process', () => {
  const clock = new SimulatedClock();
  const warnings: string[] = [];
  const keeperOn = (target: Pick<MemoryJournal, 'keepSnapshots'>, every: number): SnapshotKeeper =>
    new SnapshotKeeper({ journal: target, clock, warn: (message) => void warnings.push(message) }, every);
  const step = async (keeper: SnapshotKeeper, count: number): Promise<void> => {
    const events = await append(count);
    const actor = await foldActor(journal, charging, STREAM);
    keeper.committed(events, () => [[STREAM, actor]]);
  };
  const versions = async () => (await journal.snapshots()).map(({ version }) => version);

  test('are taken when a step passes a multiple of so many events, and are what the stream folds to', async () => {
    const keeper = keeperOn(journal, 10);
    for (const count of [7, 2, 4, 4, 3, 1]) {
      await step(keeper, count);
      clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await versions()).toEqual([13, 20]);
    const { state } = await foldActor(journal, charging, STREAM, { version: 13 });
    expect((await journal.snapshots()).at(0)?.stateHash).toBe(stateHashOf(state));
  });

  test('are taken of an actor that took more events to bring back, and written at the end', async () => {
    await append(25);
    const keeper = keeperOn(journal, 10);
    keeper.folded(STREAM, await foldActor(journal, charging, STREAM));
    await keeper.stop();
    expect(await versions()).toEqual([25]);
    keeper.folded(STREAM, await foldActor(journal, charging, STREAM));
    await keeper.stop();
    expect(await versions()).toEqual([25]);
  });

  test('may fail to be written: it is said, and nothing else comes of it', async () => {
    const full = (): Promise<never> => Promise.reject(new JournalError('full', 'The disk is full.', 'Make room.'));
    const keeper = keeperOn({ keepSnapshots: full }, 2);
    await step(keeper, 2);
    await keeper.stop();
    expect(warnings).toEqual(['snapshots not kept']);
  });

  test('of a large state are further apart: all together take no more room than the events', async () => {
    const keeper = keeperOn(journal, 2);
    const big = { value: 'counting', context: { text: 'x'.repeat(2_000) } };
    for (let version = 1; version <= 32; version++) {
      const events = await append(1);
      keeper.committed(events, () => [[STREAM, { chart: charging, state: big, version }]]);
      clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await versions()).toEqual([2, 8, 16, 24, 32]);
  });
});

test('a role that comes back folds on from its snapshots, and says which one it ignored', async () => {
  const pn = { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp'] };
  const world = await World.start({ pns: [pn], devices: [device('lamp', 'home')] });
  await world.calm();
  await world.register('lamp');
  await world.calm();
  world.clock.advance(1_000);
  await world.settle();
  await world.kill('server');
  const snapshots = world.disk('server').snapshots;
  expect([...snapshots.keys()]).toContain('registration/home/lamp');
  for (const [stream, kept] of snapshots)
    snapshots.set(stream, new Map([...kept].map(([version, one]) => [version, { ...one, stateHash: 'another' }])));
  await world.startNode('server');
  await world.register('lamp');
  await world.calm();
  const said = world.log.lines.filter(({ message }) => message === 'snapshot ignored');
  expect(said.map(({ fields }) => fields['reason'])).toContain('damaged');
  expect(world.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
});
