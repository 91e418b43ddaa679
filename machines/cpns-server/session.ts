import { closing, established, none } from '../session.ts';

const shown = {
  guard: 'isShown',
  target: 'established',
  actions: ['keepSession', 'answer session-confirmed'],
  description: '1.4.1/4, 1.4.2/6: first sealed message of the PNE.',
} as const;

/** The secure session PNE <-> CPNS Server at the server's end, beside the registration. */
export const session = {
  description: 'The secure session PNE <-> CPNS Server, at this end.',
  initial: 'none',
  states: {
    none: { ...none, on: { SecureSessionEstablished: shown } },
    established: {
      ...established,
      on: {
        ...established.on,
        SecureSessionEstablished: {
          guard: 'isShown',
          actions: ['keepReplaced', 'keepSession', 'ask closeReplacedSession', 'answer session-confirmed'],
          description: '1.4.1/4, 1.4.2/6: first sealed message of the PNE; the session before it ends.',
        },
        SecureSessionClosed: [
          established.on.SecureSessionClosed,
          { guard: 'isReplaced', actions: 'forgetReplaced', description: 'The session before this one ends.' },
        ],
      },
    },
    closing: {
      ...closing,
      on: {
        ...closing.on,
        RegistrationRequestReceived: { actions: 'ask closeSession', description: 'Does not wait for the answer.' },
      },
    },
  },
} as const;
