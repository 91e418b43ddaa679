import { describe, it } from 'vitest';
import type { ResponseCode } from '../../../events/codes.ts';
import type { MemberStatus } from '../../../events/fields.ts';
import { admission as chart } from '../../../machines/pn-gateway/admission.ts';
import {
  answer,
  armAnswer,
  ask,
  disarm,
  given,
  HANDSHAKE,
  messageRefused,
  overdue,
  overdueUpTo,
  REPLY,
  resend,
  send,
  settle,
  type EventOfChart,
} from '../given.ts';

type Event = EventOfChart<'pn-gateway/admission'>;

const paired = (requestId = 'p1'): Event => ({ type: 'PairingFormed', data: { requestId, deviceId: 'tag' } });
const received = (requestId: string): Event => ({
  type: 'RegistrationRequestReceived',
  data: { requestId, deviceId: 'tag', pnId: 'home', handshake: HANDSHAKE },
});
const isMember = (status: MemberStatus): Event => ({
  type: 'MembershipConfirmed',
  data: { pnId: 'home', revision: 2, status },
});
const isStranger: Event = { type: 'MembershipMissing', data: { pnId: 'home', revision: 2 } };
const admissionRefused = (requestId: string, code: ResponseCode): Event => ({
  type: 'AdmissionRefused',
  data: { requestId, code },
});
const updateRequested = (updateId: string, action: 'add' | 'remove'): Event => ({
  type: 'PnUpdateRequested',
  data: { updateId, pnId: 'home', action },
});
const updateAnswered = (updateId: string, code: ResponseCode): Event => ({
  type: 'PnUpdateAnswered',
  data: { updateId, code },
});
const forwarded = (requestId: string): Event => ({ type: 'RegistrationForwarded', data: { requestId } });
const answered = (requestId: string, code: ResponseCode): Event => ({
  type: 'RegistrationAnswered',
  data: { requestId, code, handshake: code === 200 ? REPLY : null },
});
const timedOut = (requestId: string): Event => ({ type: 'RegistrationTimedOut', data: { requestId } });
const responded = (requestId: string, code: ResponseCode): Event => ({
  type: 'ResponseForwarded',
  data: { requestId, code },
});
const late = (requestId: string, code: ResponseCode): Event => ({
  type: 'LateAnswerReceived',
  data: { requestId, code },
});

const memberAsked = [received('r1'), isMember('member')];
const memberForwarded = [...memberAsked, forwarded('r1')];
const strangerAsked = [paired(), received('r1'), isStranger];
const updating = [...strangerAsked, updateRequested('u1', 'add')];
const strangerForwarded = [...updating, updateAnswered('u1', 200), forwarded('r1')];
const silentForStranger = [...strangerForwarded, ...overdueUpTo(5), timedOut('r1'), responded('r1', 503)];
const withdrawing = [...silentForStranger, updateRequested('u2', 'remove')];
const memberUnreachable = [...memberForwarded, ...overdueUpTo(5), timedOut('r1'), responded('r1', 503)];

const noLongerWaits = [disarm('answer'), settle('registration-request')];
const noLongerUpdates = [disarm('answer'), settle('pn-update-request')];

describe('a PN GW admits a PN member (1.4.1)', () => {
  it('takes its request (step 1) and looks into the local inventory (step 2)', () => {
    given(chart, [])
      .when(received('r1'))
      .thenTaken({
        state: 'checkingMembership',
        effects: [ask('checkMembership')],
        context: { flow: '1.4.1', requestId: 'r1', deviceId: 'tag', pnId: 'home', handshake: HANDSHAKE, code: null },
      });
  });

  it.each(['member', 'registered'] as const)('forwards the request of a PNE that is %s (step 2)', (status) => {
    given(chart, [received('r1')])
      .when(isMember(status))
      .thenTaken({ state: 'forwarding', effects: [ask('forwardRegistration')], context: { flow: '1.4.1' } });
  });

  it('sends it to the server and waits half a second (step 3)', () => {
    given(chart, memberAsked)
      .when(forwarded('r1'))
      .thenTaken({
        state: 'awaitingServer',
        effects: [send('registration-request'), armAnswer(500, 1)],
        context: { attempt: 1 },
      });
  });

  it('takes the answer and what it changed in the inventory (step 3)', () => {
    given(chart, memberForwarded)
      .when(answered('r1', 200))
      .thenTaken({
        state: 'answering',
        effects: [...noLongerWaits, ask('updateLocalInventory'), ask('forwardResponse')],
        context: { code: 200, reply: REPLY },
      });
  });

  it('passes the answer on (step 4)', () => {
    given(chart, [...memberForwarded, answered('r1', 200)])
      .when(responded('r1', 200))
      .thenTaken({ state: { idle: 'registered' }, effects: [answer('registration-response')] });
  });

  it('in flow 1.4.1 also when it is paired: what counts is the membership', () => {
    given(chart, [paired(), received('r1')])
      .when(isMember('registered'))
      .thenTaken({ state: 'forwarding', effects: [ask('forwardRegistration')], context: { flow: '1.4.1' } });
  });
});

describe('a PN GW admits a stranger (1.4.2)', () => {
  it('is paired with it (step 1)', () => {
    given(chart, [])
      .when(paired())
      .thenTaken({
        state: { idle: 'new' },
        effects: [answer('pairing-response')],
        context: { flow: '1.4.2', paired: 'paired', pairingId: 'p1', deviceId: 'tag' },
      });
  });

  it('takes its request (step 2) and looks into the local inventory (step 3)', () => {
    given(chart, [paired()])
      .when(received('r1'))
      .thenTaken({ state: 'checkingMembership', effects: [ask('checkMembership')], context: { flow: '1.4.2' } });
  });

  it('wants it added when it is not there (step 3)', () => {
    given(chart, [paired(), received('r1')])
      .when(isStranger)
      .thenTaken({
        state: 'requestingUpdate',
        effects: [ask('requestPnUpdate')],
        context: { flow: '1.4.2', attempt: 1, action: 'add' },
      });
  });

  it('sends a PN Update Request and waits half a second (step 4)', () => {
    given(chart, strangerAsked)
      .when(updateRequested('u1', 'add'))
      .thenTaken({
        state: 'requestingUpdate',
        effects: [send('pn-update-request'), armAnswer(500, 1)],
        context: { updateId: 'u1', action: 'add' },
      });
  });

  it('updates the local inventory, then forwards the request (step 5)', () => {
    given(chart, updating)
      .when(updateAnswered('u1', 200))
      .thenTaken({
        state: 'forwarding',
        effects: [...noLongerUpdates, ask('updateLocalInventory'), ask('forwardRegistration')],
      });
  });

  it('counts the attempts of the registration anew (step 5)', () => {
    given(chart, [...updating, overdue(1), overdue(2), updateAnswered('u1', 200)])
      .when(forwarded('r1'))
      .thenTaken({
        state: 'awaitingServer',
        effects: [send('registration-request'), armAnswer(500, 1)],
        context: { attempt: 1, flow: '1.4.2' },
      });
  });

  it('passes the answer on (step 6)', () => {
    given(chart, [...strangerForwarded, answered('r1', 200)])
      .when(responded('r1', 200))
      .thenTaken({
        state: { idle: 'registered' },
        effects: [answer('registration-response')],
        context: { flow: '1.4.2' },
      });
  });

  it('and goes on where it stands provisionally already (step 3)', () => {
    given(chart, [paired(), received('r1')])
      .when(isMember('provisional'))
      .thenTaken({ state: 'forwarding', effects: [ask('forwardRegistration')], context: { flow: '1.4.2' } });
  });

  it('pairs again at any time without a change of the registration under way', () => {
    given(chart, memberForwarded)
      .when(paired('p2'))
      .thenTaken({
        state: 'awaitingServer',
        effects: [answer('pairing-response')],
        context: { flow: '1.4.1', paired: 'paired', pairingId: 'p2', requestId: 'r1' },
      });
  });
});

describe('a PN GW refuses a PNE by itself', () => {
  it.each([404, 480, 410] as const)('with %i when it has no such established PN', (code) => {
    given(chart, [received('r1')])
      .when(admissionRefused('r1', code))
      .thenTaken({ state: 'answering', effects: [ask('forwardResponse')], context: { code } });
  });

  it('when it is a stranger and not paired', () => {
    given(chart, [received('r1')])
      .when(isStranger)
      .thenTaken({ state: 'checkingMembership', effects: [ask('refuseAdmission')], context: { flow: '1.4.1' } });
  });

  it('with 403 then', () => {
    given(chart, [received('r1'), isStranger])
      .when(admissionRefused('r1', 403))
      .thenTaken({ state: 'answering', effects: [ask('forwardResponse')], context: { code: 403 } });
  });

  it('with 409 when it left the inventory in between', () => {
    given(chart, [...updating, updateAnswered('u1', 200)])
      .when(admissionRefused('r1', 409))
      .thenTaken({ state: 'answering', effects: [ask('forwardResponse')], context: { code: 409 } });
  });

  it('and says so', () => {
    given(chart, [received('r1'), admissionRefused('r1', 404)])
      .when(responded('r1', 404))
      .thenTaken({ state: { idle: 'refused' }, effects: [answer('registration-response')] });
  });
});

describe('the server refuses a PNE', () => {
  it.each([202, 403, 410, 480] as const)('to be added, with %i: nothing is forwarded', (code) => {
    given(chart, updating)
      .when(updateAnswered('u1', code))
      .thenTaken({
        state: 'answering',
        effects: [...noLongerUpdates, ask('updateLocalInventory'), ask('forwardResponse')],
        context: { code },
      });
  });

  it.each([401, 403] as const)('to register, with %i: the local inventory follows', (code) => {
    given(chart, strangerForwarded)
      .when(answered('r1', code))
      .thenTaken({
        state: 'answering',
        effects: [...noLongerWaits, ask('updateLocalInventory'), ask('forwardResponse')],
        context: { code, reply: null },
      });
  });

  it('and the PNE is told', () => {
    given(chart, [...strangerForwarded, answered('r1', 401)])
      .when(responded('r1', 401))
      .thenTaken({ state: { idle: 'refused' }, effects: [answer('registration-response')] });
  });

  it('and the PNE may ask again', () => {
    given(chart, [...strangerForwarded, answered('r1', 401), responded('r1', 401)])
      .when(received('r2'))
      .thenTaken({
        state: 'checkingMembership',
        effects: [ask('checkMembership')],
        context: { requestId: 'r2', code: null, reply: null, flow: '1.4.2' },
      });
  });
});

describe('the server does not answer', () => {
  it.each([
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [4, 8_000],
  ])('and the registration is sent again after attempt %i, then %i ms are waited', (attempt, delayMs) => {
    given(chart, [...memberForwarded, ...overdueUpTo(attempt - 1)])
      .when(overdue(attempt))
      .thenTaken({
        state: 'awaitingServer',
        effects: [resend('registration-request'), armAnswer(delayMs, attempt + 1)],
      });
  });

  it.each([
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [4, 8_000],
  ])('and the PN Update Request is sent again after attempt %i, then %i ms are waited', (attempt, delayMs) => {
    given(chart, [...updating, ...overdueUpTo(attempt - 1)])
      .when(overdue(attempt))
      .thenTaken({
        state: 'requestingUpdate',
        effects: [resend('pn-update-request'), armAnswer(delayMs, attempt + 1)],
      });
  });

  it.each([
    ['registration', memberForwarded, 'awaitingServer'],
    ['update', updating, 'requestingUpdate'],
  ] as const)('and the %s is given up after the fifth attempt', (_, events, state) => {
    given(chart, [...events, ...overdueUpTo(4)])
      .when(overdue(5))
      .thenTaken({ state, effects: [ask('timeOutRegistration')] });
  });

  it.each([
    ['registration', memberForwarded, noLongerWaits],
    ['update', updating, noLongerUpdates],
  ] as const)('and the PNE is told 503 about its %s', (_, events, noLonger) => {
    given(chart, [...events, ...overdueUpTo(5)])
      .when(timedOut('r1'))
      .thenTaken({ state: 'answering', effects: [...noLonger, ask('forwardResponse')], context: { code: 503 } });
  });

  it('and a member may ask anew', () => {
    given(chart, [...memberForwarded, ...overdueUpTo(5), timedOut('r1')])
      .when(responded('r1', 503))
      .thenTaken({ state: { idle: 'unreachable' }, effects: [answer('registration-response')] });
  });

  it('and when the answer comes late, only the local inventory follows', () => {
    given(chart, memberUnreachable)
      .when(late('r1', 200))
      .thenTaken({ state: { idle: 'unreachable' }, effects: [ask('updateLocalInventory')], context: { code: 503 } });
  });
});

describe('a stranger about whom the server is silent is taken out of the PN again', () => {
  it.each([
    ['registration', strangerForwarded],
    ['update', updating],
  ] as const)('when its %s had no answer', (_, events) => {
    given(chart, [...events, ...overdueUpTo(5), timedOut('r1')])
      .when(responded('r1', 503))
      .thenTaken({
        state: 'withdrawing',
        effects: [answer('registration-response'), ask('requestPnUpdate')],
        context: { attempt: 1, action: 'remove' },
      });
  });

  it('by a PN Update Request', () => {
    given(chart, silentForStranger)
      .when(updateRequested('u2', 'remove'))
      .thenTaken({
        state: 'withdrawing',
        effects: [send('pn-update-request'), armAnswer(500, 1)],
        context: { updateId: 'u2', action: 'remove' },
      });
  });

  it.each([200, 409] as const)('until the server answers, here with %i', (code) => {
    given(chart, withdrawing)
      .when(updateAnswered('u2', code))
      .thenTaken({
        state: { idle: 'unreachable' },
        effects: [...noLongerUpdates, ask('updateLocalInventory')],
      });
  });

  it.each([
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [4, 8_000],
  ])('asking again after attempt %i, then waiting %i ms', (attempt, delayMs) => {
    given(chart, [...withdrawing, ...overdueUpTo(attempt - 1)])
      .when(overdue(attempt))
      .thenTaken({ state: 'withdrawing', effects: [resend('pn-update-request'), armAnswer(delayMs, attempt + 1)] });
  });

  it('by the server itself, when the fifth attempt had no answer', () => {
    given(chart, [...withdrawing, ...overdueUpTo(4)])
      .when(overdue(5))
      .thenTaken({ state: { idle: 'unreachable' }, effects: noLongerUpdates });
  });

  it('and when the answer to its registration comes late, only the local inventory follows', () => {
    given(chart, withdrawing)
      .when(late('r1', 200))
      .thenTaken({ state: 'withdrawing', effects: [ask('updateLocalInventory')] });
  });

  it('but nobody else: a member that pairs while it waits stays', () => {
    given(chart, [...memberForwarded, paired(), ...overdueUpTo(5), timedOut('r1')])
      .when(responded('r1', 503))
      .thenTaken({ state: { idle: 'unreachable' }, effects: [answer('registration-response')] });
  });
});

describe('the admission of a PNE does not take', () => {
  it.each<readonly [string, ResponseCode, readonly Event[], Event]>([
    ['another request while the PN is updated', 429, updating, received('r2')],
    ['another request while the server is asked', 429, memberForwarded, received('r2')],
    ['another request while a stranger is taken out', 429, withdrawing, received('r2')],
    ['the answer to another request', 429, memberForwarded, answered('r0', 200)],
    ['the answer to another update', 429, updating, updateAnswered('u0', 200)],
    ['the answer to the addition while it is taken back', 429, withdrawing, updateAnswered('u1', 200)],
    ['the end of another request', 429, memberForwarded, timedOut('r0')],
    ['the end of another request while the PN is updated', 429, updating, timedOut('r0')],
    ['a late answer to another request', 409, memberUnreachable, late('r0', 200)],
    ['a late answer to another request while it is taken out', 429, withdrawing, late('r0', 200)],
    ['a second answer', 409, [...memberForwarded, answered('r1', 200), responded('r1', 200)], answered('r1', 200)],
    ['an answer without a request', 409, [], answered('r1', 200)],
    ['another code to pass on than it received', 409, [...memberForwarded, answered('r1', 403)], responded('r1', 401)],
    [
      'an acceptance to pass on that it did not receive',
      409,
      [...memberForwarded, answered('r1', 403)],
      responded('r1', 200),
    ],
    ['a response to another request', 409, [...memberForwarded, answered('r1', 403)], responded('r0', 403)],
    ['a refusal of another request', 409, [received('r1')], admissionRefused('r0', 404)],
    ['a refusal of another request while it forwards', 409, memberAsked, admissionRefused('r0', 409)],
    ['another request to forward', 409, memberAsked, forwarded('r0')],
    ['a membership that nobody asked about', 409, [], isMember('member')],
    ['a time-out of nothing', 409, [], overdue(1)],
  ])('%s: %i', (_, code, events, event) => {
    given(chart, events).when(event).thenRefused(code);
  });

  it('and counts what it refused', () => {
    given(chart, memberForwarded)
      .when(messageRefused(9))
      .thenTaken({ state: 'awaitingServer', effects: [], context: { refusals: 9 } });
  });
});
