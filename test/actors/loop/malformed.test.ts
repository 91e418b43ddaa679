import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MESSAGES } from '../../../messages/catalogue.ts';
import { MAX_MESSAGE_BYTES } from '../../../messages/limits.ts';
import { device, GATEWAY, World } from '../../simulation/world.ts';
import { hand, said } from '../talk.ts';
import { decodeMessage } from '../../../messages/decode.ts';

const pn = { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp'] };
const good = { v: 1, type: 'pairing-request', messageId: 'm1', correlationId: 'c1', inReplyTo: null, body: {} };
const subject = `cpns.link.${GATEWAY}.up.lamp.pairing-request`;

describe('a message that is no message', () => {
  test.each([
    ['over 64 KiB', subject, JSON.stringify({ ...good, body: { filler: 'x'.repeat(MAX_MESSAGE_BYTES) } }), 400, null],
    ['that is no JSON', subject, '{"v":1,', 400, null],
    ['that is no UTF-8', subject, Uint8Array.of(0xff, 0xfe), 400, null],
    ['of an unknown version', subject, JSON.stringify({ ...good, v: 2 }), 426, 'm1'],
    ['without a version', subject, JSON.stringify({ ...good, v: undefined }), 426, 'm1'],
    [
      'of an unknown type',
      subject.replace('pairing', 'pear'),
      JSON.stringify({ ...good, type: 'pear-request' }),
      400,
      'm1',
    ],
    ['of another type than its subject', subject, JSON.stringify({ ...good, type: 'sealed' }), 400, 'm1'],
    ['with a bad body', subject, JSON.stringify({ ...good, body: { more: 1 } }), 400, 'm1'],
    ['with an id that is none', subject, JSON.stringify({ ...good, messageId: 'M 1' }), 400, null],
  ])('%s is answered with a code, counted, and reaches no chart', async (_, to, payload, code, inReplyTo) => {
    const world = await World.start({ pns: [pn], devices: [device('lamp', 'home')] });
    await world.calm();
    const before = await world.events('gateway');
    hand(world, 'gateway', to, payload);
    await world.settle();
    expect(said(world, 'down.lamp.notice').map(({ message }) => [message.body['code'], message.inReplyTo])).toEqual([
      [code, inReplyTo],
    ]);
    expect(world.runtime('gateway')?.stats.malformed).toBe(1);
    expect(await world.events('gateway')).toEqual(before);
  });

  test('without an address is counted and not answered', async () => {
    const world = await World.start({ pns: [pn], devices: [] });
    const from = world.sent.length;
    hand(world, 'gateway', 'cpns.nobody', '{}');
    await world.settle();
    expect(world.runtime('gateway')?.stats.malformed).toBe(1);
    expect(world.sent.length).toBe(from);
  });
});

describe('reading a message', () => {
  const subjects = fc.oneof(
    fc.string(),
    fc.constantFrom(
      ...MESSAGES.map(({ leg, type }) => {
        const [net, way] = leg.split('.');
        return net === 'link' ? `cpns.link.g.${way}.d.${type}` : `cpns.wan.${way}.g.${type}`;
      }),
    ),
  );
  const typeOf = (subjectText: string): string => subjectText.split('.').at(-1) ?? '';

  test('never throws, whatever the bytes are', () => {
    fc.assert(
      fc.property(subjects, fc.uint8Array({ maxLength: 200 }), (to, bytes) => {
        expect(['message', 'malformed']).toContain(decodeMessage(to, bytes).kind);
      }),
    );
  });

  test('never throws, whatever the JSON is', () => {
    const envelope = fc.record(
      {
        v: fc.oneof(fc.constant(1), fc.jsonValue()),
        messageId: fc.oneof(fc.constant('m'), fc.jsonValue()),
        correlationId: fc.oneof(fc.constant('c'), fc.jsonValue()),
        inReplyTo: fc.oneof(fc.constant(null), fc.jsonValue()),
        body: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(subjects, fc.oneof(envelope, fc.jsonValue()), (to, json) => {
        const whole = typeof json === 'object' && json !== null ? { type: typeOf(to), ...json } : json;
        const decoded = decodeMessage(to, new TextEncoder().encode(JSON.stringify(whole)));
        expect(['message', 'malformed']).toContain(decoded.kind);
      }),
    );
  });
});
