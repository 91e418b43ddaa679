import { defineChart } from '../chart.ts';
import { initialContext, terms } from './registration-terms.ts';

/** The member case (1.4.1) asks at once; the stranger (1.4.2) pairs first. */
const wanted = [
  { guard: 'needsPairing', target: 'pairing', actions: ['startOver', 'keepTarget'], description: 'A stranger pairs.' },
  { target: 'requesting', actions: ['startOver', 'keepTarget'], description: 'A member asks at once.' },
] as const;

/** Its registration stands: it is a member by now, whatever it was before. */
const again = {
  target: '#pne/registration.requesting',
  actions: ['startOver', 'keepTarget', 'asMember'],
  description: 'Registers again; it is a member by now.',
} as const;

const machine = terms.createMachine({
  id: 'pne/registration',
  description: 'A PNE obtains its CPNS ID and its secure session with the CPNS Server, through a PN GW.',
  context: initialContext,
  initial: 'off',
  on: {
    MessageRefused: { actions: 'countRefusal', description: 'A message that this state cannot take.' },
    SecureSessionRekeyed: { guard: 'isFreeEpoch', actions: 'keepEpoch', description: 'Data goes on under fresh keys.' },
    SessionCloseWanted: {
      guard: 'isInSession',
      actions: 'askEnd',
      description: 'While it registers anew it ends the session before by itself.',
    },
    SessionCloseReceived: {
      guard: 'isSessionHeld',
      actions: ['answerClose', 'askEnd'],
      description: 'The server closes the session.',
    },
    SecureSessionClosed: { guard: 'isEnd', actions: 'forgetKey', description: 'The session is over.' },
  },
  states: {
    off: {
      description: 'Not registered, nothing asked.',
      on: { RegistrationWanted: wanted },
    },
    pairing: {
      description: '1.4.2/1: pairs with the PN GW; a message stands in for the underlying network.',
      entry: ['firstAttempt', 'askPairing'],
      exit: ['disarmAnswer', 'settlePairing'],
      on: {
        PairingRequested: { actions: ['keepRequest', 'sendPairing', 'armAnswer'], description: '1.4.2/1' },
        PairingFormed: { guard: 'isCurrentRequest', target: 'requesting', description: '1.4.2/1' },
        PairingRefused: [
          { guard: 'isTemporaryRefusal', target: 'backingOff', actions: 'keepCode', description: 'Not now.' },
          { guard: 'isCurrentRequest', target: 'refused', actions: 'keepCode', description: 'Not at this PN GW.' },
        ],
        AnswerOverdue: [
          {
            guard: 'attemptsLeft',
            actions: ['nextAttempt', 'resendPairing', 'armAnswer'],
            description: 'No answer yet: sends the same request again.',
          },
          { actions: 'askPairingTimedOut', description: 'The last attempt had no answer either.' },
        ],
        PairingTimedOut: [
          { guard: 'backOffsLeft', target: 'backingOff', description: 'Tries anew, later.' },
          { guard: 'isCurrentRequest', target: 'timedOut', description: 'Has waited often enough.' },
        ],
      },
    },
    requesting: {
      description: 'Builds the PNE Registration Request with the first handshake message.',
      entry: 'askRequest',
      on: {
        RegistrationRequested: { target: 'awaitingAnswer', actions: 'keepRequest', description: '1.4.1/1, 1.4.2/2' },
      },
    },
    awaitingAnswer: {
      description: '1.4.1/1, 1.4.2/2: the request is sent, and sent again, until an answer is here.',
      entry: ['firstAttempt', 'sendRequest', 'armAnswer'],
      exit: ['disarmAnswer', 'settleRequest'],
      on: {
        AnswerOverdue: [
          {
            guard: 'attemptsLeft',
            actions: ['nextAttempt', 'resendRequest', 'armAnswer'],
            description: 'No answer yet: sends the same request again.',
          },
          { actions: 'askTimedOut', description: 'The last attempt had no answer either.' },
        ],
        RegistrationAccepted: {
          guard: 'isCurrentRequest',
          target: 'registered',
          actions: 'keepAcceptance',
          description: '1.4.1/4, 1.4.2/6',
        },
        RegistrationRefused: [
          { guard: 'isTemporaryRefusal', target: 'backingOff', actions: 'keepCode', description: '1.4.1/4, 1.4.2/6' },
          { guard: 'isCurrentRequest', target: 'refused', actions: 'keepCode', description: '1.4.1/4, 1.4.2/6' },
        ],
        RegistrationTimedOut: [
          { guard: 'backOffsLeft', target: 'backingOff', description: 'Tries anew, later.' },
          { guard: 'isCurrentRequest', target: 'timedOut', description: 'Has waited often enough.' },
        ],
      },
    },
    registered: {
      description: 'The PNE has its CPNS ID.',
      initial: 'establishing',
      states: {
        establishing: {
          description: '1.4.1/4, 1.4.2/6: takes the session keys from the handshake into use.',
          entry: 'askSession',
          on: {
            SecureSessionClosed: {
              guard: 'isCurrentKey',
              actions: 'forgetKey',
              description: 'The earlier session ends.',
            },
            SecureSessionEstablished: { target: 'confirming', actions: 'keepKey', description: '1.4.1/4, 1.4.2/6' },
          },
        },
        confirming: {
          description: 'Sends the first sealed message: only a server with the same keys can answer it.',
          entry: ['firstAttempt', 'sendConfirmation', 'armAnswer'],
          exit: ['disarmAnswer', 'settleConfirmation'],
          on: {
            SecureSessionConfirmed: {
              guard: 'isCurrentKey',
              target: 'confirmed',
              actions: 'asConfirmed',
              description: '1.4.1/4, 1.4.2/6: the server has the same keys.',
            },
            AnswerOverdue: [
              {
                guard: 'attemptsLeft',
                actions: ['nextAttempt', 'resendConfirmation', 'armAnswer'],
                description: 'No answer yet: sends the same request again.',
              },
              { actions: 'askCloseUnconfirmed', description: 'The last attempt had no answer either.' },
            ],
            SecureSessionClosed: {
              guard: 'isCurrentKey',
              target: '#pne/registration.requesting',
              actions: ['forgetKey', 'asMember'],
              description: 'The other end does not hold the session: register again.',
            },
          },
        },
        confirmed: {
          description: 'Both ends have shown that they hold the same keys.',
          on: {
            RegistrationWanted: again,
            SessionCloseWanted: { guard: 'isInSession', target: 'closing', description: 'Tells the server.' },
            SecureSessionClosed: {
              guard: 'isEnd',
              target: 'closed',
              actions: 'forgetKey',
              description: 'The session is over.',
            },
          },
        },
        closing: {
          description: 'Carries no data any more; the keys are kept until the server has answered, or does not.',
          entry: ['asClosing', 'firstAttempt', 'sendClose', 'armAnswer'],
          exit: ['disarmAnswer', 'settleClose'],
          on: {
            AnswerOverdue: [
              {
                guard: 'closeAttemptsLeft',
                actions: ['nextAttempt', 'resendClose', 'armAnswer'],
                description: 'No answer yet: sends the same message again.',
              },
              { actions: 'askEnd', description: 'Nobody answered: the session is over all the same.' },
            ],
            SecureSessionClosed: {
              guard: 'isEnd',
              target: 'closed',
              actions: 'forgetKey',
              description: 'The session is over.',
            },
            RegistrationWanted: {
              target: '#pne/registration.requesting',
              actions: ['startOver', 'keepTarget', 'asMember', 'askEnd'],
              description: 'Does not wait for the answer.',
            },
          },
        },
        closed: {
          description: 'The registration stands; there is no session.',
          on: { RegistrationWanted: again },
        },
      },
    },
    refused: {
      description: 'Refused for good: asking again would not change the answer.',
      on: { RegistrationWanted: wanted },
    },
    backingOff: {
      description: 'Refused for now: waits, then asks anew.',
      entry: ['countBackOff', 'armBackOff'],
      exit: 'disarmBackOff',
      on: {
        BackOffEnded: { actions: 'askAgain', description: 'Has waited long enough.' },
        RegistrationWanted: [
          { guard: 'needsPairing', target: 'pairing', actions: 'keepTarget', description: 'A stranger pairs.' },
          { target: 'requesting', actions: 'keepTarget', description: 'A member asks at once.' },
        ],
      },
    },
    timedOut: {
      description: 'Nobody answered, however often it asked.',
      on: { RegistrationWanted: wanted },
    },
  },
});

/** Chart of one PNE: `pne/<deviceId>`. */
export const pneRegistration = defineChart('pne/registration', machine);
