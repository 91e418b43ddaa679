import { describe, it } from 'vitest';
import type { ResponseCode } from '../../../events/codes.ts';
import { pneRegistration as chart } from '../../../machines/pne/registration.ts';
import {
  answer,
  arm,
  armAnswer,
  ask,
  beside,
  CPNS_ID,
  disarm,
  given,
  HANDSHAKE,
  KEY_1,
  KEY_2,
  messageRefused,
  overdue,
  overdueUpTo,
  resend,
  send,
  sessionOf,
  settle,
  stateAfter,
  TIMESTAMPS,
  type EventOfChart,
} from '../given.ts';

type Event = EventOfChart<'pne/registration'>;

const target = { deviceId: 'lamp', pnId: 'home', gatewayId: 'hub' };
const wanted: Event = { type: 'RegistrationWanted', data: { ...target, pairing: 'none' } };
const strangerWanted: Event = { type: 'RegistrationWanted', data: { ...target, pairing: 'needed' } };
const pairingRequested = (requestId: string): Event => ({ type: 'PairingRequested', data: { requestId } });
const pairingFormed = (requestId: string): Event => ({ type: 'PairingFormed', data: { requestId, gatewayId: 'hub' } });
const pairingRefused = (requestId: string, code: ResponseCode): Event => ({
  type: 'PairingRefused',
  data: { requestId, code },
});
const pairingTimedOut = (requestId: string): Event => ({ type: 'PairingTimedOut', data: { requestId } });
const requested = (requestId: string): Event => ({
  type: 'RegistrationRequested',
  data: { requestId, pnId: 'home', gatewayId: 'hub', handshake: HANDSHAKE, timestamp: TIMESTAMPS[0] },
});
const accepted = (requestId: string, keyId = KEY_1): Event => ({
  type: 'RegistrationAccepted',
  data: { requestId, code: 200, cpnsId: CPNS_ID, keyId },
});
const refused = (requestId: string, code: ResponseCode): Event => ({
  type: 'RegistrationRefused',
  data: { requestId, code },
});
const timedOut = (requestId: string): Event => ({ type: 'RegistrationTimedOut', data: { requestId } });
const established = (keyId: string): Event => ({ type: 'SecureSessionEstablished', data: { keyId } });
const confirmed = (keyId: string): Event => ({ type: 'SecureSessionConfirmed', data: { keyId } });
const closed = (keyId: string, reason: 'replaced' | 'unconfirmed'): Event => ({
  type: 'SecureSessionClosed',
  data: { keyId, reason },
});
const backOffEnded: Event = { type: 'BackOffEnded', data: {} };

const asked = [wanted, requested('r1')];
const strangerAsked = [strangerWanted, pairingRequested('p1'), pairingFormed('p1'), requested('r1')];
const confirming = [...asked, accepted('r1'), established(KEY_1)];
const registered = [...confirming, confirmed(KEY_1)];

const stateOf = (events: readonly Event[]) => stateAfter(chart, events).value;
const IN_SESSION = beside('established', { registered: 'settled' });
const noLongerWaits = [disarm('answer'), settle('registration-request')];
const noLongerPairs = [disarm('answer'), settle('pairing-request')];
const backsOff = (delayMs: number) => arm('backOff', delayMs, { type: 'BackOffEnded', data: {} });

describe('a PN member registers (1.4.1)', () => {
  it('builds its request at once (step 1)', () => {
    given(chart, [])
      .when(wanted)
      .thenTaken({
        state: beside('none', 'requesting'),
        effects: [ask('requestRegistration')],
        context: { flow: '1.4.1', deviceId: 'lamp', pnId: 'home', gatewayId: 'hub' },
      });
  });

  it('sends the request and waits one second for the answer (step 1)', () => {
    given(chart, [wanted])
      .when(requested('r1'))
      .thenTaken({
        state: beside('none', 'awaitingAnswer'),
        effects: [send('registration-request'), armAnswer(1_000, 1)],
        context: { requestId: 'r1', handshake: HANDSHAKE, attempt: 1 },
      });
  });

  it('has its CPNS ID and takes the session into use when it is accepted (step 4)', () => {
    given(chart, asked)
      .when(accepted('r1'))
      .thenTaken({
        state: beside('none', { registered: 'establishing' }),
        effects: [...noLongerWaits, ask('establishSession')],
        context: { code: 200, cpnsId: CPNS_ID, backOffs: 0 },
      });
  });

  it('shows the server that it holds the session (step 4)', () => {
    given(chart, [...asked, accepted('r1')])
      .when(established(KEY_1))
      .thenTaken({
        state: beside('none', { registered: 'confirming' }),
        effects: [send('session-confirm'), armAnswer(1_000, 1)],
        context: { agreedKeyId: KEY_1, session: null },
      });
  });

  it('is done when the server has shown the same (step 4)', () => {
    given(chart, confirming)
      .when(confirmed(KEY_1))
      .thenTaken({
        state: IN_SESSION,
        effects: [disarm('answer'), settle('session-confirm')],
        context: { agreedKeyId: null, session: sessionOf(KEY_1) },
      });
  });
});

describe('a stranger registers (1.4.2)', () => {
  it('pairs first (step 1)', () => {
    given(chart, [])
      .when(strangerWanted)
      .thenTaken({
        state: beside('none', 'pairing'),
        effects: [ask('requestPairing')],
        context: { flow: '1.4.2', attempt: 1 },
      });
  });

  it('sends the pairing request and waits one second (step 1)', () => {
    given(chart, [strangerWanted])
      .when(pairingRequested('p1'))
      .thenTaken({
        state: beside('none', 'pairing'),
        effects: [send('pairing-request'), armAnswer(1_000, 1)],
        context: { requestId: 'p1' },
      });
  });

  it('builds its registration request once it is paired (step 2)', () => {
    given(chart, [strangerWanted, pairingRequested('p1')])
      .when(pairingFormed('p1'))
      .thenTaken({ state: beside('none', 'requesting'), effects: [...noLongerPairs, ask('requestRegistration')] });
  });

  it('starts to count attempts anew with the registration request (step 2)', () => {
    given(chart, [strangerWanted, pairingRequested('p1'), overdue(1), overdue(2), pairingFormed('p1')])
      .when(requested('r1'))
      .thenTaken({
        state: beside('none', 'awaitingAnswer'),
        effects: [send('registration-request'), armAnswer(1_000, 1)],
        context: { attempt: 1, requestId: 'r1', flow: '1.4.2' },
      });
  });

  it('is accepted as a member is (step 6)', () => {
    given(chart, strangerAsked)
      .when(accepted('r1'))
      .thenTaken({
        state: beside('none', { registered: 'establishing' }),
        effects: [...noLongerWaits, ask('establishSession')],
        context: { flow: '1.4.2', cpnsId: CPNS_ID },
      });
  });
});

describe('a PNE is refused', () => {
  it.each([400, 401, 403, 404, 410, 426] as const)('for good with %i, and waits for nothing', (code) => {
    given(chart, asked)
      .when(refused('r1', code))
      .thenTaken({ state: beside('none', 'refused'), effects: noLongerWaits, context: { code } });
  });

  it.each([202, 408, 409, 429, 480, 500, 503] as const)('for now with %i, and tries again after 2 s', (code) => {
    given(chart, asked)
      .when(refused('r1', code))
      .thenTaken({
        state: beside('none', 'backingOff'),
        effects: [...noLongerWaits, backsOff(2_000)],
        context: { code, backOffs: 1 },
      });
  });

  it('for good when the PN GW does not pair', () => {
    given(chart, [strangerWanted, pairingRequested('p1')])
      .when(pairingRefused('p1', 403))
      .thenTaken({ state: beside('none', 'refused'), effects: noLongerPairs, context: { code: 403 } });
  });

  it('for now when the PN GW cannot pair at the moment', () => {
    given(chart, [strangerWanted, pairingRequested('p1')])
      .when(pairingRefused('p1', 503))
      .thenTaken({
        state: beside('none', 'backingOff'),
        effects: [...noLongerPairs, backsOff(2_000)],
        context: { code: 503 },
      });
  });

  it('asks again when it is told to', () => {
    given(chart, [...asked, refused('r1', 401)])
      .when(wanted)
      .thenTaken({
        state: beside('none', 'requesting'),
        effects: [ask('requestRegistration')],
        context: { backOffs: 0 },
      });
  });

  it('pairs again as a stranger when it is told to', () => {
    given(chart, [...strangerAsked, refused('r1', 403)])
      .when(strangerWanted)
      .thenTaken({ state: beside('none', 'pairing'), effects: [ask('requestPairing')] });
  });
});

describe('a PNE has no answer', () => {
  it.each([
    [1, 2_000],
    [2, 4_000],
    [3, 8_000],
    [4, 16_000],
    [5, 32_000],
  ])('sends the same request again after attempt %i and waits %i ms', (attempt, delayMs) => {
    given(chart, [...asked, ...overdueUpTo(attempt - 1)])
      .when(overdue(attempt))
      .thenTaken({
        state: beside('none', 'awaitingAnswer'),
        effects: [resend('registration-request'), armAnswer(delayMs, attempt + 1)],
        context: { attempt: attempt + 1, requestId: 'r1' },
      });
  });

  it('gives the request up after the sixth attempt', () => {
    given(chart, [...asked, ...overdueUpTo(5)])
      .when(overdue(6))
      .thenTaken({
        state: beside('none', 'awaitingAnswer'),
        effects: [ask('timeOutRegistration')],
        context: { attempt: 6 },
      });
  });

  it('tries anew with another request after 2 s', () => {
    given(chart, [...asked, ...overdueUpTo(6)])
      .when(timedOut('r1'))
      .thenTaken({
        state: beside('none', 'backingOff'),
        effects: [...noLongerWaits, backsOff(2_000)],
        context: { backOffs: 1 },
      });
  });

  it('sends the pairing request again', () => {
    given(chart, [strangerWanted, pairingRequested('p1')])
      .when(overdue(1))
      .thenTaken({ state: beside('none', 'pairing'), effects: [resend('pairing-request'), armAnswer(2_000, 2)] });
  });

  it('gives the pairing up after the sixth attempt', () => {
    given(chart, [strangerWanted, pairingRequested('p1'), ...overdueUpTo(5)])
      .when(overdue(6))
      .thenTaken({ state: beside('none', 'pairing'), effects: [ask('timeOutPairing')] });
  });

  it('tries to pair anew after 2 s', () => {
    given(chart, [strangerWanted, pairingRequested('p1'), ...overdueUpTo(6)])
      .when(pairingTimedOut('p1'))
      .thenTaken({ state: beside('none', 'backingOff'), effects: [...noLongerPairs, backsOff(2_000)] });
  });
});

describe('a PNE backs off', () => {
  const round = (n: number): readonly Event[] => [requested(`r${n}`), refused(`r${n}`, 503), backOffEnded, wanted];
  const rounds = (count: number): readonly Event[] => [
    wanted,
    ...Array.from({ length: count }, (_, n) => round(n + 1)).flat(),
  ];

  it.each([
    [1, 2_000],
    [2, 4_000],
    [3, 8_000],
    [4, 16_000],
    [5, 32_000],
    [6, 64_000],
    [7, 128_000],
    [8, 256_000],
  ])('the %i. time for %i ms', (time, delayMs) => {
    given(chart, [...rounds(time - 1), requested('now')])
      .when(refused('now', 503))
      .thenTaken({
        state: beside('none', 'backingOff'),
        effects: [...noLongerWaits, backsOff(delayMs)],
        context: { backOffs: time },
      });
  });

  it('no ninth time: a temporary refusal is then the last word', () => {
    given(chart, [...rounds(8), requested('now')])
      .when(refused('now', 503))
      .thenTaken({ state: beside('none', 'refused'), effects: noLongerWaits });
  });

  it('no ninth time: silence is then the last word', () => {
    given(chart, [...rounds(8), requested('now'), ...overdueUpTo(6)])
      .when(timedOut('now'))
      .thenTaken({ state: beside('none', 'timedOut'), effects: noLongerWaits });
  });

  it('no ninth time: silence about pairing is then the last word', () => {
    const again = (n: number): readonly Event[] => [pairingRequested(`p${n}`), pairingTimedOut(`p${n}`), backOffEnded];
    const eight = Array.from({ length: 8 }, (_, n) => [strangerWanted, ...again(n + 1)]).flat();
    given(chart, [...eight, strangerWanted, pairingRequested('now')])
      .when(pairingTimedOut('now'))
      .thenTaken({ state: beside('none', 'timedOut'), effects: noLongerPairs });
  });

  it('then wants to register again', () => {
    given(chart, [...asked, refused('r1', 503)])
      .when(backOffEnded)
      .thenTaken({ state: beside('none', 'backingOff'), effects: [ask('wantRegistration')] });
  });

  it('then asks with its count kept', () => {
    given(chart, [...asked, refused('r1', 503), backOffEnded])
      .when(wanted)
      .thenTaken({
        state: beside('none', 'requesting'),
        effects: [disarm('backOff'), ask('requestRegistration')],
        context: { backOffs: 1 },
      });
  });

  it('then pairs anew as a stranger', () => {
    given(chart, [...strangerAsked, refused('r1', 202), backOffEnded])
      .when(strangerWanted)
      .thenTaken({
        state: beside('none', 'pairing'),
        effects: [disarm('backOff'), ask('requestPairing')],
        context: { backOffs: 1 },
      });
  });

  it('counts anew once it was accepted', () => {
    given(chart, [...asked, refused('r1', 503), backOffEnded, wanted, requested('r2')])
      .when(accepted('r2'))
      .thenTaken({
        state: beside('none', { registered: 'establishing' }),
        effects: [...noLongerWaits, ask('establishSession')],
        context: { backOffs: 0 },
      });
  });

  it('starts over when it had given up and is told to register', () => {
    given(chart, [...rounds(8), requested('now'), timedOut('now')])
      .when(wanted)
      .thenTaken({
        state: beside('none', 'requesting'),
        effects: [ask('requestRegistration')],
        context: { backOffs: 0 },
      });
  });
});

describe('the secure session of a PNE', () => {
  it.each([
    [1, 2_000],
    [5, 32_000],
  ])('is shown again after attempt %i, then %i ms are waited', (attempt, delayMs) => {
    given(chart, [...confirming, ...overdueUpTo(attempt - 1)])
      .when(overdue(attempt))
      .thenTaken({
        state: beside('none', { registered: 'confirming' }),
        effects: [resend('session-confirm'), armAnswer(delayMs, attempt + 1)],
      });
  });

  it('is closed when the server has not shown it after the sixth attempt', () => {
    given(chart, [...confirming, ...overdueUpTo(5)])
      .when(overdue(6))
      .thenTaken({ state: beside('none', { registered: 'confirming' }), effects: [ask('closeUnconfirmedSession')] });
  });

  it('makes way for a new registration when it is closed; the PNE is a member by now', () => {
    const stranger = [...strangerAsked, accepted('r1'), established(KEY_1), ...overdueUpTo(6)];
    given(chart, stranger)
      .when(closed(KEY_1, 'unconfirmed'))
      .thenTaken({
        state: beside('none', 'requesting'),
        effects: [disarm('answer'), settle('session-confirm'), ask('requestRegistration')],
        context: { agreedKeyId: null, session: null, flow: '1.4.1' },
      });
  });

  it('stands while the device registers again, as a member', () => {
    given(chart, registered)
      .when(strangerWanted)
      .thenTaken({
        state: beside('established', 'requesting'),
        effects: [ask('requestRegistration')],
        context: { session: sessionOf(KEY_1), cpnsId: CPNS_ID, flow: '1.4.1' },
      });
  });

  it('ends when the next one stands', () => {
    given(chart, [...registered, wanted, requested('r2'), accepted('r2', KEY_2)])
      .when(closed(KEY_1, 'replaced'))
      .thenTaken({ state: beside('none', { registered: 'establishing' }), effects: [], context: { session: null } });
  });
});

describe('a PNE refuses with 409', () => {
  it.each<readonly [string, readonly Event[], Event]>([
    ['an acceptance of another request', asked, accepted('r0')],
    ['a refusal of another request', asked, refused('r0', 403)],
    ['a temporary refusal of another request', asked, refused('r0', 503)],
    ['the end of another request', asked, timedOut('r0')],
    ['a second acceptance', [...asked, accepted('r1')], accepted('r1')],
    ['an acceptance that comes after the refusal', [...asked, refused('r1', 403)], accepted('r1')],
    ['an acceptance that comes while it backs off', [...asked, timedOut('r1')], accepted('r1')],
    ['pairing that it did not ask for', [], pairingFormed('p1')],
    ['an answer about another pairing', [strangerWanted, pairingRequested('p1')], pairingFormed('p0')],
    ['a refusal of another pairing', [strangerWanted, pairingRequested('p1')], pairingRefused('p0', 403)],
    ['the end of another pairing', [strangerWanted, pairingRequested('p1')], pairingTimedOut('p0')],
    ['a second pairing', strangerAsked, pairingFormed('p1')],
    ['the confirmation of another session', confirming, confirmed(KEY_2)],
    ['a second confirmation', registered, confirmed(KEY_1)],
    ['the end of another session', confirming, closed(KEY_2, 'unconfirmed')],
    ['the wish to register while it registers', asked, wanted],
    ['a time-out of nothing', [], overdue(1)],
    ['the end of a wait that it does not do', asked, backOffEnded],
  ])('%s', (_, events, event) => {
    given(chart, events).when(event).thenRefused(409);
  });

  it('and counts what it refused, in any state', () => {
    given(chart, [messageRefused(1), ...confirming])
      .when(messageRefused(41))
      .thenTaken({ state: beside('none', { registered: 'confirming' }), effects: [], context: { refusals: 42 } });
  });
});

describe('the session of a PNE that registers again', () => {
  const rekeyed = (epoch: number): Event => ({
    type: 'SecureSessionRekeyed',
    data: { keyId: KEY_1, direction: 'up', epoch },
  });
  const closeWanted: Event = { type: 'SessionCloseWanted', data: { keyId: KEY_1 } };
  const heard: Event = { type: 'SessionCloseReceived', data: { keyId: KEY_1 } };
  const over: Event = { type: 'SecureSessionClosed', data: { keyId: KEY_1, reason: 'ended' } };

  it('carries data whatever the device is at, under an epoch that nobody has claimed', () => {
    for (const before of [registered, [...registered, wanted], [...registered, wanted, requested('r2')]]) {
      given(chart, before)
        .when(rekeyed(2))
        .thenTaken({ state: stateOf(before), effects: [], context: { session: sessionOf(KEY_1, { up: 3 }) } });
      given(chart, [...before, rekeyed(2)])
        .when(rekeyed(2))
        .thenRefused(409);
    }
  });

  it('leaves the device registered, and able to register again, when it is closed', () => {
    given(chart, [...registered, closeWanted])
      .when(over)
      .thenTaken({
        state: beside('none', { registered: 'settled' }),
        effects: [disarm('close'), settle('session-close')],
        context: { session: null, cpnsId: CPNS_ID },
      });
    given(chart, [...registered, closeWanted, over])
      .when(wanted)
      .thenTaken({ state: beside('none', 'requesting'), effects: [ask('requestRegistration')] });
  });

  it('does not keep the device waiting for the answer to its end', () => {
    given(chart, [...registered, closeWanted])
      .when(wanted)
      .thenTaken({
        state: beside('closing', 'requesting'),
        effects: [ask('closeSession'), ask('requestRegistration')],
      });
    given(chart, [...registered, closeWanted, wanted])
      .when(over)
      .thenTaken({
        state: beside('none', 'requesting'),
        effects: [disarm('close'), settle('session-close')],
        context: { session: null },
      });
  });

  it('ends when the server says so, and is answered, whatever the device is at', () => {
    for (const before of [registered, [...registered, wanted, requested('r2')], [...registered, closeWanted]]) {
      given(chart, before)
        .when(heard)
        .thenTaken({ state: stateOf(before), effects: [answer('session-closed'), ask('closeSession')] });
    }
    given(chart, confirming).when(heard).thenRefused(409);
  });

  it('ends without telling the server while the device registers again', () => {
    const before = [...registered, wanted, requested('r2')];
    given(chart, before)
      .when(closeWanted)
      .thenTaken({ state: beside('established', 'awaitingAnswer'), effects: [ask('closeSession')] });
    given(chart, [...before, closeWanted])
      .when(over)
      .thenTaken({ state: beside('none', 'awaitingAnswer'), effects: [], context: { session: null } });
  });
});
