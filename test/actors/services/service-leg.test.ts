import { beforeEach, describe, expect, test } from 'vitest';
import { type SendOutcome } from '../../../actors/sessions/data/port.ts';
import { MAX_UNDER_WAY } from '../../../actors/services/answer.ts';
import type { ServiceQuestion } from '../../../messages/services.ts';
import { DELIVER_WITHIN_MS } from '../../../actors/services/server-end.ts';
import { SEND_WITHIN_MS } from '../../../actors/services/service-end.ts';
import { MAX_PAYLOAD_BYTES } from '../../../wire/subject.ts';
import type { ResponseCode } from '../../../events/codes.ts';
import { Leg, MESSAGE, QUESTION, SECRET, settle } from './leg.ts';
import { MAX_APPLICATION_BYTES } from '../../../messages/limits.ts';

let leg = new Leg();
beforeEach(() => {
  leg = new Leg();
});

const taking =
  (taken: ServiceQuestion[], code: ResponseCode = 200) =>
  (message: ServiceQuestion) => {
    taken.push(message);
    return Promise.resolve(code);
  };

describe('a message of a device', () => {
  test('reaches its service as it is, and 200 says so', async () => {
    const taken: ServiceQuestion[] = [];
    leg.service().listen(taking(taken));
    expect(await leg.server().deliver(MESSAGE)).toBe(200);
    expect(taken).toEqual([QUESTION]);
  });

  test.each([0, 1, 65_536, MAX_APPLICATION_BYTES])('of %d bytes fits', async (length) => {
    const taken: ServiceQuestion[] = [];
    leg.service().listen(taking(taken));
    const bytes = Uint8Array.from({ length }, (_, index) => index % 251);
    expect(await leg.server().deliver({ ...MESSAGE, bytes })).toBe(200);
    expect(taken).toEqual([{ ...QUESTION, bytes }]);
    expect(Math.max(...leg.passed.map(({ payload }) => payload.length))).toBeLessThan(MAX_PAYLOAD_BYTES);
  });

  test('gets the code that the service gives it', async () => {
    leg.service().listen(taking([], 403));
    expect(await leg.server().deliver(MESSAGE)).toBe(403);
  });

  test('for a service that the server does not know gets 404, and nothing is asked', async () => {
    expect(await leg.server().deliver({ ...MESSAGE, serviceId: 'else' })).toBe(404);
    expect(leg.passed).toEqual([]);
  });

  test('for a service that does not run gets 503', async () => {
    expect(await leg.server().deliver(MESSAGE)).toBe(503);
  });

  test('for a service that says nothing gets 408, in time', async () => {
    leg.service().listen(() => new Promise(() => {}));
    const code = leg.server().deliver(MESSAGE);
    await settle();
    leg.clock.advance(DELIVER_WITHIN_MS);
    expect(await code).toBe(408);
  });

  test('for a service with another secret gets 500 at once, and both say why', async () => {
    const taken: ServiceQuestion[] = [];
    leg
      .service(
        'service',
        SECRET.map((byte) => byte ^ 1),
      )
      .listen(taking(taken));
    expect(await leg.server().deliver(MESSAGE)).toBe(500);
    expect(taken).toEqual([]);
    expect(leg.warnings()).toEqual([
      ['warn', 'a message is not sealed with the secret for this subject', { subject: 'cpns.service.echo.deliver' }],
      [
        'warn',
        'the answer of a service does not open: give it the secret that the server knows',
        { serviceId: 'echo' },
      ],
    ]);
  });

  test('that its service fails on gets 500, and the log does not quote it', async () => {
    leg.service().listen(() => Promise.reject(new Error('the disk is full')));
    expect(await leg.server().deliver(MESSAGE)).toBe(500);
    expect(JSON.stringify(leg.warnings())).toContain('the disk is full');
    expect(JSON.stringify(leg.warnings())).not.toContain('hall');
  });

  test('goes to one of several processes of its service', async () => {
    const taken: ServiceQuestion[] = [];
    leg.service('one').listen(taking(taken));
    leg.service('two').listen(taking(taken));
    const server = leg.server();
    for (let each = 0; each < 4; each++) expect(await server.deliver(MESSAGE)).toBe(200);
    expect(taken).toHaveLength(4);
  });

  test('over what is worked on at once gets 429, and others are taken once there is room', async () => {
    const waiting: ((code: ResponseCode) => void)[] = [];
    leg.service().listen(() => new Promise((resolve) => waiting.push(resolve)));
    const server = leg.server();
    const codes = Array.from({ length: MAX_UNDER_WAY }, () => server.deliver(MESSAGE));
    await settle();
    expect(waiting).toHaveLength(MAX_UNDER_WAY);
    expect(await server.deliver(MESSAGE)).toBe(429);
    for (const done of waiting.splice(0)) done(200);
    expect(new Set(await Promise.all(codes))).toEqual(new Set([200]));
    const next = server.deliver(MESSAGE);
    await settle();
    waiting[0]?.(200);
    expect(await next).toBe(200);
  });
});

describe('a message of a service', () => {
  test.each<readonly [SendOutcome, ResponseCode]>([
    [{ kind: 'delivered' }, 200],
    [{ kind: 'refused', code: 503 }, 503],
    [{ kind: 'noSession' }, 480],
    [{ kind: 'unknown', reason: 'no acknowledgement' }, 408],
  ])('%j becomes %d', async (outcome, code) => {
    leg.server();
    leg.outcome = outcome;
    expect(await leg.service().send(QUESTION)).toEqual({ kind: 'answered', code });
    expect(leg.toDevices).toEqual([MESSAGE]);
  });

  test('goes to one of several servers', async () => {
    leg.server('one');
    leg.server('two');
    const service = leg.service();
    for (let each = 0; each < 4; each++) await service.send(QUESTION);
    expect(leg.toDevices).toHaveLength(4);
  });

  test('where no server runs has reached nobody', async () => {
    expect(await leg.service().send(QUESTION)).toEqual({ kind: 'nobody' });
  });

  test('that is not answered may have been taken', async () => {
    leg.server();
    leg.fate = ({ source }) => (source === 'server' ? 'drop' : 'deliver');
    const asked = leg.service().send(QUESTION);
    await settle();
    leg.clock.advance(SEND_WITHIN_MS);
    expect(await asked).toEqual({ kind: 'unknown', reason: 'no answer in time' });
    expect(leg.toDevices).toHaveLength(1);
  });

  test('with another secret is not taken', async () => {
    leg.server();
    const asked = await leg
      .service(
        'service',
        SECRET.map((byte) => byte ^ 1),
      )
      .send(QUESTION);
    expect(asked).toEqual({ kind: 'unknown', reason: 'answer not sealed' });
    expect(leg.toDevices).toEqual([]);
  });

  test('of another shape than ours is answered 400', async () => {
    leg.server();
    const asked = await leg.service().send({ ...QUESTION, deviceId: 'Not An Id' });
    expect(asked).toEqual({ kind: 'answered', code: 400 });
    expect(leg.toDevices).toEqual([]);
  });
});
