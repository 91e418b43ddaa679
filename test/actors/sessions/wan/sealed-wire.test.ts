import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../../../seams/clock.ts';
import { RecordedLog } from '../../../../seams/log.ts';
import { createMemoryNetwork } from '../../../../wire/memory.ts';
import { SealedWire, type Peer, type SessionBook } from '../../../../actors/sessions/wan/sealed-wire.ts';
import { ReplayWindow } from '../../../../security/replay-window.ts';
import type { SessionKeys } from '../../../../security/session.ts';
import type { InFlight } from '../../../../wire/memory-hub.ts';

const KEY_ID = 'AAAAAAAAAAAAAAAAAAAAAA';
const ups = new Uint8Array(32).fill(1);
const downs = new Uint8Array(32).fill(2);
const hubSession: SessionKeys = { keyId: KEY_ID, role: 'initiator', sendKey: ups, receiveKey: downs };
const serverSession: SessionKeys = { keyId: KEY_ID, role: 'responder', sendKey: downs, receiveKey: ups };

function bookOf(session: SessionKeys | null, wait: 'at once' | 'later'): SessionBook {
  let counter = 0;
  const peer: Peer | null = session === null ? null : { session, window: new ReplayWindow() };
  return {
    peer: () => (wait === 'at once' ? peer : new Promise((resolve) => setImmediate(resolve, peer))),
    nextNumber: () => ({ start: 1, counter: counter++ }),
    accepted: () => {},
  };
}

function setUp(options: { readonly session?: SessionKeys | null; readonly wait?: 'at once' | 'later' } = {}) {
  const log = new RecordedLog();
  const clock = new SimulatedClock();
  const network = createMemoryNetwork({ policy: () => 'hold', clock, log });
  const { session = hubSession, wait = 'at once' } = options;
  const unknown: string[] = [];
  const hub = new SealedWire({
    wire: network.connect('hub'),
    book: bookOf(session, wait),
    log,
    clock,
    onUnknownSession: () => {},
  });
  const server = new SealedWire({
    wire: network.connect('server'),
    book: bookOf(serverSession, wait),
    log,
    clock,
    onUnknownSession: (gatewayId) => unknown.push(gatewayId),
  });
  const raw = network.connect('eve');
  const received: string[] = [];
  const subscription = server.subscribe('cpns.wan.up.>', ({ subject, payload }) => {
    received.push(`${subject} ${Buffer.from(payload).toString('utf8')}`);
  });
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const deliverAll = async (): Promise<void> => {
    await settle();
    while (network.inFlight.length > 0) {
      network.deliver(0);
      await settle();
    }
  };
  const reasons = (): unknown[] => log.lines.map(({ fields }) => fields['reason']);
  return { clock, network, hub, server, raw, received, subscription, deliverAll, settle, unknown, reasons };
}

const SUBJECT = 'cpns.wan.up.hub.pn-update-request';

describe('the WAN between PN GW and CPNS Server', () => {
  it.each(['at once', 'later'] as const)(
    'arrives as it was sent, in order, when the session is known %s',
    async (wait) => {
      const { hub, received, deliverAll } = setUp({ wait });
      for (const text of ['one', 'two', 'three']) hub.publish(SUBJECT, text);
      await deliverAll();
      expect(received).toEqual([`${SUBJECT} one`, `${SUBJECT} two`, `${SUBJECT} three`]);
    },
  );

  it('shows nothing of the message on the wire', async () => {
    const { network, hub, settle } = setUp();
    hub.publish(SUBJECT, '{"deviceId":"hall-motion"}');
    await settle();
    const seen: InFlight | undefined = network.inFlight[0];
    expect(Buffer.from(seen?.payload ?? []).toString('utf8')).not.toContain('hall-motion');
  });

  it('shows no id of the message in the headers: only the number of the frame', async () => {
    const { network, hub, raw, settle } = setUp();
    raw.subscribe('cpns.link.>', () => {});
    hub.publish(SUBJECT, '{}', { messageId: 'req-hall-motion', correlationId: 'cor-hall-motion' });
    hub.publish('cpns.link.hub.down.lamp.notice', '{}', { messageId: 'note', correlationId: 'cor' });
    await settle();
    const headers = network.inFlight.map(({ messageId, correlationId }) => ({ messageId, correlationId }));
    expect(headers).toEqual([
      { messageId: `${KEY_ID}-1-0`, correlationId: undefined },
      { messageId: 'note', correlationId: 'cor' },
    ]);
  });

  it('gives a frame on once, however often it comes', async () => {
    const { network, hub, received, deliverAll, reasons } = setUp();
    hub.publish(SUBJECT, 'once');
    network.duplicate(0);
    await deliverAll();
    expect(received).toEqual([`${SUBJECT} once`]);
    expect(reasons()).toEqual(['repeated frame']);
  });

  it('takes frames in any order', async () => {
    const { network, hub, received, deliverAll } = setUp();
    for (const text of ['one', 'two']) hub.publish(SUBJECT, text);
    network.deliver(1);
    await deliverAll();
    expect(received).toEqual([`${SUBJECT} two`, `${SUBJECT} one`]);
  });

  it('hears out a frame whose session is still looked up when it asks for no more', async () => {
    const { hub, network, received, subscription, settle } = setUp({ wait: 'later' });
    hub.publish('cpns.wan.up.hub.sealed', '{}');
    await settle();
    network.deliver(0);
    expect(received).toEqual([]);
    await subscription.drain();
    expect(received).toEqual(['cpns.wan.up.hub.sealed {}']);
  });

  it('refuses a frame that is moved to another subject', async () => {
    const { network, hub, raw, received, deliverAll, reasons } = setUp();
    hub.publish(SUBJECT, 'add me');
    const payload = network.inFlight[0]?.payload ?? new Uint8Array();
    network.drop(0);
    raw.publish('cpns.wan.up.hub.registration-request', payload);
    await deliverAll();
    expect(received).toEqual([]);
    expect(reasons()).toEqual(['does not open']);
  });

  it('refuses a message in the clear, and says nothing about a session to who has none', async () => {
    const { raw, received, deliverAll, reasons, unknown } = setUp();
    raw.publish(SUBJECT, '{"v":1}');
    await deliverAll();
    expect([received, reasons(), unknown]).toEqual([[], ['not sealed'], []]);
  });

  it('tells of a session that is not in force', async () => {
    const other = { ...hubSession, keyId: 'BBBBBBBBBBBBBBBBBBBBBB' };
    const { hub, received, deliverAll, unknown } = setUp({ session: other });
    hub.publish(SUBJECT, 'hello');
    await deliverAll();
    expect([received, unknown]).toEqual([[], ['hub']]);
  });

  it('sends nothing that must be sealed while there is no session', async () => {
    const { network, hub, settle } = setUp({ session: null });
    hub.publish(SUBJECT, 'hello');
    await settle();
    expect(network.inFlight).toEqual([]);
  });

  it('leaves the registration of the PN GW and the link in the clear', async () => {
    const { network, hub, received, deliverAll } = setUp({ session: null });
    hub.publish('cpns.wan.up.hub.gateway-registration-request', 'hello');
    hub.publish('cpns.link.hub.down.lamp.notice', 'hello');
    expect(network.inFlight.length).toBe(1);
    await deliverAll();
    expect(received).toEqual(['cpns.wan.up.hub.gateway-registration-request hello']);
  });

  it('refuses every frame with one changed bit', async () => {
    const { network, hub, raw, received, deliverAll, settle } = setUp();
    hub.publish(SUBJECT, 'payload');
    await settle();
    const genuine = network.inFlight[0]?.payload ?? new Uint8Array();
    network.drop(0);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: genuine.length * 8 - 1 }), async (bit) => {
        const forged = genuine.slice();
        forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        raw.publish(SUBJECT, forged);
        await deliverAll();
        expect(received).toEqual([]);
      }),
      { numRuns: 300 },
    );
    raw.publish(SUBJECT, genuine);
    await deliverAll();
    expect(received).toEqual([`${SUBJECT} payload`]);
  });
});
