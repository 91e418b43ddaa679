import { expect, test } from 'vitest';
import { MESSAGES } from '../../messages/catalogue.ts';
import { decodeMessage } from '../../messages/decode.ts';
import { encodeMessage } from '../../messages/envelope.ts';
import type { Content, Incoming } from '../../messages/incoming.ts';
import { noticeTo, refusalOf } from '../../messages/refusal.ts';
import { EXAMPLES } from '../../script/asyncapi/worked-example.ts';

const incoming = (deviceId: string | null, content: Content): Incoming => ({
  gatewayId: 'hub',
  deviceId,
  messageId: 'm1',
  correlationId: 'c1',
  inReplyTo: null,
  content,
});
const bodyOf = (message: Incoming): string => JSON.stringify(refusalOf(message, 403)?.body ?? null);

const handshake = 'AAAA';
const [pnId, deviceId] = ['home', 'lamp'];

test.each<readonly [Content, string]>([
  [{ leg: 'link.up', type: 'pairing-request', body: {} }, '{"code":403}'],
  [{ leg: 'link.up', type: 'registration-request', body: { pnId, handshake } }, '{"code":403,"handshake":null}'],
  [{ leg: 'wan.up', type: 'gateway-registration-request', body: { handshake } }, '{"code":403,"handshake":null}'],
  [
    { leg: 'wan.up', type: 'pn-establishment-request', body: { pnId, revision: 7 } },
    '{"pnId":"home","code":403,"joinPolicy":null,"changes":[],"more":false}',
  ],
  [
    { leg: 'wan.up', type: 'pn-update-request', body: { pnId, deviceId, action: 'add' } },
    '{"pnId":"home","deviceId":"lamp","code":403,"revision":0,"changes":[]}',
  ],
  [
    { leg: 'wan.up', type: 'registration-request', body: { pnId, deviceId, handshake } },
    '{"pnId":"home","deviceId":"lamp","code":403,"handshake":null,"revision":0,"changes":[]}',
  ],
  [{ leg: 'wan.up', type: 'usage-report', body: { pnId, deviceId, usage: [] } }, '{"deviceId":"lamp","code":403}'],
])('%j is refused with %s', (content, body) => {
  expect(bodyOf(incoming(content.leg === 'link.up' ? deviceId : null, content))).toBe(body);
});

test('a refusal goes back to where the request came from, in reply to it', () => {
  const request: Content = { leg: 'link.up', type: 'pairing-request', body: {} };
  expect(refusalOf(incoming(deviceId, request), 429)).toMatchObject({
    subject: 'cpns.link.hub.down.lamp.pairing-response',
    type: 'pairing-response',
    inReplyTo: 'm1',
  });
});

test('each refusal is a message that can be read, and what is no request has none', () => {
  for (const { subject, payload } of EXAMPLES) {
    const decoded = decodeMessage(subject, Buffer.from(JSON.stringify(payload)));
    if (decoded.kind !== 'message') throw new Error(`${subject} is not read.`);
    const { leg, type } = decoded.message.content;
    const refusal = refusalOf(decoded.message, 500);
    const { answeredBy } = MESSAGES.find((row) => row.leg === leg && row.type === type) ?? {};
    expect([type, refusal === null]).toEqual([type, answeredBy === undefined || answeredBy === 'sealed']);
    if (refusal === null) continue;
    expect(decodeMessage(refusal.subject, Buffer.from(encodeMessage(refusal, 'm2', 'c1'))).kind).toBe('message');
  }
});

test('who speaks up is told that a message was not taken; who speaks down is not', () => {
  const to = { gatewayId: 'hub', deviceId: 'lamp' };
  expect(noticeTo({ leg: 'link.up', ...to }, 400, 'm1')).toEqual({
    subject: 'cpns.link.hub.down.lamp.notice',
    type: 'notice',
    inReplyTo: 'm1',
    body: { code: 400, deviceId: 'lamp' },
  });
  expect(noticeTo({ leg: 'wan.up', ...to, deviceId: null }, 400, null)).toEqual({
    subject: 'cpns.wan.down.hub.notice',
    type: 'notice',
    inReplyTo: null,
    body: { code: 400, deviceId: null },
  });
  expect(noticeTo({ leg: 'link.down', ...to }, 400, 'm1')).toBeNull();
  expect(noticeTo({ leg: 'wan.down', ...to, deviceId: null }, 400, 'm1')).toBeNull();
});
