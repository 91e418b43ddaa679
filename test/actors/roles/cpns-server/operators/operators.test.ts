import { beforeEach, describe, expect, test } from 'vitest';
import { decide } from '../../../../../actors/roles/cpns-server/operators/decide.ts';
import { Operators } from '../../../../../actors/roles/cpns-server/operators/operators.ts';
import { decisionToBytes, type OperatorQuestion } from '../../../../../messages/operators.ts';
import type { Runtime } from '../../../../../actors/loop/runtime.ts';
import { SeededEntropy } from '../../../../../seams/entropy.ts';
import { askSealed } from '../../../../../actors/services/ask.ts';
import { handOverOperate, operate } from '../../../../../messages/subjects.ts';
import { personalNetwork } from '../../../../../machines/cpns-server/personal-network.ts';
import { device, GATEWAY, World } from '../../../../simulation/world.ts';
import { Leg, settle } from '../../../services/leg.ts';
import { streamOf } from '../../../../../machines/streams.ts';

/** What operators decide, from the sealed question to the event. */

const SECRET = new SeededEntropy('the secret of desk').bytes(32);
const APPROVE: OperatorQuestion = { verb: 'approve', pnId: 'home', deviceId: 'tag' };
const WITHIN_MS = 5_000;

describe('of several servers', () => {
  const NAMES = ['a', 'b', 'c'] as const;
  let leg: Leg;
  let desk: ReturnType<Leg['seams']>;
  const told = new Map<string, string[]>();

  const ask = (secret = SECRET) =>
    askSealed(desk, { subject: operate('desk'), secret }, decisionToBytes(APPROVE), WITHIN_MS);
  const start = (id: string, owner: string): Operators => {
    const tell: Runtime['tell'] = (stream) => {
      told.set(id, [...(told.get(id) ?? []), stream]);
      return Promise.resolve('taken');
    };
    const sharing = { id, ownerOf: () => owner, mineSince: () => 0 };
    return new Operators(leg.seams(`server-${id}`), new Map([['desk', SECRET]]), { tell }, sharing);
  };
  const begin = (): void => {
    leg = new Leg();
    desk = leg.seams('desk');
  };
  beforeEach(() => {
    begin();
    told.clear();
  });

  test('the one that looks after the PN takes each decision, whichever it came to', async () => {
    for (const id of NAMES) start(id, 'b');
    for (let turn = 0; turn < NAMES.length; turn++) expect(await ask()).toMatchObject({ kind: 'answered' });
    expect([...told]).toEqual([
      ['b', Array.from({ length: NAMES.length }, () => streamOf('cpns-server/personal-network', { pnId: 'home' }))],
    ]);
    expect(leg.passed.filter(({ subject }) => subject === handOverOperate('b', 'desk'))).toHaveLength(2);
  });

  test('none takes it where they differ over which that is, or that one is gone: 503', async () => {
    for (const [id, owner] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const)
      start(id, owner);
    expect(await ask()).toEqual({ kind: 'answered', code: 503 });
    begin();
    start('a', 'gone');
    expect(await ask()).toEqual({ kind: 'answered', code: 503 });
    expect([...told]).toEqual([]);
  });

  test('none takes it again when a broker shows it to them once more, nor under another secret', async () => {
    for (const id of NAMES) start(id, 'b');
    await ask();
    const asked = leg.passed.find(({ subject }) => subject === operate('desk'));
    if (asked === undefined) throw new Error('nothing was asked');
    const broker = leg.network.connect('broker');
    const again = NAMES.map(() => broker.request(asked.subject, asked.payload, { timeoutMs: 100 }));
    await settle();
    leg.clock.advance(100_000);
    await Promise.allSettled(again);
    expect(await ask(new SeededEntropy('another').bytes(32))).toEqual({ kind: 'unknown', reason: 'answer not sealed' });
    expect([...told]).toEqual([['b', [streamOf('cpns-server/personal-network', { pnId: 'home' })]]]);
  });
});

describe('a decision about a PN', () => {
  const pns = [{ id: 'home', gatewayId: GATEWAY, joinPolicy: 'approval' as const, members: [] }];

  async function waiting(): Promise<World> {
    const world = await World.start({ pns, devices: [device('tag', 'home', 'needed')] });
    await world.drain();
    await world.register('tag');
    await world.drain();
    return world;
  }
  const listIn = async (world: World) => {
    const { context } =
      (await world
        .runtime('server')
        ?.state(personalNetwork, streamOf('cpns-server/personal-network', { pnId: 'home' }))) ?? {};
    return { waiting: context?.waiting, rejected: context?.rejected, members: Object.keys(context?.members ?? {}) };
  };

  test('lets the device in: the PN GW knows it from the notice, and the next request is that of a member (1.4.1)', async () => {
    const world = await waiting();
    expect(await listIn(world)).toEqual({ waiting: ['tag'], rejected: [], members: [] });
    world.decide('approve', 'tag');
    await world.drain();
    await world.calm();
    expect(await listIn(world)).toEqual({ waiting: [], rejected: [], members: ['tag'] });
    const events = world.timeline.flatMap(({ events: of }) => of);
    const approved = events.findIndex(({ type }) => type === 'PneApproved');
    const steps = events.slice(approved).map(({ type, meta }) => `${type} ${meta.crStep}`);
    expect(steps.slice(0, 2)).toEqual(['PneApproved null', 'LocalInventoryUpdated null']);
    expect(steps).toContain('MembershipConfirmed 1.4.1/2');
    expect(steps).toContain('RegistrationAnswered 1.4.1/3');
    expect(steps.filter((step) => step.startsWith('PnUpdate'))).toEqual([]);
  });

  test('is one event that names its question and who asked, however often it comes', async () => {
    const world = await waiting();
    for (let time = 0; time < 3; time++) world.decide('reject', 'tag');
    await world.drain();
    const rejected = (await world.events('server')).filter(({ type }) => type === 'PneRejected');
    expect(rejected).toMatchObject([{ data: { deviceId: 'tag', by: 'desk' }, meta: { crStep: null } }]);
    expect(await listIn(world)).toEqual({ waiting: [], rejected: ['tag'], members: [] });
  });

  test.each([
    ['approve', 'PneApproved'],
    ['reject', 'PneRejected'],
  ] as const)('%s that is not durable yet is not called so to whoever says it as well: 408', async (verb, type) => {
    const world = await waiting();
    const runtime = world.runtime('server');
    if (runtime === null) throw new Error('the server does not run');
    const say = (by: string) => decide(runtime, by, { ...APPROVE, verb }, `${by}-says`);
    world.pause('server');
    const first = say('desk');
    expect(await say('night')).toBe(408);
    expect((await world.events('server')).filter((event) => event.type === type)).toEqual([]);
    world.resume('server');
    expect(await first).toBe(200);
    expect(await say('night')).toBe(200);
    expect((await world.events('server')).filter((event) => event.type === type)).toHaveLength(1);
  });

  test('stands after the server was killed, and a device waits on as well', async () => {
    const world = await waiting();
    await world.kill('server');
    await world.startNode('server');
    expect(await listIn(world)).toMatchObject({ waiting: ['tag'] });
    world.decide('approve', 'tag');
    await world.settle();
    await world.kill('server');
    await world.startNode('server');
    expect(await listIn(world)).toEqual({ waiting: [], rejected: [], members: ['tag'] });
  });
});

test('a question comes through a running server as one event whose cause is its id', async () => {
  const pns = [{ id: 'home', gatewayId: GATEWAY, joinPolicy: 'approval' as const, members: [] }];
  const world = await World.start({ pns, devices: [device('tag', 'home', 'needed')] });
  await world.drain();
  await world.register('tag');
  await world.drain();
  const runtime = world.runtime('server');
  if (runtime === null) throw new Error('the server does not run');
  const leg = new Leg();
  const operators = new Operators(leg.seams('server'), new Map([['desk', SECRET]]), runtime);
  const desk = leg.seams('desk');
  const asked = (question: OperatorQuestion) =>
    askSealed(desk, { subject: operate('desk'), secret: SECRET }, decisionToBytes(question), WITHIN_MS);
  expect(await asked({ ...APPROVE, pnId: 'shed' })).toEqual({ kind: 'answered', code: 404 });
  expect(await asked({ ...APPROVE, deviceId: 'lamp' })).toEqual({ kind: 'answered', code: 409 });
  expect(await asked(APPROVE)).toEqual({ kind: 'answered', code: 200 });
  expect(await asked(APPROVE)).toEqual({ kind: 'answered', code: 200 });
  const approved = (await world.events('server')).filter(({ type }) => type === 'PneApproved');
  expect(approved).toMatchObject([
    { data: { by: 'desk' }, meta: { messageId: expect.stringMatching(/^[0-9a-f]{32}$/), role: 'cpns-server' } },
  ]);
  operators.stop();
});
