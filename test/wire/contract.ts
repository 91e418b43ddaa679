import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { RecordedLog } from '../../seams/log.ts';
import type { Delivery, Wire } from '../../wire/port.ts';
import { WireError } from '../../wire/port.ts';
import { until } from './until.ts';

export interface WireHarness {
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
  readonly connect: (name: string, log: RecordedLog) => Wire;
}

const text = (delivery: Delivery): string => new TextDecoder().decode(delivery.payload);

/** What every adapter of the wire promises. */
export function wireContract(adapter: string, harness: WireHarness): void {
  describe(`the wire contract over ${adapter}`, () => {
    const log = new RecordedLog();
    let open: Wire[] = [];
    const connected = async (name: string): Promise<Wire> => {
      const wire = harness.connect(name, log);
      open.push(wire);
      await wire.flush();
      return wire;
    };

    beforeAll(() => harness.start());
    afterAll(() => harness.stop());
    afterEach(async () => {
      await Promise.all(open.map((wire) => wire.close()));
      open = [];
      log.lines.length = 0;
    });

    test('delivers a message to every subscriber, the sender among them', async () => {
      const [alice, bob] = [await connected('alice'), await connected('bob')];
      const heard: string[] = [];
      alice.subscribe('t.one', (delivery) => heard.push(`alice ${text(delivery)}`));
      bob.subscribe('t.one', (delivery) => heard.push(`bob ${text(delivery)}`));
      await Promise.all([alice.flush(), bob.flush()]);
      expect(alice.publish('t.one', 'hello', { messageId: 'm1', correlationId: 'c1' })).toBe(true);
      await until('both', () => heard.length === 2);
      expect(heard.toSorted()).toEqual(['alice hello', 'bob hello']);
    });

    test('delivers after publish has returned, never during it', async () => {
      const wire = await connected('alice');
      let returned = false;
      const seen: boolean[] = [];
      wire.subscribe('t.later', () => seen.push(returned));
      await wire.flush();
      wire.publish('t.later', '');
      returned = true;
      await until('delivery', () => seen.length === 1);
      expect(seen).toEqual([true]);
    });

    test('carries bytes unchanged, an empty message too', async () => {
      const wire = await connected('alice');
      const got: Uint8Array[] = [];
      wire.subscribe('t.bytes', (delivery) => got.push(delivery.payload));
      await wire.flush();
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      wire.publish('t.bytes', bytes);
      wire.publish('t.bytes', new Uint8Array(0));
      await until('both', () => got.length === 2);
      expect(got.toSorted((a, b) => b.length - a.length).map((each) => [...each])).toEqual([[...bytes], []]);
    });

    test.each([
      ['t.*.c', ['t.b.c']],
      ['t.>', ['t.b', 't.b.c', 't.b.d', 't.b.c.e']],
      ['t.b', ['t.b']],
      ['*.b.*', ['t.b.c', 't.b.d']],
    ])('a subscription to %s hears what falls under it', async (pattern, expected) => {
      const wire = await connected('alice');
      const heard: string[] = [];
      let last = false;
      wire.subscribe(pattern, (delivery) => heard.push(delivery.subject));
      wire.subscribe('end', () => (last = true));
      await wire.flush();
      for (const subject of ['t', 't.b', 't.b.c', 't.b.d', 't.b.c.e', 'u']) wire.publish(subject, '');
      await wire.flush();
      wire.publish('end', '');
      await until('all', () => last && heard.length >= expected.length);
      expect(heard.toSorted()).toEqual(expected.toSorted());
    });

    test('a wire with two fitting subscriptions hears a message on both', async () => {
      const wire = await connected('alice');
      const heard: string[] = [];
      wire.subscribe('t.*', () => heard.push('star'));
      wire.subscribe('t.>', () => heard.push('rest'));
      await wire.flush();
      wire.publish('t.a', '');
      await until('both', () => heard.length === 2);
      expect(heard.toSorted()).toEqual(['rest', 'star']);
    });

    test('members of a queue group share the messages, others hear all of them', async () => {
      const [alice, bob, carol] = [await connected('alice'), await connected('bob'), await connected('carol')];
      const shared: string[] = [];
      const all: string[] = [];
      alice.subscribe('q.>', (delivery) => shared.push(text(delivery)), { queue: 'workers' });
      bob.subscribe('q.>', (delivery) => shared.push(text(delivery)), { queue: 'workers' });
      carol.subscribe('q.>', (delivery) => all.push(text(delivery)));
      await Promise.all([alice.flush(), bob.flush(), carol.flush()]);
      const sent = Array.from({ length: 50 }, (_, index) => String(index).padStart(2, '0'));
      for (const each of sent) carol.publish('q.x', each);
      await until('all', () => shared.length >= 50 && all.length >= 50);
      expect(shared.toSorted()).toEqual(sent);
      expect(all.toSorted()).toEqual(sent);
    });

    test('nothing arrives after unsubscribe', async () => {
      const wire = await connected('alice');
      const heard: string[] = [];
      const first = wire.subscribe('t.x', () => heard.push('first'));
      wire.subscribe('t.x', () => heard.push('second'));
      await wire.flush();
      first.unsubscribe();
      first.unsubscribe();
      wire.publish('t.x', '');
      await until('the second', () => heard.length > 0);
      await wire.flush();
      expect(heard).toEqual(['second']);
    });

    test('drain hears what was sent before it, and nothing after', async () => {
      const [alice, bob] = [await connected('alice'), await connected('bob')];
      const heard: string[] = [];
      const draining = bob.subscribe('t.x', (delivery) => heard.push(text(delivery)));
      bob.subscribe('t.y', () => heard.push('the other'));
      await bob.flush();
      const sent = Array.from({ length: 500 }, (_, index) => String(index));
      for (const each of sent) alice.publish('t.x', each);
      await alice.flush();
      await draining.drain();
      await draining.drain();
      alice.publish('t.x', 'late');
      alice.publish('t.y', '');
      await until('the other', () => heard.includes('the other'));
      expect(heard).toEqual([...sent, 'the other']);
    });

    test('a handler that throws is logged and hears the next message', async () => {
      const wire = await connected('alice');
      const heard: string[] = [];
      wire.subscribe('t.throw', (delivery) => {
        heard.push(text(delivery));
        throw new Error('in the handler');
      });
      await wire.flush();
      wire.publish('t.throw', '1');
      wire.publish('t.throw', '2');
      await until('both', () => heard.length === 2);
      expect(log.lines.filter((line) => line.level === 'error').map((line) => line.fields)).toEqual([
        { subject: 't.throw', error: 'Error: in the handler' },
        { subject: 't.throw', error: 'Error: in the handler' },
      ]);
    });

    test('a request gets the answer that is published to its reply subject', async () => {
      const [alice, bob] = [await connected('alice'), await connected('bob')];
      bob.subscribe('query.*', (delivery) => {
        if (delivery.reply !== undefined) bob.publish(delivery.reply, `${delivery.subject} ${text(delivery)}`);
      });
      await bob.flush();
      const answers = await Promise.all(
        ['a', 'b', 'c'].map((each) => alice.request(`query.${each}`, each, { timeoutMs: 60_000 })),
      );
      expect(answers.map((each) => new TextDecoder().decode(each))).toEqual(['query.a a', 'query.b b', 'query.c c']);
    });

    test('a request of bytes arrives as it is', async () => {
      const [alice, bob] = [await connected('alice'), await connected('bob')];
      bob.subscribe('echo', ({ payload, reply }) => reply !== undefined && bob.publish(reply, payload));
      await bob.flush();
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      expect(new Uint8Array(await alice.request('echo', bytes, { timeoutMs: 60_000 }))).toEqual(bytes);
    });

    test('a plain message has no reply subject', async () => {
      const wire = await connected('alice');
      const heard: Delivery[] = [];
      wire.subscribe('t.x', (delivery) => heard.push(delivery));
      await wire.flush();
      wire.publish('t.x', 'a');
      await until('delivery', () => heard.length === 1);
      expect(heard[0]).not.toHaveProperty('reply');
    });

    test('a request that nobody listens for fails with noResponders', async () => {
      const wire = await connected('alice');
      await expect(wire.request('nobody', '', { timeoutMs: 60_000 })).rejects.toMatchObject({ fault: 'noResponders' });
    });

    test('a request that is heard and not answered fails with timeout', async () => {
      const wire = await connected('alice');
      wire.subscribe('silence', () => {});
      await wire.flush();
      await expect(wire.request('silence', '', { timeoutMs: 20 })).rejects.toMatchObject({ fault: 'timeout' });
    });

    test('refuses what is no subject, no pattern or too large', async () => {
      const wire = await connected('alice');
      for (const subject of ['', 'a b', 'a..b', 'a.*', 'a.>', '.a', 'a.\r\nPUB x']) {
        expect(() => wire.publish(subject, '')).toThrow(WireError);
      }
      for (const pattern of ['', 'a b', 'a.>.b', 'a*', '>a']) {
        expect(() => wire.subscribe(pattern, () => {})).toThrow(WireError);
      }
      expect(() => wire.publish('a', new Uint8Array(1_048_577))).toThrow(WireError);
    });

    test('tells its status: connected, then closed, once each', async () => {
      const wire = await connected('alice');
      expect(wire.status).toBe('connected');
      const heard: string[] = [];
      wire.onStatus((status) => heard.push(status));
      wire.onStatus((status) => heard.push(`never ${status}`))();
      await wire.close();
      await wire.close();
      expect(heard).toEqual(['closed']);
      expect(wire.status).toBe('closed');
    });

    test('what was published before close arrives', async () => {
      const [alice, bob] = [await connected('alice'), await connected('bob')];
      let heard = 0;
      bob.subscribe('t.bye', () => (heard += 1));
      await bob.flush();
      for (let count = 0; count < 100; count++) alice.publish('t.bye', 'x');
      await alice.close();
      await until('all', () => heard === 100);
    });

    test('a closed wire sends nothing, hears nothing and says so', async () => {
      const [alice, bob] = [await connected('alice'), await connected('bob')];
      const heard: string[] = [];
      alice.subscribe('t.x', () => heard.push('alice'));
      bob.subscribe('t.x', () => heard.push('bob'));
      bob.subscribe('silence', () => {});
      await Promise.all([alice.flush(), bob.flush()]);
      const pending = expect(alice.request('silence', '', { timeoutMs: 60_000 })).rejects.toMatchObject({
        fault: 'closed',
      });
      await alice.close();
      await pending;
      expect(alice.publish('t.x', '')).toBe(false);
      expect(() => alice.subscribe('t.x', () => {})).toThrow(WireError);
      await expect(alice.flush()).rejects.toMatchObject({ fault: 'closed' });
      await expect(alice.request('t.x', '', { timeoutMs: 60_000 })).rejects.toMatchObject({ fault: 'closed' });
      bob.publish('t.x', '');
      await until('bob', () => heard.length > 0);
      expect(heard).toEqual(['bob']);
    });
  });
}
