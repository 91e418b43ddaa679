import { defineChart } from '../chart.ts';
import { initialContext, terms } from './registration-terms.ts';

const machine = terms.createMachine({
  id: 'cpns-server/registration',
  description: 'The CPNS Server registers one PNE in one PN: authenticates it, allocates its CPNS ID, answers.',
  context: initialContext,
  initial: 'idle',
  on: {
    MessageRefused: { actions: 'countRefusal', description: 'A message that this state cannot take.' },
    SecureSessionRekeyed: [
      { guard: 'isFreeEpoch', actions: 'keepEpoch', description: 'Data goes on under fresh keys.' },
      {
        guard: 'isFreeStandingEpoch',
        actions: 'keepStandingEpoch',
        description: 'The same in the session that stands until the next one is shown.',
      },
    ],
    SessionCloseWanted: {
      guard: 'isStandingKey',
      actions: 'askEndOfStanding',
      description: 'The PNE registers anew: the session before ends by itself.',
    },
    SessionCloseReceived: [
      { guard: 'isHeldKey', actions: ['answerClose', 'askEnd'], description: 'The PNE closes the session.' },
      {
        guard: 'isStandingKey',
        actions: ['answerClose', 'askEndOfStanding'],
        description: 'The PNE closes the session before.',
      },
    ],
    SecureSessionClosed: [
      { guard: 'isEnd', actions: 'forgetKey', description: 'The session is over.' },
      { guard: 'isEndOfStanding', actions: 'forgetStanding', description: 'The session before is over.' },
    ],
  },
  states: {
    idle: {
      description: 'No request of this PNE is being worked on.',
      initial: 'unregistered',
      on: {
        RegistrationRequestReceived: {
          target: 'authenticating',
          actions: 'keepRequest',
          description: '1.4.1/3, 1.4.2/5',
        },
      },
      states: {
        unregistered: { description: 'Never registered.' },
        refused: { description: 'Refused; not registered.' },
        registered: {
          description: 'Has its CPNS ID and stands in the PN Inventory.',
          initial: 'unconfirmed',
          states: {
            unconfirmed: {
              description: 'Answered; the PNE has not yet shown that the answer arrived.',
              on: {
                SecureSessionEstablished: [
                  {
                    guard: 'isNextKey',
                    target: 'sessionEstablished',
                    actions: ['keepSession', 'askClosing', 'answerConfirmation'],
                    description: '1.4.1/4, 1.4.2/6: first sealed message of the PNE; the session before it ends.',
                  },
                  {
                    guard: 'isCurrentKey',
                    target: 'sessionEstablished',
                    actions: ['keepSession', 'answerConfirmation'],
                    description: '1.4.1/4, 1.4.2/6: first sealed message of the PNE.',
                  },
                ],
              },
            },
            sessionEstablished: {
              description: '1.4.1/4, 1.4.2/6: the secure session PNE <-> CPNS Server stands.',
              on: {
                SecureSessionClosed: [
                  {
                    guard: 'isEnd',
                    target: 'closed',
                    actions: 'forgetKey',
                    description: 'The session is over.',
                  },
                  {
                    guard: 'isStandingKey',
                    actions: 'forgetStanding',
                    description: 'The session before this one ends.',
                  },
                ],
                SessionCloseWanted: { guard: 'isEstablishedKey', target: 'closing', description: 'Tells the PNE.' },
              },
            },
            closing: {
              description: 'Carries no data any more; the keys are kept until the PNE has answered, or does not.',
              entry: ['asClosing', 'firstAttempt', 'sendClose', 'armClose'],
              exit: ['disarmClose', 'settleClose'],
              on: {
                AnswerOverdue: [
                  {
                    guard: 'closeAttemptsLeft',
                    actions: ['nextAttempt', 'resendClose', 'armClose'],
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
                RegistrationRequestReceived: {
                  target: '#cpns-server/registration.authenticating',
                  actions: ['keepRequest', 'askEnd'],
                  description: '1.4.1/3, 1.4.2/5: does not wait for the answer.',
                },
              },
            },
            closed: { description: 'The registration stands; there is no session.' },
          },
        },
      },
    },
    authenticating: {
      description: '1.4.1/3, 1.4.2/5: authenticates the PNE itself, whatever the PN GW says.',
      entry: 'askAuthentication',
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
      entry: 'askCpnsId',
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
      entry: ['askClosing', 'askInventory', 'askAnswer'],
      on: {
        SecureSessionClosed: {
          guard: 'isUnshownKey',
          actions: 'forgetKey',
          description: 'A session that was never shown ends; one that stands goes on until the next one is shown.',
        },
        RegistrationAnswered: {
          guard: 'isAcceptance',
          target: 'idle.registered.unconfirmed',
          actions: ['keepAnswer', 'keepNextKey', 'answerRegistration'],
          description: '1.4.1/3, 1.4.2/5',
        },
      },
    },
    refusing: {
      description: 'Refuses; a provisional PNE leaves the PN Inventory, a standing registration stays.',
      entry: ['askCompensation', 'askRefusal'],
      on: {
        RegistrationAnswered: [
          {
            guard: 'isRefusalInSession',
            target: 'idle.registered.sessionEstablished',
            actions: ['keepAnswer', 'answerRegistration'],
            description: '1.4.1/3, 1.4.2/5: the registration and its session stand.',
          },
          {
            guard: 'isRefusalOfRegistered',
            target: 'idle.registered.unconfirmed',
            actions: ['keepAnswer', 'answerRegistration'],
            description: '1.4.1/3, 1.4.2/5: the registration stands.',
          },
          {
            guard: 'isRefusalOfClosed',
            target: 'idle.registered.closed',
            actions: ['keepAnswer', 'answerRegistration'],
            description: '1.4.1/3, 1.4.2/5: the registration stands, without a session.',
          },
          {
            guard: 'isRefusal',
            target: 'idle.refused',
            actions: ['keepAnswer', 'answerRegistration'],
            description: '1.4.1/3, 1.4.2/5',
          },
        ],
      },
    },
  },
});

/** Chart of one PNE in one PN: `registration/<pnId>/<deviceId>`. */
export const registration = defineChart('cpns-server/registration', machine);
