import { defineChart } from '../chart.ts';
import { retrying } from '../actions.ts';
import { initialContext, terms } from './registration-terms.ts';
import { session } from './session.ts';

/** A device begins with its registration, or (1.4.2) pairs first. */
const wanted = [
  { guard: 'needsPairing', target: 'pairing', actions: ['startOver', 'keepTarget'], description: 'A stranger pairs.' },
  { target: 'requesting', actions: ['startOver', 'keepTarget'], description: 'A member asks at once.' },
] as const;
const timeOut = [
  { guard: 'backOffsLeft', target: 'backingOff', description: 'Tries anew, later.' },
  { guard: 'isCurrentRequest', target: 'timedOut', description: 'Has waited often enough.' },
] as const;

const refused = [
  { guard: 'isTemporaryRefusal', target: 'backingOff', actions: 'keepCode', description: '1.4.1/4, 1.4.2/6: not now.' },
  { guard: 'isCurrentRequest', target: 'refused', actions: 'keepCode', description: '1.4.1/4, 1.4.2/6: refused.' },
] as const;

/** Chart of one PNE: `pne/<deviceId>`. */
export const pneRegistration = defineChart('pne/registration', terms, {
  description: 'A PNE obtains its CPNS ID and its secure session with the CPNS Server, through a PN GW.',
  context: initialContext,
  type: 'parallel',
  on: {
    MessageRefused: { actions: 'countRefusal', description: 'A message that this state cannot take.' },
  },
  states: {
    registration: {
      description: 'Sections 1.4.1 and 1.4.2, as the PNE sees them.',
      initial: 'off',
      states: {
        off: {
          description: 'Not registered, nothing asked.',
          on: { RegistrationWanted: wanted },
        },
        pairing: {
          description: '1.4.2/1: pairs with the PN GW; a message stands in for the underlying network.',
          entry: ['first answer', 'ask requestPairing'],
          exit: ['disarm answer', 'settle pairing-request'],
          on: {
            PairingRequested: {
              actions: ['keepRequest', 'send pairing-request', 'arm answer'],
              description: '1.4.2/1: asks for physical pairing.',
            },
            PairingFormed: { guard: 'isCurrentRequest', target: 'requesting', description: '1.4.2/1: is paired.' },
            PairingRefused: [
              { guard: 'isTemporaryRefusal', target: 'backingOff', actions: 'keepCode', description: 'Not now.' },
              { guard: 'isCurrentRequest', target: 'refused', actions: 'keepCode', description: 'Not at this PN GW.' },
            ],
            AnswerOverdue: retrying('pairing-request', 'timeOutPairing'),
            PairingTimedOut: timeOut,
          },
        },
        requesting: {
          description: 'Builds the PNE Registration Request with the first handshake message.',
          entry: 'ask requestRegistration',
          on: {
            RegistrationRequested: {
              target: 'awaitingAnswer',
              actions: 'keepRequest',
              description: '1.4.1/1, 1.4.2/2: the request, with the id of the PN.',
            },
          },
        },
        awaitingAnswer: {
          description: '1.4.1/1, 1.4.2/2: the request is sent, and sent again, until an answer is here.',
          entry: ['first answer', 'send registration-request', 'arm answer'],
          exit: ['disarm answer', 'settle registration-request'],
          on: {
            AnswerOverdue: retrying('registration-request', 'timeOutRegistration'),
            RegistrationAccepted: {
              guard: 'isCurrentRequest',
              target: 'registered',
              actions: 'keepAcceptance',
              description: '1.4.1/4, 1.4.2/6: the response, with its CPNS ID and the key.',
            },
            RegistrationRefused: refused,
            RegistrationTimedOut: timeOut,
          },
        },
        registered: {
          description: 'The PNE has its CPNS ID.',
          initial: 'establishing',
          states: {
            establishing: {
              id: 'establishing',
              description: '1.4.1/4, 1.4.2/6: takes the session keys from the handshake into use.',
              entry: 'ask establishSession',
              on: {
                SecureSessionEstablished: {
                  target: 'confirming',
                  actions: 'keepAgreed',
                  description: '1.4.1/4, 1.4.2/6: has the keys.',
                },
              },
            },
            confirming: {
              description: 'Sends the first sealed message: only a server with the same keys can answer it.',
              entry: ['first answer', 'send session-confirm', 'arm answer'],
              exit: ['disarm answer', 'settle session-confirm'],
              on: {
                SecureSessionConfirmed: {
                  guard: 'isAgreedKey',
                  target: 'settled',
                  description: '1.4.1/4, 1.4.2/6: the server has the same keys.',
                },
                AnswerOverdue: retrying('session-confirm', 'closeUnconfirmedSession'),
                SecureSessionClosed: {
                  guard: 'isAgreedKey',
                  target: '#pne/registration.registration.requesting',
                  actions: ['forgetAgreed', 'asMember'],
                  description: 'The other end does not hold the session: register again.',
                },
              },
            },
            settled: {
              id: 'settled',
              description: 'Registered; the session is beside it, or was closed.',
              on: {
                RegistrationWanted: {
                  target: '#pne/registration.registration.requesting',
                  actions: ['startOver', 'keepTarget', 'asMember'],
                  description: 'Registers again; it is a member by now.',
                },
              },
            },
          },
        },
        refused: {
          description: 'Refused for good: asking again would not change the answer.',
          on: { RegistrationWanted: wanted },
        },
        backingOff: {
          description: 'Refused for now: waits, then asks anew.',
          entry: ['countBackOff', 'arm backOff'],
          exit: 'disarm backOff',
          on: {
            BackOffEnded: { actions: 'ask wantRegistration', description: 'Has waited long enough.' },
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
    },
    session,
  },
});
