import { expect, test } from 'vitest';
import { routeOf } from '../../../actors/loop/routing.ts';
import { decodeMessage } from '../../../messages/decode.ts';
import { linkDown, wanUp } from '../../../messages/subjects.ts';

/** Whom a message is for: on the link the device that the subject names, whatever a PN GW writes into the body. */

const route = (role: 'pne' | 'cpns-server', subject: string, type: string, body: object): unknown => {
  const envelope = { v: 1, type, messageId: 'm-1', correlationId: 'c-1', inReplyTo: null, body };
  const decoded = decodeMessage(subject, Buffer.from(JSON.stringify(envelope)));
  if (decoded.kind !== 'message') throw new Error(decoded.reason);
  return routeOf(role, decoded.message, () => ({ kind: 'drop', reason: 'relayed' }));
};

test('a notice about another device than its subject names is for the device of the subject', () => {
  expect(route('pne', linkDown('hub', 'lamp', 'notice'), 'notice', { code: 400, deviceId: 'stranger' })).toEqual({
    kind: 'actor',
    stream: 'pne/lamp',
  });
});

test('on the WAN the body names the device', () => {
  const sealed = { keyId: 'ffouGm5swbH4sPj0MEcUzQ', counter: 0, frame: 'A'.repeat(40) };
  const body = { pnId: 'home', deviceId: 'lamp', ...sealed };
  expect(route('cpns-server', wanUp('hub', 'sealed'), 'sealed', body)).toEqual({
    kind: 'actor',
    stream: 'registration/home/lamp',
  });
});
