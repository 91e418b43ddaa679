import { describe, expect, test } from 'vitest';
import { linkUp } from '../../../messages/subjects.ts';
import type { RecordedEvent } from '../../../journal/port.ts';
import { PROVISIONAL_MS } from '../../../machines/timing.ts';
import { stepOrder } from '../../../replay/rules/step-order.ts';
import { HANDSHAKE } from '../../machines/given.ts';
import { hand, last } from '../../actors/talk.ts';
import { byRule } from './by-rule.ts';
import { device, GATEWAY, World, type Moment } from '../../simulation/world.ts';

/** The order of the steps: whatever a PNE sends, an honest PN GW keeps to it; what no chart lets happen is found. */

const rule = byRule(stepOrder);
const NOTHING = { phase: 'chaos', sent: [], said: [], given: [], log: [], secrets: [], inMemory: [] } as const;
const found = async (timeline: readonly Moment[]): Promise<readonly string[]> => rule({ ...NOTHING, timeline });

const pns = [{ id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: [] }];

async function started(): Promise<World> {
  const world = await World.start({ pns, devices: [device('lamp', 'home', 'needed')] });
  await world.calm();
  return world;
}

/** A message of a PNE, which is free in its choice of ids. */
function from(world: World, deviceId: string, type: string, messageId: string, correlationId: string): void {
  const body = type === 'registration-request' ? { pnId: 'home', handshake: HANDSHAKE } : {};
  const message = { v: 1, type, messageId, correlationId, inReplyTo: null, body };
  hand(world, 'gateway', linkUp(GATEWAY, deviceId, type), JSON.stringify(message));
}
const pairs = (world: World, messageId: string, deviceId = 'cup', correlationId = 'c'): void =>
  from(world, deviceId, 'pairing-request', messageId, correlationId);
const asks = (world: World, messageId: string, deviceId = 'cup', correlationId = 'c'): void =>
  from(world, deviceId, 'registration-request', messageId, correlationId);

/** Delivers all but what is on such a subject, and what that leads to. */
async function deliverBut(world: World, ending: string): Promise<void> {
  for (;;) {
    const index = world.network.inFlight.findIndex(({ subject }) => !subject.endsWith(ending));
    if (index < 0) return;
    world.network.deliver(index);
    await world.settle();
  }
}

/** Delivers the first message on such a subject. */
async function deliver(world: World, ending: string): Promise<void> {
  world.network.deliver(world.network.inFlight.findIndex(({ subject }) => subject.endsWith(ending)));
  await world.settle();
}

const stepsOf = async (world: World, deviceId: string): Promise<string> =>
  (await world.events('gateway'))
    .filter(({ stream }) => stream === `admission/${GATEWAY}/${deviceId}`)
    .flatMap(({ meta }) => meta.crStep?.replace('1.4.2/', '') ?? [])
    .join(' ');

describe('an auditor finds no step out of order at an honest PN GW', () => {
  test('where a PNE has paired twice before its first request arrives', async () => {
    const world = await started();
    pairs(world, 'p1');
    pairs(world, 'p2');
    asks(world, 'r1');
    await world.calm();
    asks(world, 'r2');
    await world.calm();
    expect(await stepsOf(world, 'cup')).toBe('1 1 2 3 4 4 5 5 6 2 3 4 4 5 5 6');
    expect(await found(world.timeline)).toEqual([]);
  });

  test('where a PNE pairs again while its request is under way, and asks again after the answer', async () => {
    const world = await started();
    pairs(world, 'p1');
    asks(world, 'r1');
    await world.settle();
    pairs(world, 'p2');
    await world.calm();
    asks(world, 'r2');
    await world.calm();
    expect(await stepsOf(world, 'cup')).toBe('1 2 3 4 1 4 5 5 6 2 3 4 4 5 5 6');
    expect(await found(world.timeline)).toEqual([]);
  });

  test('where a PNE that is paired asks again without pairing again', async () => {
    const world = await started();
    pairs(world, 'p1');
    asks(world, 'r1');
    await world.calm();
    asks(world, 'r2');
    await world.calm();
    expect(await stepsOf(world, 'cup')).toBe('1 2 3 4 4 5 5 6 2 3 4 4 5 5 6');
    expect(await found(world.timeline)).toEqual([]);
  });

  test('where a stranger that the server had added is gone again before its request is forwarded', async () => {
    const world = await started();
    pairs(world, 'p1');
    asks(world, 'r1');
    await world.settle();
    await world.kill('gateway');
    await world.drain();
    world.clock.advance(PROVISIONAL_MS);
    await world.drain();
    await world.startNode('gateway');
    await world.settle();
    await deliverBut(world, 'pn-update-response');
    await world.calm();
    const refused = (await world.events('gateway')).find(({ type }) => type === 'AdmissionRefused');
    expect(refused).toMatchObject({ data: { code: 409 } });
    expect(await stepsOf(world, 'cup')).toBe('1 2 3 4 4 3 6');
    expect(await found(world.timeline)).toEqual([]);
  });

  test('where two PNEs give their messages the same correlation id', async () => {
    const world = await started();
    for (const deviceId of ['cup', 'tag']) {
      pairs(world, `p-${deviceId}`, deviceId);
      asks(world, `r-${deviceId}`, deviceId);
    }
    await world.calm();
    for (const deviceId of ['cup', 'tag']) expect(await stepsOf(world, deviceId)).toBe('1 2 3 4 4 5 5 6');
    expect(await found(world.timeline)).toEqual([]);
  });
});

test('an auditor finds no step out of order at the server where a PNE takes the correlation id of another one', async () => {
  const world = await started();
  await world.register('lamp');
  await deliverBut(world, 'up.lamp.sealed');
  const { correlationId } = last(world, 'up.lamp.registration-request').message;
  pairs(world, 'p1', 'cup', correlationId);
  asks(world, 'r1', 'cup', correlationId);
  await world.settle();
  await deliver(world, 'wan.up.hub.pn-update-request');
  await deliverBut(world, 'pn-update-response');
  await world.calm();
  const steps = (await world.events('server')).flatMap(({ meta }) => meta.crStep?.replace('1.4.2/', '') ?? []);
  expect(steps.join(' ')).toBe('4 4 4 5 5 5 5 5 4 4 4 6 5 5 5 5');
  expect(await found(world.timeline)).toEqual([]);
});

describe('an auditor finds, in the journal of a PN GW,', () => {
  const recorded = (events: readonly (readonly [type: string, step: number])[]): readonly Moment[] => [
    {
      node: 'gateway',
      events: events.map(([type, step], index): RecordedEvent => ({
        position: index + 1,
        stream: 'admission/hub/lamp',
        version: index + 1,
        type,
        schemaVersion: 1,
        data: {},
        meta: {
          messageId: 'm',
          correlationId: 'c',
          causationId: null,
          role: 'pn-gateway',
          chart: { id: 'pn-gateway/admission', hash: '' },
          crStep: `1.4.2/${step}`,
          recordedAt: '2026-01-01T00:00:00.000Z',
        },
      })),
      keys: { put: [], drop: [] },
    },
  ];
  const PAIRED = ['PairingFormed', 1] as const;
  const ASKED = ['RegistrationRequestReceived', 2] as const;
  const MISSING = ['MembershipMissing', 3] as const;
  const UPDATE = ['PnUpdateAnswered', 4] as const;
  const FORWARDED = ['RegistrationForwarded', 5] as const;
  const ANSWERED = ['ResponseForwarded', 6] as const;

  test('nothing in two attempts, with a pairing amid the first', async () => {
    const first = [ASKED, MISSING, PAIRED, UPDATE, FORWARDED, ANSWERED];
    const second = [ASKED, MISSING, UPDATE, FORWARDED, ANSWERED];
    expect(await found(recorded([PAIRED, ...first, ...second]))).toEqual([]);
  });

  test.each([
    [
      'a request that is taken before the answer to the one before',
      [PAIRED, ASKED, MISSING, UPDATE, ASKED],
      /\/2 .* \/4/,
    ],
    [
      'a request that is taken before that answer, although the PNE has paired again',
      [PAIRED, ASKED, MISSING, UPDATE, PAIRED, ASKED],
      /\/2 .* \/4/,
    ],
    [
      'a refusal by itself after it has forwarded the request',
      [PAIRED, ASKED, MISSING, UPDATE, FORWARDED, ['AdmissionRefused', 3]],
      /\/3 .* \/5/,
    ],
    ['a membership that is looked at after the update', [PAIRED, ASKED, UPDATE, MISSING], /\/3 .* \/4/],
    [
      'a request that is forwarded after its answer, although the PNE has paired again',
      [PAIRED, ASKED, ANSWERED, PAIRED, FORWARDED],
      /\/5 .* \/6/,
    ],
  ] as const)('%s', async (_, events, says) => {
    const [first, ...more] = await found(recorded(events));
    expect(first?.replaceAll('1.4.2', '').replace('of this registration comes after', '')).toMatch(says);
    expect(more).toEqual([]);
  });
});
