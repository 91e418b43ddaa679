import { beforeEach, describe, expect, test } from 'vitest';
import type { ServiceQuestion } from '../../../messages/services.ts';
import { DELIVER_WITHIN_MS } from '../../../actors/services/server-end.ts';
import { FRESH_MS } from '../../../security/freshness-window.ts';
import { Leg, MESSAGE, QUESTION, settle } from './leg.ts';

/** The broker between the CPNS Server and a service sees, keeps, repeats, moves and makes up messages. */

let leg = new Leg();
let taken: ServiceQuestion[] = [];
beforeEach(() => {
  leg = new Leg();
  taken = [];
});

const take = (message: ServiceQuestion): Promise<200> => {
  taken.push(message);
  return Promise.resolve(200);
};

/** Sends bytes as the broker, and waits for what comes back. */
async function asks(subject: string, payload: Uint8Array): Promise<Uint8Array | null> {
  const wire = leg.network.connect('broker');
  const answer = wire.request(subject, payload, { timeoutMs: 10 }).catch(() => null);
  await settle();
  leg.clock.advance(10);
  return answer;
}

const sent = (subject: string): Uint8Array => {
  const found = leg.passed.find((message) => message.subject === subject);
  if (found === undefined) throw new Error(`nothing was sent on ${subject}`);
  return found.payload;
};

test('reads nothing of what passes', async () => {
  leg.service().listen(take);
  await leg.server().deliver(MESSAGE);
  expect(leg.passed).toHaveLength(2);
  for (const { payload } of leg.passed) {
    const text = Buffer.from(payload).toString('latin1');
    for (const word of ['hall', 'home', 'code', Buffer.from(MESSAGE.bytes).toString('base64url')])
      expect(text).not.toContain(word);
  }
});

test('has a message taken once, however often it repeats it', async () => {
  leg.service().listen(take);
  leg.fate = () => 'duplicate';
  expect(await leg.server().deliver(MESSAGE)).toBe(200);
  const question = sent('cpns.service.echo.deliver');
  for (let again = 0; again < 3; again++) expect(await asks('cpns.service.echo.deliver', question)).toBeNull();
  expect(taken).toEqual([QUESTION]);
});

test('has a message that it kept refused, later and after a restart of the receiver', async () => {
  const first = leg.service();
  first.listen(take);
  await leg.server().deliver(MESSAGE);
  const question = sent('cpns.service.echo.deliver');
  first.stop();
  leg.clock.advance(1);
  const second = leg.service('second');
  second.listen(take);
  await asks('cpns.service.echo.deliver', question);
  second.stop();
  const third = leg.service('third');
  leg.clock.advance(2 * FRESH_MS);
  third.listen(take);
  await asks('cpns.service.echo.deliver', question);
  expect(taken).toHaveLength(1);
  expect(leg.log.lines.map(({ fields }) => fields['reason'])).toContain('untimely');
});

test('has a message that it held back for too long refused', async () => {
  leg.service().listen(take);
  leg.fate = () => 'hold';
  const code = leg.server().deliver(MESSAGE);
  leg.clock.advance(DELIVER_WITHIN_MS);
  expect(await code).toBe(408);
  leg.clock.advance(FRESH_MS);
  leg.network.deliver(0);
  await settle();
  expect(taken).toEqual([]);
});

test('cannot send a message of the server to it as one of the service, nor to another service', async () => {
  leg.service().listen(take);
  const server = leg.server();
  await server.deliver(MESSAGE);
  const question = sent('cpns.service.echo.deliver');
  expect(await asks('cpns.service.echo.send', question)).toHaveLength(0);
  expect(leg.toDevices).toEqual([]);
});

describe.each([
  ['nothing', () => new Uint8Array(0)],
  ['an answer in the clear', () => new TextEncoder().encode('{"code":200}')],
  ['the question itself', (question: Uint8Array) => question],
  ['the answer to another question', (_: Uint8Array, other: Uint8Array) => other],
])('in place of the answer it sends %s', (_, forge) => {
  test('and is not believed: nobody knows whether the message was taken', async () => {
    const service = leg.service();
    service.listen(take);
    const server = leg.server();
    await server.deliver(MESSAGE);
    const earlier = leg.passed.find(({ source }) => source === 'service')?.payload ?? new Uint8Array(0);
    expect(earlier.length).toBeGreaterThan(0);
    service.stop();
    const broker = leg.network.connect('broker');
    broker.subscribe('cpns.service.echo.deliver', ({ payload, reply }) =>
      broker.publish(reply ?? '', forge(payload, earlier)),
    );
    expect(await server.deliver(MESSAGE)).toBe(500);
    expect(taken).toHaveLength(1);
  });
});

test('learns from the answer to bytes of its own no more than from silence', async () => {
  leg.service().listen(take);
  for (const payload of [new Uint8Array(0), new Uint8Array(200).fill(7)])
    expect(await asks('cpns.service.echo.deliver', payload)).toHaveLength(0);
  expect(taken).toEqual([]);
});
