import { defineChart } from '../chart.ts';
import { initialContext, terms } from './registration-terms.ts';
import { session } from './session.ts';

/** Chart of one PNE in one PN: `registration/<pnId>/<deviceId>`. */
export const registration = defineChart('cpns-server/registration', terms, {
  description: 'The CPNS Server registers one PNE in one PN: authenticates it, allocates its CPNS ID, answers.',
  context: initialContext,
  type: 'parallel',
  on: {
    MessageRefused: { actions: 'countRefusal', description: 'A message that this state cannot take.' },
  },
  states: {
    registration: {
      description: 'Sections 1.4.1 and 1.4.2, as the CPNS Server sees them.',
      initial: 'idle',
      on: {
        SecureSessionClosed: {
          guard: 'isEndOfAgreed',
          actions: 'forgetAgreed',
          description: 'A session that the PNE never showed is over.',
        },
      },
      states: {
        idle: {
          id: 'idle',
          description: 'No request of this PNE is being worked on.',
          initial: 'unregistered',
          on: {
            RegistrationRequestReceived: {
              target: 'authenticating',
              actions: 'keepRequest',
              description: '1.4.1/3, 1.4.2/5: PNE Registration Request, forwarded by the PN GW.',
            },
          },
          states: {
            unregistered: { description: 'Never registered.' },
            refused: { description: 'Refused; not registered.' },
            registered: { description: 'Has its CPNS ID and stands in the PN Inventory.' },
          },
        },
        authenticating: {
          description: '1.4.1/3, 1.4.2/5: authenticates the PNE itself, whatever the PN GW says.',
          entry: 'ask authenticatePne',
          on: {
            PneAuthenticated: {
              guard: 'isNewer',
              target: 'allocating',
              actions: 'keepAuthenticated',
              description: '1.4.1/3, 1.4.2/5: it holds its secret, and asked later than before.',
            },
            PneAuthenticationFailed: {
              target: 'refusing',
              actions: 'asAuthenticationFailed',
              description: '1.4.1/3, 1.4.2/5: 401, whatever the reason.',
            },
          },
        },
        allocating: {
          description: '1.4.1/3, 1.4.2/5: allocates the CPNS ID of a PNE that is in the PN Inventory.',
          entry: 'ask allocateCpnsId',
          on: {
            CpnsIdAllocated: {
              guard: 'isAuthenticated',
              target: 'updating',
              actions: 'keepCpnsId',
              description: '1.4.1/3, 1.4.2/5: the same one for the same device, always.',
            },
            RegistrationDenied: {
              target: 'refusing',
              actions: 'keepCode',
              description: '1.4.1/3, 1.4.2/5: it is not in the PN Inventory, or came through another PN GW.',
            },
          },
        },
        updating: {
          description: '1.4.1/3, 1.4.2/5: updates the PN Inventory and answers, in one append.',
          entry: ['ask closeAgreedSession', 'ask updateInventory', 'ask answerRegistration'],
          on: {
            SecureSessionClosed: {
              guard: 'isAgreedKey',
              actions: 'forgetAgreed',
              description:
                'A session that the PNE never showed ends; one that carries data goes on until the next one is shown.',
            },
            RegistrationAnswered: {
              guard: 'isAcceptance',
              target: 'idle.registered',
              actions: ['keepAnswer', 'keepAgreed', 'answer registration-response'],
              description: '1.4.1/3, 1.4.2/5: PNE Registration Response with the code and the key.',
            },
          },
        },
        refusing: {
          description: 'Refuses; a provisional PNE leaves the PN Inventory, a registration goes on.',
          entry: ['ask removePne', 'ask answerRegistration'],
          on: {
            RegistrationAnswered: [
              {
                guard: 'isRefusalOfRegistered',
                target: 'idle.registered',
                actions: ['keepAnswer', 'answer registration-response'],
                description: '1.4.1/3, 1.4.2/5: the registration goes on, and its session if it has one.',
              },
              {
                guard: 'isRefusal',
                target: 'idle.refused',
                actions: ['keepAnswer', 'answer registration-response'],
                description: '1.4.1/3, 1.4.2/5: PNE Registration Response that refuses.',
              },
            ],
          },
        },
      },
    },
    session,
  },
});
