import { describe, it } from 'vitest';
import { registration } from '../../machines/cpns-server/registration.ts';
import { pneRegistration } from '../../machines/pne/registration.ts';
import type { SessionContext } from '../../machines/session.ts';
import type { StateValue } from '../../machines/state.ts';
import type { Effect } from '../../machines/effect.ts';
import {
  answer,
  armClose,
  ask,
  beside,
  closeOverdue,
  closeOverdueUpTo,
  CPNS_ID,
  disarm,
  given,
  HANDSHAKE,
  KEY_1,
  KEY_2,
  KEY_3,
  REPLY,
  resend,
  send,
  sessionOf,
  settle,
  TIMESTAMPS,
  type EventOfChart,
  type When,
} from './given.ts';

/** The secure session is the same at both of its ends, whatever the registration is beside it. */

type PneEvent = EventOfChart<'pne/registration'>;
type ServerEvent = EventOfChart<'cpns-server/registration'>;
/** Events that both ends have. */
type Event = PneEvent & ServerEvent;

/** An actor that has come so far, and then takes events of its session. */
interface Start {
  /** What the registration is at. */
  readonly registration: StateValue;
  readonly given: (events: readonly Event[]) => { when(event: Event): When<SessionContext> };
}

interface End {
  /** Both hold the keys of KEY_1; this end does not know that the other does. */
  readonly agreed: Start;
  /** How it learns that, and what it does then. */
  readonly shown: (events: readonly Event[], keyId: string) => When<SessionContext>;
  readonly onShown: readonly Effect[];
  /** The session of KEY_1 carries data. */
  readonly established: Start;
  /** It does, and the registration that will replace it is under way. */
  readonly replacing: Start;
  /** Keys that are agreed on by then. */
  readonly nextKeyId: string | null;
}

const pneAsked: readonly PneEvent[] = [
  { type: 'RegistrationWanted', data: { deviceId: 'lamp', pnId: 'home', gatewayId: 'hub', pairing: 'none' } },
  {
    type: 'RegistrationRequested',
    data: { requestId: 'r1', pnId: 'home', gatewayId: 'hub', handshake: HANDSHAKE, timestamp: TIMESTAMPS[0] },
  },
];
const pneAgreed: readonly PneEvent[] = [
  ...pneAsked,
  { type: 'RegistrationAccepted', data: { requestId: 'r1', code: 200, cpnsId: CPNS_ID, keyId: KEY_1 } },
  { type: 'SecureSessionEstablished', data: { keyId: KEY_1 } },
];
const confirmed = (keyId: string): PneEvent => ({ type: 'SecureSessionConfirmed', data: { keyId } });
const pneInSession = [...pneAgreed, confirmed(KEY_1)];

const pne: End = {
  agreed: {
    registration: { registered: 'confirming' },
    given: (events) => given(pneRegistration, [...pneAgreed, ...events]),
  },
  shown: (events, keyId) => given(pneRegistration, [...pneAgreed, ...events]).when(confirmed(keyId)),
  onShown: [disarm('answer'), settle('session-confirm')],
  established: {
    registration: { registered: 'settled' },
    given: (events) => given(pneRegistration, [...pneInSession, ...events]),
  },
  replacing: {
    registration: 'awaitingAnswer',
    given: (events) => given(pneRegistration, [...pneInSession, ...pneAsked, ...events]),
  },
  nextKeyId: null,
};

const serverAnswers = (timestamp: string, keyId: string): readonly ServerEvent[] => [
  {
    type: 'RegistrationRequestReceived',
    data: { requestId: 'r1', gatewayId: 'hub', pnId: 'home', deviceId: 'lamp', flow: '1.4.1', handshake: HANDSHAKE },
  },
  { type: 'PneAuthenticated', data: { timestamp } },
  { type: 'CpnsIdAllocated', data: { deviceId: 'lamp', cpnsId: CPNS_ID } },
  { type: 'RegistrationAnswered', data: { requestId: 'r1', code: 200, cpnsId: CPNS_ID, keyId, handshake: REPLY } },
];
const serverAgreed = serverAnswers(TIMESTAMPS[0], KEY_1);
const established = (keyId: string): ServerEvent => ({ type: 'SecureSessionEstablished', data: { keyId } });
const serverInSession = [...serverAgreed, established(KEY_1)];

const server: End = {
  agreed: {
    registration: { idle: 'registered' },
    given: (events) => given(registration, [...serverAgreed, ...events]),
  },
  shown: (events, keyId) => given(registration, [...serverAgreed, ...events]).when(established(keyId)),
  onShown: [answer('session-confirmed')],
  established: {
    registration: { idle: 'registered' },
    given: (events) => given(registration, [...serverInSession, ...events]),
  },
  replacing: {
    registration: { idle: 'registered' },
    given: (events) => given(registration, [...serverInSession, ...serverAnswers(TIMESTAMPS[1], KEY_2), ...events]),
  },
  nextKeyId: KEY_2,
};

const rekeyed = (keyId: string, epoch: number, direction: 'up' | 'down' = 'up'): Event => ({
  type: 'SecureSessionRekeyed',
  data: { keyId, direction, epoch },
});
const wanted = (keyId: string): Event => ({ type: 'SessionCloseWanted', data: { keyId } });
const heard = (keyId: string): Event => ({ type: 'SessionCloseReceived', data: { keyId } });
const over = (keyId: string): Event => ({ type: 'SecureSessionClosed', data: { keyId, reason: 'ended' } });

describe.each([
  ['PNE', pne],
  ['CPNS Server', server],
])('the secure session at the %s', (_, { agreed, shown, onShown, established, replacing, nextKeyId }) => {
  const IN_SESSION = beside('established', established.registration);
  const CLOSING = beside('closing', established.registration);
  const CLOSED = beside('none', established.registration);
  const REPLACING = beside('established', replacing.registration);

  describe('begins', () => {
    it('when both ends have shown that they hold its keys', () => {
      shown([], KEY_1).thenTaken({
        state: IN_SESSION,
        effects: onShown,
        context: { agreedKeyId: null, session: sessionOf(KEY_1) },
      });
    });

    it('by the keys that were agreed on, and no others', () => {
      shown([], KEY_2).thenRefused(409);
    });

    it('and is none before: it carries no data, and nobody can close it', () => {
      for (const event of [rekeyed(KEY_1, 0), wanted(KEY_1), heard(KEY_1)])
        agreed.given([]).when(event).thenRefused(409);
    });
  });

  describe('carries data', () => {
    it('under an epoch that nobody has claimed, in each direction', () => {
      established
        .given([rekeyed(KEY_1, 0)])
        .when(rekeyed(KEY_1, 3))
        .thenTaken({ state: IN_SESSION, effects: [], context: { session: sessionOf(KEY_1, { up: 4 }) } });
      established
        .given([rekeyed(KEY_1, 3)])
        .when(rekeyed(KEY_1, 0, 'down'))
        .thenTaken({ state: IN_SESSION, effects: [], context: { session: sessionOf(KEY_1, { up: 4, down: 1 }) } });
    });

    it('under no epoch again, nor one before it', () => {
      for (const epoch of [3, 2, 0])
        established
          .given([rekeyed(KEY_1, 3)])
          .when(rekeyed(KEY_1, epoch))
          .thenRefused(409);
    });

    it('of its own only', () => {
      established.given([]).when(rekeyed(KEY_2, 0)).thenRefused(409);
    });

    it('no more once it closes', () => {
      established
        .given([wanted(KEY_1)])
        .when(rekeyed(KEY_1, 0))
        .thenRefused(409);
    });

    it('until the next session is shown, under the epochs that it has come to', () => {
      replacing
        .given([rekeyed(KEY_1, 0)])
        .when(rekeyed(KEY_1, 1))
        .thenTaken({
          state: REPLACING,
          effects: [],
          context: { agreedKeyId: nextKeyId, session: sessionOf(KEY_1, { up: 2 }) },
        });
      replacing
        .given([rekeyed(KEY_1, 0)])
        .when(rekeyed(KEY_1, 0))
        .thenRefused(409);
      replacing.given([]).when(rekeyed(KEY_2, 0)).thenRefused(409);
    });
  });

  describe('is closed by this end', () => {
    it('which tells the other, and waits one second', () => {
      established
        .given([])
        .when(wanted(KEY_1))
        .thenTaken({
          state: CLOSING,
          effects: [send('session-close'), armClose(1_000, 1)],
          context: { session: sessionOf(KEY_1) },
        });
    });

    it.each([
      [1, 2_000],
      [2, 4_000],
      [3, 8_000],
    ])('which tells it again after attempt %i, then waits %i ms', (attempt, delayMs) => {
      established
        .given([wanted(KEY_1), ...closeOverdueUpTo(attempt - 1)])
        .when(closeOverdue(attempt))
        .thenTaken({ state: CLOSING, effects: [resend('session-close'), armClose(delayMs, attempt + 1)] });
    });

    it('without an answer after the fourth attempt', () => {
      established
        .given([wanted(KEY_1), ...closeOverdueUpTo(3)])
        .when(closeOverdue(4))
        .thenTaken({ state: CLOSING, effects: [ask('closeSession')] });
    });

    it('and is over with the answer, or without one', () => {
      for (const attempts of [0, 4]) {
        established
          .given([wanted(KEY_1), ...closeOverdueUpTo(attempts)])
          .when(over(KEY_1))
          .thenTaken({
            state: CLOSED,
            effects: [disarm('close'), settle('session-close')],
            context: { agreedKeyId: null, session: null },
          });
      }
    });

    it('once, and no other session with it', () => {
      established.given([]).when(wanted(KEY_2)).thenRefused(409);
      for (const event of [wanted(KEY_1), over(KEY_2)])
        established
          .given([wanted(KEY_1)])
          .when(event)
          .thenRefused(409);
      for (const event of [wanted(KEY_1), heard(KEY_1), over(KEY_1), closeOverdue(1)])
        established
          .given([wanted(KEY_1), over(KEY_1)])
          .when(event)
          .thenRefused(409);
    });
  });

  describe('is closed by the other end', () => {
    it('which is answered', () => {
      established
        .given([])
        .when(heard(KEY_1))
        .thenTaken({ state: IN_SESSION, effects: [answer('session-closed'), ask('closeSession')] });
      established
        .given([heard(KEY_1)])
        .when(over(KEY_1))
        .thenTaken({ state: CLOSED, effects: [], context: { session: null } });
    });

    it('also when this end closes it at the same time', () => {
      established
        .given([wanted(KEY_1)])
        .when(heard(KEY_1))
        .thenTaken({ state: CLOSING, effects: [answer('session-closed'), ask('closeSession')] });
      established
        .given([wanted(KEY_1), heard(KEY_1)])
        .when(over(KEY_1))
        .thenTaken({
          state: CLOSED,
          effects: [disarm('close'), settle('session-close')],
          context: { session: null },
        });
    });

    it('and no other session with it', () => {
      established.given([]).when(heard(KEY_2)).thenRefused(409);
      established
        .given([wanted(KEY_1)])
        .when(heard(KEY_2))
        .thenRefused(409);
    });
  });

  describe('is closed while the next one is on its way', () => {
    const NEXT_ONLY = beside('none', replacing.registration);

    it('by this end, which does not tell the other', () => {
      replacing
        .given([])
        .when(wanted(KEY_1))
        .thenTaken({ state: REPLACING, effects: [ask('closeSession')], context: { session: sessionOf(KEY_1) } });
    });

    it('by the other end, which is answered', () => {
      replacing
        .given([])
        .when(heard(KEY_1))
        .thenTaken({ state: REPLACING, effects: [answer('session-closed'), ask('closeSession')] });
    });

    it('and the next one is on its way as before', () => {
      for (const event of [wanted(KEY_1), heard(KEY_1)])
        replacing
          .given([event])
          .when(over(KEY_1))
          .thenTaken({ state: NEXT_ONLY, effects: [], context: { agreedKeyId: nextKeyId, session: null } });
    });

    it('and no session that is neither', () => {
      for (const event of [wanted(KEY_3), heard(KEY_3), over(KEY_3), rekeyed(KEY_3, 0)])
        replacing.given([]).when(event).thenRefused(409);
    });
  });
});
