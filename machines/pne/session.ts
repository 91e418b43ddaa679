import { closing, established, none } from '../session.ts';

/** The secure session PNE <-> CPNS Server at the PNE's end, beside its registration. */
export const session = {
  description: 'The secure session PNE <-> CPNS Server, at this end.',
  initial: 'none',
  states: {
    none: {
      ...none,
      on: {
        SecureSessionConfirmed: {
          guard: 'isAgreedKey',
          target: 'established',
          actions: 'keepSession',
          description: '1.4.1/4, 1.4.2/6: the server has the same keys.',
        },
      },
    },
    established: {
      ...established,
      on: {
        ...established.on,
        SecureSessionClosed: [
          established.on.SecureSessionClosed,
          {
            guard: 'isReplaced',
            target: 'none',
            actions: 'forgetSession',
            description: 'The next session is taken into use: this one is over.',
          },
        ],
      },
    },
    closing: {
      ...closing,
      on: {
        ...closing.on,
        RegistrationWanted: { actions: 'ask closeSession', description: 'Does not wait for the answer.' },
      },
    },
  },
} as const;
