import { describe, expect, it } from 'vitest';
import { registration as chart } from '../../../machines/cpns-server/registration.ts';
import {
  answer,
  ask,
  beside,
  disarm,
  settle,
  CPNS_ID,
  given,
  HANDSHAKE,
  KEY_1,
  KEY_2,
  KEY_3,
  messageRefused,
  REPLY,
  sessionOf,
  TIMESTAMPS,
  type EventOfChart,
} from '../given.ts';

type Event = EventOfChart<'cpns-server/registration'>;

const received = (requestId: string, flow: '1.4.1' | '1.4.2' = '1.4.1'): Event => ({
  type: 'RegistrationRequestReceived',
  data: { requestId, gatewayId: 'hub', pnId: 'home', deviceId: 'lamp', flow, handshake: HANDSHAKE },
});
/** The n-th request is later than those before it. */
const authenticated = (request: 1 | 2 | 3 = 1): Event => ({
  type: 'PneAuthenticated',
  data: { timestamp: TIMESTAMPS[request - 1] ?? '' },
});
const failed = (reason: 'malformed' | 'decryptFailed' | 'revoked' | 'unknownDevice'): Event => ({
  type: 'PneAuthenticationFailed',
  data: { reason },
});
const denied: Event = { type: 'RegistrationDenied', data: { code: 403 } };
const allocated: Event = { type: 'CpnsIdAllocated', data: { deviceId: 'lamp', cpnsId: CPNS_ID } };
const accepts = (requestId: string, keyId: string): Event => ({
  type: 'RegistrationAnswered',
  data: { requestId, code: 200, cpnsId: CPNS_ID, keyId, handshake: REPLY },
});
const refuses = (requestId: string, code: 401 | 403): Event => ({
  type: 'RegistrationAnswered',
  data: { requestId, code, cpnsId: null, keyId: null, handshake: null },
});
const established = (keyId: string): Event => ({ type: 'SecureSessionEstablished', data: { keyId } });
const closed = (keyId: string): Event => ({ type: 'SecureSessionClosed', data: { keyId, reason: 'replaced' } });

const answered = [received('r1'), authenticated(), allocated, accepts('r1', KEY_1)];
const inSession = [...answered, established(KEY_1)];
/** Registered; the PNE has not shown the session yet that was agreed on. */
const UNCONFIRMED = beside('none', { idle: 'registered' });
/** The same, beside the session of before. */
const UNCONFIRMED_BESIDE = beside('established', { idle: 'registered' });
const IN_SESSION = beside('established', { idle: 'registered' });

describe('the CPNS Server registers a PNE (1.4.1/3, 1.4.2/5)', () => {
  it.each(['1.4.1', '1.4.2'] as const)('authenticates it, in flow %s', (flow) => {
    given(chart, [])
      .when(received('r1', flow))
      .thenTaken({
        state: beside('none', 'authenticating'),
        effects: [ask('authenticatePne')],
        context: {
          flow,
          pnId: 'home',
          deviceId: 'lamp',
          gatewayId: 'hub',
          requestId: 'r1',
          handshake: HANDSHAKE,
          authenticated: 'no',
        },
      });
  });

  it('allocates its CPNS ID', () => {
    given(chart, [received('r1')])
      .when(authenticated())
      .thenTaken({
        state: beside('none', 'allocating'),
        effects: [ask('allocateCpnsId')],
        context: { authenticated: 'yes' },
      });
  });

  it('ends the earlier session, updates the PN Inventory and answers, in this order', () => {
    given(chart, [received('r1'), authenticated()])
      .when(allocated)
      .thenTaken({
        state: beside('none', 'updating'),
        effects: [ask('closeAgreedSession'), ask('updateInventory'), ask('answerRegistration')],
        context: { cpnsId: CPNS_ID },
      });
  });

  it('answers 200 with the security information', () => {
    given(chart, [received('r1'), authenticated(), allocated])
      .when(accepts('r1', KEY_1))
      .thenTaken({
        state: UNCONFIRMED,
        effects: [answer('registration-response')],
        context: { code: 200, reply: REPLY, agreedKeyId: KEY_1, session: null },
      });
  });

  it('has a secure session with the first sealed message (1.4.1/4, 1.4.2/6)', () => {
    given(chart, answered)
      .when(established(KEY_1))
      .thenTaken({
        state: IN_SESSION,
        effects: [answer('session-confirmed')],
        context: { agreedKeyId: null, session: sessionOf(KEY_1) },
      });
  });
});

describe('the CPNS Server refuses a PNE', () => {
  it.each(['malformed', 'decryptFailed', 'unknownDevice'] as const)(
    'that fails to authenticate (%s): compensates first, then says 401',
    (reason) => {
      given(chart, [received('r1', '1.4.2')])
        .when(failed(reason))
        .thenTaken({
          state: beside('none', 'refusing'),
          effects: [ask('removePne'), ask('answerRegistration')],
          context: { code: 401, authenticated: 'no', cpnsId: null },
        });
    },
  );

  it('that the PN does not take: compensates first, then says 403', () => {
    given(chart, [received('r1'), authenticated()])
      .when(denied)
      .thenTaken({
        state: beside('none', 'refusing'),
        effects: [ask('removePne'), ask('answerRegistration')],
        context: { code: 403, cpnsId: null },
      });
  });

  it('and it is not registered', () => {
    given(chart, [received('r1'), failed('decryptFailed')])
      .when(refuses('r1', 401))
      .thenTaken({
        state: beside('none', { idle: 'refused' }),
        effects: [answer('registration-response')],
        context: { code: 401, agreedKeyId: null, session: null, reply: null },
      });
  });

  it('and registers it later, when it holds its secret after all', () => {
    given(chart, [received('r1'), failed('decryptFailed'), refuses('r1', 401)])
      .when(received('r2'))
      .thenTaken({
        state: beside('none', 'authenticating'),
        effects: [ask('authenticatePne')],
        context: { code: null },
      });
  });
});

describe('a PNE that is registered registers again', () => {
  const again = [...inSession, received('r2'), authenticated(2), allocated];

  it('is authenticated again: what it proved before does not count', () => {
    given(chart, inSession)
      .when(received('r2'))
      .thenTaken({
        state: beside('established', 'authenticating'),
        effects: [ask('authenticatePne')],
        context: { authenticated: 'no', session: sessionOf(KEY_1), cpnsId: CPNS_ID },
      });
  });

  it('keeps its session until it has shown the next one', () => {
    given(chart, again)
      .when(accepts('r2', KEY_2))
      .thenTaken({
        state: UNCONFIRMED_BESIDE,
        effects: [answer('registration-response')],
        context: { agreedKeyId: KEY_2, session: sessionOf(KEY_1) },
      });
  });

  it('loses it then', () => {
    given(chart, [...again, accepts('r2', KEY_2)])
      .when(established(KEY_2))
      .thenTaken({
        state: IN_SESSION,
        effects: [ask('closeReplacedSession'), answer('session-confirmed')],
        context: { agreedKeyId: null, session: sessionOf(KEY_2), replacedKeyId: KEY_1 },
      });
    given(chart, [...again, accepts('r2', KEY_2), established(KEY_2)])
      .when(closed(KEY_1))
      .thenTaken({ state: IN_SESSION, effects: [], context: { session: sessionOf(KEY_2), replacedKeyId: null } });
  });

  it('keeps the one that stands through several that it never shows', () => {
    const third = [received('r3'), authenticated(3), allocated, closed(KEY_2), accepts('r3', KEY_3)];
    given(chart, [...again, accepts('r2', KEY_2), ...third])
      .when(established(KEY_3))
      .thenTaken({
        state: IN_SESSION,
        effects: [ask('closeReplacedSession'), answer('session-confirmed')],
        context: { session: sessionOf(KEY_3), replacedKeyId: KEY_1 },
      });
  });

  it('loses a session that it has never shown at once', () => {
    given(chart, [...answered, received('r2'), authenticated(2), allocated])
      .when(closed(KEY_1))
      .thenTaken({ state: beside('none', 'updating'), effects: [], context: { agreedKeyId: null } });
    given(chart, [...answered, received('r2'), authenticated(2), allocated, closed(KEY_1)])
      .when(accepts('r2', KEY_2))
      .thenTaken({
        state: UNCONFIRMED,
        effects: [answer('registration-response')],
        context: { agreedKeyId: KEY_2, session: null },
      });
  });

  it('keeps registration and session when somebody fails in its name', () => {
    given(chart, [...inSession, received('r2'), failed('decryptFailed')])
      .when(refuses('r2', 401))
      .thenTaken({
        state: IN_SESSION,
        effects: [answer('registration-response')],
        context: { session: sessionOf(KEY_1), cpnsId: CPNS_ID, code: 401 },
      });
  });

  it('keeps a registration whose session it has not shown yet', () => {
    given(chart, [...answered, received('r2'), failed('decryptFailed')])
      .when(refuses('r2', 401))
      .thenTaken({ state: UNCONFIRMED, effects: [answer('registration-response')], context: { agreedKeyId: KEY_1 } });
  });

  it('can still show its session after such a failure', () => {
    given(chart, [...answered, received('r2'), failed('decryptFailed'), refuses('r2', 401)])
      .when(established(KEY_1))
      .thenTaken({ state: IN_SESSION, effects: [answer('session-confirmed')] });
  });

  it('has to show its next session also when it was refused in between', () => {
    const refusedOnce = [...inSession, received('r2'), failed('malformed'), refuses('r2', 401)];
    given(chart, [...refusedOnce, received('r3'), authenticated(3), allocated])
      .when(accepts('r3', KEY_2))
      .thenTaken({
        state: UNCONFIRMED_BESIDE,
        effects: [answer('registration-response')],
        context: { agreedKeyId: KEY_2, session: sessionOf(KEY_1) },
      });
  });
});

describe('the session of a PNE that would not be taken any more', () => {
  const over = (keyId: string): Event => ({ type: 'SecureSessionClosed', data: { keyId, reason: 'revoked' } });
  const CLOSED = beside('none', { idle: 'registered' });
  const NONE = { agreedKeyId: null, session: null };

  it('is over; the registration stands', () => {
    given(chart, inSession)
      .when(over(KEY_1))
      .thenTaken({ state: CLOSED, effects: [], context: { ...NONE, cpnsId: CPNS_ID } });
  });

  it('is over also when it was never shown, or stands until the next one is shown', () => {
    given(chart, answered).when(over(KEY_1)).thenTaken({ state: CLOSED, effects: [], context: NONE });
    given(chart, [...inSession, received('r2'), authenticated(2), allocated, accepts('r2', KEY_2)])
      .when(over(KEY_1))
      .thenTaken({ state: UNCONFIRMED, effects: [], context: { agreedKeyId: KEY_2, session: null } });
  });

  it('does not come back when the PNE is refused', () => {
    given(chart, [...inSession, over(KEY_1), received('r2'), failed('revoked')])
      .when(refuses('r2', 401))
      .thenTaken({ state: CLOSED, effects: [answer('registration-response')], context: NONE });
  });
});

describe('the registration of a PNE does not take', () => {
  it.each<readonly [string, readonly Event[], Event]>([
    ['a CPNS ID before authentication', [received('r1')], allocated],
    ['a denial before authentication', [received('r1')], denied],
    ['an acceptance before authentication', [received('r1')], accepts('r1', KEY_1)],
    ['an acceptance after the authentication failed', [received('r1'), failed('malformed')], accepts('r1', KEY_1)],
    ['a refusal after the CPNS ID was allocated', [received('r1'), authenticated(), allocated], refuses('r1', 403)],
    ['another request while it works on one', [received('r1')], received('r2')],
    ['a sealed message before any session', [], established(KEY_1)],
    ['a sealed message of another session', answered, established(KEY_2)],
    ['a second first sealed message', inSession, established(KEY_1)],
    [
      'the end of the session that stands, before the next one is shown',
      [...inSession, received('r2'), authenticated(2), allocated],
      closed(KEY_1),
    ],
    [
      'a sealed message of the session that stands as the first of the next one',
      [...inSession, received('r2'), authenticated(2), allocated, accepts('r2', KEY_2)],
      established(KEY_1),
    ],
    ['the end of another session', [...inSession, received('r2'), authenticated(2), allocated], closed(KEY_2)],
    ['a sealed message after a refusal', [received('r1'), failed('malformed'), refuses('r1', 401)], established(KEY_1)],
  ])('%s', (_, events, event) => {
    given(chart, events).when(event).thenRefused(409);
  });

  it('a CPNS ID in a state that was put together by hand, without authentication', () => {
    const ALLOCATING = beside('none', 'allocating');
    const { context } = chart.initial();
    expect(chart.can(chart.restore({ value: ALLOCATING, context }), allocated)).toBe(false);
    const proved = { ...context, authenticated: 'yes' as const };
    expect(chart.can(chart.restore({ value: ALLOCATING, context: proved }), allocated)).toBe(true);
  });

  it('and counts what it refused', () => {
    given(chart, inSession)
      .when(messageRefused(7))
      .thenTaken({ state: IN_SESSION, effects: [], context: { refusals: 7 } });
  });
});

describe('the session of a PNE that is registered', () => {
  const CLOSED = beside('none', { idle: 'registered' });
  const wanted: Event = { type: 'SessionCloseWanted', data: { keyId: KEY_1 } };
  const over: Event = { type: 'SecureSessionClosed', data: { keyId: KEY_1, reason: 'ended' } };

  it('leaves the registration standing when it is closed, also when a request is refused later', () => {
    given(chart, [...inSession, wanted])
      .when(over)
      .thenTaken({
        state: CLOSED,
        effects: [disarm('close'), settle('session-close')],
        context: { agreedKeyId: null, session: null, cpnsId: CPNS_ID },
      });
    given(chart, [...inSession, wanted, over, received('r2'), failed('decryptFailed')])
      .when(refuses('r2', 401))
      .thenTaken({ state: CLOSED, effects: [answer('registration-response')] });
  });

  it('does not keep a PNE waiting that registers again while it is closed', () => {
    given(chart, [...inSession, wanted])
      .when(received('r2'))
      .thenTaken({
        state: beside('closing', 'authenticating'),
        effects: [ask('closeSession'), ask('authenticatePne')],
      });
    given(chart, [...inSession, wanted, received('r2')])
      .when(over)
      .thenTaken({
        state: beside('none', 'authenticating'),
        effects: [disarm('close'), settle('session-close')],
        context: { session: null },
      });
  });
});
