import { expect, test } from 'vitest';
import { decodeMessage } from '../../messages/decode.ts';
import { encodeMessage, messageIdOf } from '../../messages/envelope.ts';
import { outbound } from '../../messages/outbound.ts';

test('a message is read as what it was made of', () => {
  const ids = { gatewayId: 'hub', deviceId: 'lamp' };
  const request = outbound(
    'link.up',
    ids,
    'registration-request',
    { pnId: 'home', handshake: 'AAAA' },
    { messageId: 'm1' },
  );
  expect(request).toEqual({
    subject: 'cpns.link.hub.up.lamp.registration-request',
    type: 'registration-request',
    messageId: 'm1',
    inReplyTo: null,
    body: { pnId: 'home', handshake: 'AAAA' },
  });
  const payload = encodeMessage(request, 'm1', 'c1');
  expect(messageIdOf(payload)).toBe('m1');
  expect(decodeMessage(request.subject, Buffer.from(payload))).toEqual({
    kind: 'message',
    message: {
      ...ids,
      messageId: 'm1',
      correlationId: 'c1',
      inReplyTo: null,
      content: { leg: 'link.up', type: 'registration-request', body: request.body },
    },
  });
});

test('an answer has no id of its own yet, and says what it answers', () => {
  const answer = outbound(
    'wan.down',
    { gatewayId: 'hub' },
    'usage-report-response',
    { deviceId: 'lamp', code: 200 },
    {
      inReplyTo: 'm1',
    },
  );
  expect(answer).toEqual({
    subject: 'cpns.wan.down.hub.usage-report-response',
    type: 'usage-report-response',
    inReplyTo: 'm1',
    body: { deviceId: 'lamp', code: 200 },
  });
});
