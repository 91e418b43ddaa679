import { describe, it } from 'vitest';
import { gatewayRegistration as chart } from '../../../machines/cpns-server/gateway-registration.ts';
import {
  answer,
  ask,
  given,
  HANDSHAKE,
  KEY_1,
  KEY_2,
  messageRefused,
  REPLY,
  TIMESTAMPS,
  type EventOfChart,
} from '../given.ts';

type Event = EventOfChart<'cpns-server/gateway-registration'>;

const received = (requestId: string): Event => ({
  type: 'GatewayRegistrationReceived',
  data: { requestId, gatewayId: 'hub', handshake: HANDSHAKE },
});
const authenticated = (keyId: string, timestamp: string = TIMESTAMPS[0]): Event => ({
  type: 'GatewayAuthenticated',
  data: { keyId, timestamp },
});
const failed: Event = { type: 'GatewayAuthenticationFailed', data: { reason: 'decryptFailed' } };
const accepts = (requestId: string): Event => ({
  type: 'GatewayRegistrationAnswered',
  data: { requestId, code: 200, handshake: REPLY },
});
const refuses = (requestId: string): Event => ({
  type: 'GatewayRegistrationAnswered',
  data: { requestId, code: 401, handshake: null },
});

const closed = (keyId: string): Event => ({ type: 'GatewaySessionClosed', data: { keyId, reason: 'revoked' } });

const registered = [received('g1'), authenticated(KEY_1), accepts('g1')];

describe('the CPNS Server registers a PN GW', () => {
  it('reads its handshake message', () => {
    given(chart, [])
      .when(received('g1'))
      .thenTaken({
        state: 'authenticating',
        effects: [ask('authenticateGateway')],
        context: { gatewayId: 'hub', requestId: 'g1', handshake: HANDSHAKE },
      });
  });

  it('writes its own when the PN GW holds its secret', () => {
    given(chart, [received('g1')])
      .when(authenticated(KEY_1))
      .thenTaken({ state: 'answering', effects: [ask('answerGatewayRegistration')], context: { keyId: KEY_1 } });
  });

  it('answers 200', () => {
    given(chart, [received('g1'), authenticated(KEY_1)])
      .when(accepts('g1'))
      .thenTaken({
        state: { idle: 'registered' },
        effects: [answer('gateway-registration-response')],
        context: { code: 200, reply: REPLY },
      });
  });

  it('refuses one that does not hold its secret', () => {
    given(chart, [received('g1')])
      .when(failed)
      .thenTaken({ state: 'refusing', effects: [ask('answerGatewayRegistration')], context: { keyId: null } });
  });

  it('answers it 401, and it stays unregistered', () => {
    given(chart, [received('g1'), failed])
      .when(refuses('g1'))
      .thenTaken({
        state: { idle: 'unregistered' },
        effects: [answer('gateway-registration-response')],
        context: { code: 401, reply: null },
      });
  });

  it('registers it later, when it holds its secret after all', () => {
    given(chart, [received('g1'), failed, refuses('g1'), received('g2'), authenticated(KEY_2, TIMESTAMPS[1])])
      .when(accepts('g2'))
      .thenTaken({ state: { idle: 'registered' }, effects: [answer('gateway-registration-response')] });
  });

  it('registers it again under another key', () => {
    given(chart, [...registered, received('g2')])
      .when(authenticated(KEY_2, TIMESTAMPS[1]))
      .thenTaken({
        state: 'answering',
        effects: [ask('answerGatewayRegistration')],
        context: { keyId: KEY_2, requestId: 'g2' },
      });
  });

  it('keeps the registration that stands when somebody fails in its name', () => {
    given(chart, [...registered, received('g2'), failed])
      .when(refuses('g2'))
      .thenTaken({
        state: { idle: 'registered' },
        effects: [answer('gateway-registration-response')],
        context: { keyId: KEY_1, code: 401 },
      });
  });

  it.each<readonly [string, readonly Event[], Event]>([
    ['a verdict without a request', [], authenticated(KEY_1)],
    ['an answer without a verdict', [received('g1')], accepts('g1')],
    ['another request while it works on one', [received('g1')], received('g2')],
    ['a failure after success', [received('g1'), authenticated(KEY_1)], failed],
  ])('does not take %s', (_, events, event) => {
    given(chart, events).when(event).thenRefused(409);
  });

  it('ends the session of one whose certificate was revoked; it is not registered from then on', () => {
    given(chart, registered)
      .when(closed(KEY_1))
      .thenTaken({ state: { idle: 'unregistered' }, effects: [], context: { keyId: null } });
    given(chart, [...registered, closed(KEY_1), received('g2'), failed])
      .when(refuses('g2'))
      .thenTaken({ state: { idle: 'unregistered' }, effects: [answer('gateway-registration-response')] });
  });

  it('does not end another session than that in force', () => {
    given(chart, registered).when(closed(KEY_2)).thenRefused(409);
    given(chart, []).when(closed(KEY_1)).thenRefused(409);
  });

  it('counts what it refused', () => {
    given(chart, [...registered, messageRefused(2)])
      .when(messageRefused(3))
      .thenTaken({ state: { idle: 'registered' }, effects: [], context: { refusals: 5 } });
  });
});
