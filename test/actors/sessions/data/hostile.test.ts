import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ApplicationMessage, SendOutcome } from '../../../../actors/sessions/data/port.ts';
import { startGateway } from '../../../../actors/start.ts';
import { gatewayIdentity } from '../../../simulation/world.ts';
import { lie } from '../../liar.ts';
import { inSession, isData, send, until, type Fate, type Sessions } from './sessions.ts';
import type { InFlight } from '../../../../wire/memory-hub.ts';

/** A PN GW, or a network, that loses, repeats and reorders whatever it likes, and processes that die at any moment. */

const RUNS = Number(process.env['CPNS_PROPERTY_RUNS'] ?? '20');

interface Sent {
  readonly name: string;
  readonly from: 'server' | 'pnes';
  readonly outcome: Promise<SendOutcome>;
}

const end = fc.constantFrom('server' as const, 'pnes' as const);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('send' as const), from: end, bytes: fc.constantFrom(0, 10, 70_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), node: end }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('replay' as const),
      pick: fc.nat(1_000),
      copies: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(400, 3_000, 12_000, 40_000) }),
  },
);
const fates = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant('deliver' as const) },
    { weight: 2, arbitrary: fc.constantFrom<Fate>('lose', 'twice', 'later') },
  ),
  { minLength: 1, maxLength: 60 },
);
const script = fc.record({
  seed: fc.nat(),
  settings: fc.record({ rekeyAfterMessages: fc.constantFrom(1, 3, 65_536), graceMs: fc.constantFrom(100, 10_000) }),
  steps: fc.array(step, { minLength: 1, maxLength: 14 }),
  fates,
});

/** Name and padding: what arrives must be what was sent, whole. */
const textOf = (name: string, bytes: number): string => `${name}|`.padEnd(bytes, '.');
const nameOf = ({ bytes }: ApplicationMessage): string => new TextDecoder().decode(bytes).split('|')[0] ?? '';

async function play(
  sessions: Sessions,
  { steps, fates: all }: typeof script extends fc.Arbitrary<infer T> ? T : never,
) {
  const { world } = sessions;
  let next = 0;
  const fate = (message: InFlight): Fate => (isData(message) ? (all[next++ % all.length] ?? 'deliver') : 'deliver');
  const sent: Sent[] = [];
  const hostile = world.network.connect('hostile');
  for (const [index, one] of steps.entries()) {
    switch (one.do) {
      case 'send': {
        const name = `${index} of ${one.from}`;
        sent.push({ name, from: one.from, outcome: send(sessions, one.from, textOf(name, one.bytes)) });
        break;
      }
      case 'restart':
        await world.kill(one.node);
        await world.startNode(one.node);
        break;
      case 'replay': {
        const old = world.sent.filter(isData);
        const copy = old[one.pick % Math.max(1, old.length)];
        for (let left = one.copies; left > 0 && copy !== undefined; left--) hostile.publish(copy.subject, copy.frame);
        break;
      }
      case 'wait':
        await until(world, wait(sessions, one.ms), fate);
    }
  }
  const outcomes = await until(world, Promise.all(sent.map(({ outcome }) => outcome)), fate);
  return sent.map(({ name, from }, index) => ({ name, from, outcome: outcomes[index] }));
}

const wait = ({ world }: Sessions, ms: number): Promise<void> =>
  new Promise((resolve) => void world.clock.after(ms, resolve));

describe('through a hostile and lossy PN GW', () => {
  test('each message is given to the application at most once and whole, and its sender is never told what is not so', async () => {
    const outcomes = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(script, async (drawn) => {
        const sessions = await inSession({ seed: `hostile ${drawn.seed}`, settings: drawn.settings });
        const sent = await play(sessions, drawn);
        const given = { pnes: sessions.given.server.map(nameOf), server: sessions.given.pnes.map(nameOf) };
        for (const from of ['pnes', 'server'] as const) {
          expect(new Set(given[from]).size, `given twice: ${given[from].join()}`).toBe(given[from].length);
          const names = sent.filter((one) => one.from === from).map(({ name }) => name);
          expect(names).toEqual(expect.arrayContaining([...given[from]]));
        }
        for (const { name, from, outcome } of sent) {
          const isGiven = given[from].includes(name);
          if (outcome?.kind === 'delivered') expect(isGiven, `${name} was not delivered`).toBe(true);
          if (outcome?.kind === 'noSession' || outcome?.kind === 'refused') expect(isGiven, name).toBe(false);
          outcomes.set(outcome?.kind ?? '', (outcomes.get(outcome?.kind ?? '') ?? 0) + 1);
        }
        for (const message of [...sessions.given.server, ...sessions.given.pnes]) {
          expect(new TextDecoder().decode(message.bytes)).toBe(textOf(nameOf(message), message.bytes.length));
        }
        // The wire behaves from now on: messages arrive again.
        for (const from of ['pnes', 'server'] as const) {
          sessions.world.clock.advance(60_000);
          expect((await until(sessions.world, send(sessions, from, 'at last|'))).kind).toBe('delivered');
        }
      }),
      { numRuns: RUNS },
    );
    expect(outcomes.get('delivered')).toBeGreaterThan(0);
  }, 120_000);

  test('all messages are delivered, once, where one frame in ten is lost on each hop and one in ten comes twice', async () => {
    const sessions = await inSession();
    let turn = 0;
    const fate = (message: InFlight): Fate => {
      if (!isData(message)) return 'deliver';
      turn += 1;
      return turn % 10 === 0 ? 'lose' : turn % 10 === 5 ? 'twice' : 'deliver';
    };
    const all = Array.from({ length: 20 }, (_, index) => send(sessions, 'pnes', `${index}|`));
    const outcomes = await until(sessions.world, Promise.all(all), fate);
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['delivered']));
    expect(sessions.given.server.map(nameOf).toSorted()).toEqual(all.map((_, index) => `${index}`).toSorted());
  });

  test('a message is put together whatever the order of its chunks', async () => {
    const sessions = await inSession();
    const { world, given } = sessions;
    const bytes = Uint8Array.from({ length: 250_000 }, (_, index) => index % 251);
    const outcome = send(sessions, 'server', bytes);
    await world.settle();
    // The newest first, as long as there is any.
    for (;;) {
      const { length } = world.network.inFlight;
      if (length === 0) break;
      world.network.deliver(length - 1);
      await world.settle();
    }
    expect(await until(world, outcome)).toEqual({ kind: 'delivered' });
    expect(Buffer.compare(given.pnes[0]?.bytes ?? new Uint8Array(0), bytes)).toBe(0);
  });

  test('a frame for another service, epoch, counter or session than it was sealed for is not taken', async () => {
    const sessions = await inSession({ devices: ['lamp', 'plug'] });
    const { world, given } = sessions;
    await until(world, send(sessions, 'pnes', 'of the plug', { deviceId: 'plug' }));
    await until(world, send(sessions, 'pnes', 'genuine'));
    const [copy, other] = ['lamp', 'plug'].map((id) =>
      world.sent.find(({ subject }) => subject === `cpns.link.hub.up.${id}.data`),
    );
    if (copy === undefined || other === undefined) throw new Error('nothing was sent');
    const hostile = world.network.connect('hostile');
    const message = JSON.parse(new TextDecoder().decode(copy.payload));
    const { keyId } = JSON.parse(new TextDecoder().decode(other.payload)).body;
    const forged: readonly object[] = [
      { serviceId: 'pay' },
      { serviceId: null },
      { epoch: 1 },
      { epoch: 200 },
      { counter: 1 },
      { counter: 2 ** 39 },
      { keyId },
      { pnId: 'elsewhere' },
      { frame: `A${message.body.frame.slice(1)}`, counter: 5 },
    ];
    for (const lie of forged) {
      hostile.publish(copy.subject, JSON.stringify({ ...message, body: { ...message.body, ...lie } }));
      await world.drain();
    }
    hostile.publish(copy.subject.replace('lamp', 'plug'), copy.payload);
    await world.drain();
    expect(given.server.map(({ serviceId, deviceId }) => [serviceId, deviceId])).toEqual([
      ['echo', 'plug'],
      ['echo', 'lamp'],
    ]);
    expect(await until(world, send(sessions, 'pnes', 'goes on'))).toEqual({ kind: 'delivered' });
  });

  test('a frame that another PN GW brings is not taken: a PN GW carries the data of its own PNs', async () => {
    const sessions = await inSession({ gateways: ['hub', 'second'] });
    const { world, given } = sessions;
    const second = await startGateway(gatewayIdentity('second'), [], world.seams('second'));
    await world.drain();
    await second.settled();
    await world.drain();
    const outcome = send(sessions, 'pnes', 'genuine');
    await world.settle();
    const [at] = world.network.inFlight.map(({ payload }) => JSON.parse(new TextDecoder().decode(payload)));
    const message = { ...at, body: { ...at.body, deviceId: 'lamp' } };
    await lie(world, world.gatewaySession('second'), 'cpns.wan.up.second.data', JSON.stringify(message));
    await world.settle();
    expect(given.server).toEqual([]);
    expect(await until(world, outcome)).toEqual({ kind: 'delivered' });
    await lie(world, world.gatewaySession('second'), 'cpns.wan.up.second.data', JSON.stringify(message));
    await world.drain();
    expect(world.log.lines.map(({ fields }) => fields['reason'])).toContain('of another session');
    expect(given.server).toHaveLength(1);
    await second.stop();
  });
});
