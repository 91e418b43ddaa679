import { defineChart } from '../chart.ts';
import { initialContext, terms } from './gateway-terms.ts';

const machine = terms.createMachine({
  id: 'pn-gateway/gateway',
  description: 'A PN GW registers with the CPNS Server, establishes its PNs and keeps their inventories up to date.',
  context: initialContext,
  initial: 'off',
  on: {
    MessageRefused: { actions: 'countRefusal', description: 'A message that this state cannot take.' },
  },
  states: {
    off: {
      description: 'Not started yet.',
      on: { GatewayRegistrationWanted: { target: 'requesting', actions: 'keepPns', description: 'Started.' } },
    },
    requesting: {
      description: 'Builds its registration request with the first handshake message.',
      entry: 'askRequest',
      on: {
        GatewayRegistrationRequested: {
          target: 'awaitingAnswer',
          actions: 'keepRequest',
          description: 'The request is ready.',
        },
      },
    },
    awaitingAnswer: {
      description: 'Before either flow: mutual authentication and key exchange of PN GW and CPNS Server.',
      entry: ['firstAttempt', 'sendRequest', 'armAnswer'],
      exit: ['disarmAnswer', 'settleRequest'],
      on: {
        GatewayRegistered: {
          guard: 'isCurrentRequest',
          target: 'registered',
          actions: 'keepKey',
          description: 'Both have authenticated each other.',
        },
        GatewaySessionClosed: {
          guard: 'isCurrentKey',
          actions: 'forgetKey',
          description: 'The server has answered: the session before this one is over.',
        },
        GatewayRegistrationRefused: {
          guard: 'isCurrentRequest',
          target: 'backingOff',
          description: 'The server does not take this PN GW, for now.',
        },
        AnswerOverdue: [
          {
            guard: 'attemptsLeft',
            actions: ['nextAttempt', 'resendRequest', 'armAnswer'],
            description: 'No answer yet: sends the same request again.',
          },
          { actions: 'askTimedOut', description: 'The last attempt had no answer either.' },
        ],
        GatewayRegistrationTimedOut: {
          guard: 'isCurrentRequest',
          target: 'backingOff',
          description: 'The server is away.',
        },
        GatewayRegistrationWanted: { target: 'requesting', actions: 'keepPns', description: 'Started anew.' },
      },
    },
    registered: {
      description: 'Knows the server; establishes each PN and follows its inventory.',
      entry: 'askEstablishments',
      on: {
        PnEstablishmentRequested: {
          guard: 'isOwnPn',
          actions: ['keepEstablishmentRequest', 'sendEstablishment', 'armEstablishment'],
          description: 'To establish the PN, or to fetch what the local inventory lacks.',
        },
        PnEstablishmentOverdue: [
          {
            guard: 'isPending',
            actions: ['nextEstablishmentAttempt', 'resendEstablishment', 'armEstablishment'],
            description: 'No answer yet: sends the same request again.',
          },
          { actions: 'settleEstablishment', description: 'The PN is no longer one of this PN GW: asks no more.' },
        ],
        PnEstablished: {
          guard: 'isOwnPn',
          actions: ['keepEstablished', 'settleEstablishment', 'disarmEstablishment'],
          description: 'PNEs of this PN can be admitted.',
        },
        PnEstablishmentRefused: {
          guard: 'isOwnPn',
          actions: ['keepRefused', 'settleEstablishment', 'disarmEstablishment'],
          description: 'PNEs of this PN are refused with the same code.',
        },
        LocalInventoryUpdated: {
          guard: 'followsLocal',
          actions: 'applyInventory',
          description: "1.4.1/3, 1.4.2/5: the local inventory is a prefix of the server's.",
        },
        GatewaySessionLost: {
          guard: 'isCurrentKey',
          target: 'requesting',
          description: 'The server does not have the session any more: registers anew.',
        },
        GatewayRegistrationWanted: {
          actions: ['keepPns', 'askEstablishments'],
          description: 'Started again: the session stands, only the inventories are compared.',
        },
      },
    },
    backingOff: {
      description: 'The server refused or is away; waits and asks anew, for ever.',
      entry: ['countBackOff', 'armBackOff'],
      exit: 'disarmBackOff',
      on: {
        BackOffEnded: { actions: 'askAgain', description: 'Has waited long enough.' },
        GatewayRegistrationWanted: { target: 'requesting', actions: 'keepPns', description: 'Asks anew.' },
      },
    },
  },
});

/** Chart of one PN GW: `gateway/<gatewayId>`. */
export const pnGateway = defineChart('pn-gateway/gateway', machine);
