import { describe, expect, test } from 'vitest';
import { Channel } from '../../../../actors/sessions/data/channel.ts';
import { DELIVERY_MS, MAX_DELIVERIES } from '../../../../actors/sessions/data/limits.ts';
import {
  DEFAULT_SESSION_SETTINGS,
  type ApplicationMessage,
  type Deliver,
} from '../../../../actors/sessions/data/port.ts';
import { PartialBudget } from '../../../../actors/sessions/data/reassembly.ts';
import type { Usage } from '../../../../actors/sessions/data/usage.ts';
import { SimulatedClock } from '../../../../seams/clock.ts';
import { openData, sealData, type DataContent, type DataHeader } from '../../../../security/data-frame.ts';
import { claimEpoch, firstChain, type Direction, type Epoch } from '../../../../security/epochs.ts';

/** A server's end against a device that holds the keys and does not keep to the rules. */

const keyId = 'k'.repeat(22);
const root = new Uint8Array(32).fill(9);
const of = { keyId, pnId: 'home', deviceId: 'lamp', gatewayId: 'hub', sends: 'down' } as const;

function epochOf(direction: Direction, epoch: number): Epoch {
  const claimed = claimEpoch(firstChain(root, direction), epoch)?.claimed;
  if (claimed === undefined) throw new Error('no such epoch');
  return claimed;
}

function setUp(deliver: Deliver = () => Promise.resolve(200)) {
  const clock = new SimulatedClock();
  const given: ApplicationMessage[] = [];
  const said: DataContent[] = [];
  const counted: Usage[] = [];
  let next = 0;
  const channel = new Channel(of, firstChain(root, 'up'), {
    clock,
    settings: DEFAULT_SESSION_SETTINGS,
    budget: new PartialBudget(),
    meter: { count: (usage) => void counted.push(usage), stop: () => Promise.resolve() },
    deliver(message) {
      given.push(message);
      return deliver(message);
    },
    outbound: (header: DataHeader, frame) => () => {
      const content = openData(epochOf('down', header.epoch), header, frame);
      if (content !== null) said.push(content);
    },
    claim: (direction, epoch) => Promise.resolve(epochOf(direction, epoch)),
    dropped: () => {},
  });
  const receive = async (serviceId: string | null, ...contents: readonly DataContent[]): Promise<void> => {
    for (const content of contents) {
      const header = { direction: 'up', keyId, epoch: 0, counter: next++, serviceId } as const;
      channel.receive({ header, frame: sealData(epochOf('up', 0), header, content) });
    }
    for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, channel, receive, given, said, counted };
}

const chunk = (messageNumber: bigint, bytes = 4): DataContent => ({
  kind: 'chunk',
  messageNumber,
  index: 0,
  count: 1,
  bytes: new Uint8Array(bytes),
});
const codes = (said: readonly DataContent[]): readonly (number | string)[] =>
  said.map((one) => (one.kind === 'ack' ? one.code : one.kind));

describe('a device that does not keep to the rules', () => {
  test('and sends a message for no service is refused: nobody could charge for it', async () => {
    const { receive, given, said, counted } = setUp();
    await receive(null, chunk(1n));
    expect([given, codes(said), counted]).toEqual([[], [400], []]);
  });

  test('and speaks about the session in the name of a service is not heard: it would be charged for it', async () => {
    const { channel, receive, said } = setUp();
    const outcome = channel.send('echo', new Uint8Array(3));
    await receive('echo', { kind: 'hello' });
    await receive('echo', { kind: 'ack', messageNumber: 0n, index: 0, code: 200 }, { kind: 'rekey', epoch: 7 });
    expect(codes(said)).toEqual(['chunk']);
    await receive(null, { kind: 'ack', messageNumber: 0n, index: 0, code: 200 });
    expect(await outcome).toEqual({ kind: 'delivered' });
  });

  test('and has the application busy gets 429, and is heard again when it is not', async () => {
    const { clock, receive, given, said } = setUp(() => new Promise(() => {}));
    const many = Array.from({ length: MAX_DELIVERIES + 2 }, (_, index) => chunk(BigInt(index)));
    await receive('echo', ...many);
    expect(given).toHaveLength(MAX_DELIVERIES);
    expect(codes(said)).toEqual([429, 429]);
    clock.advance(DELIVERY_MS);
    await receive(null);
    await receive('echo', chunk(99n));
    expect(given).toHaveLength(MAX_DELIVERIES + 1);
  });

  test('and asks for an epoch out of reach, or of before, is not followed', async () => {
    const { channel, receive, said } = setUp();
    const first = channel.send('echo', new Uint8Array(0));
    await receive(null, { kind: 'rekey', epoch: 1_000 }, { kind: 'rekey', epoch: 0 });
    await receive(null, { kind: 'ack', messageNumber: 0n, index: 0, code: 200 });
    expect(await first).toEqual({ kind: 'delivered' });
    expect(codes(said)).toEqual(['chunk']);
  });

  test('and acknowledges with a code that there is not is taken to have failed', async () => {
    const { channel, receive } = setUp();
    const outcome = channel.send('echo', new Uint8Array(0));
    await receive(null, { kind: 'hello' }, { kind: 'ack', messageNumber: 0n, index: 0, code: 299 });
    expect(await outcome).toEqual({ kind: 'refused', code: 500 });
  });
});

describe('the meter', () => {
  test('counts each frame that comes once, whatever the application says, and each that goes when it is acknowledged', async () => {
    const { channel, receive, counted } = setUp(() => Promise.resolve(404));
    await receive('echo', chunk(1n, 10), chunk(2n, 0));
    const outcome = channel.send('echo', new Uint8Array(7));
    await receive(null);
    expect(counted.map(({ direction, bytes }) => [direction, bytes])).toEqual([
      ['up', 10],
      ['up', 0],
    ]);
    await receive(null, { kind: 'ack', messageNumber: 2n, index: 0, code: 200 });
    expect(await outcome).toEqual({ kind: 'delivered' });
    expect(counted.at(-1)).toEqual({
      pnId: 'home',
      deviceId: 'lamp',
      keyId,
      serviceId: 'echo',
      direction: 'down',
      bytes: 7,
    });
  });
});
