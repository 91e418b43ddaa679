import { defineChart } from '../chart.ts';
import { initialContext, terms } from './gateway-terms.ts';

/** Chart of one PN GW: `gateway/<gatewayId>`. */
export const pnGateway = defineChart('pn-gateway/gateway', terms, {
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
      entry: 'ask requestGatewayRegistration',
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
      entry: ['first answer', 'send gateway-registration-request', 'arm answer'],
      exit: ['disarm answer', 'settle gateway-registration-request'],
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
            actions: ['next answer', 'resend gateway-registration-request', 'arm answer'],
            description: 'No answer yet: sends the same request again.',
          },
          { actions: 'ask timeOutGatewayRegistration', description: 'The last attempt had no answer either.' },
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
      entry: 'ask requestPnEstablishments',
      on: {
        PnEstablishmentRequested: {
          guard: 'isOwnPn',
          actions: ['keepEstablishmentRequest', 'send pn-establishment-request', 'arm establishment'],
          description: 'To establish the PN, or to fetch what the local inventory lacks.',
        },
        PnEstablishmentOverdue: [
          {
            guard: 'isPending',
            actions: ['nextEstablishmentAttempt', 'resend pn-establishment-request', 'arm establishment'],
            description: 'No answer yet: sends the same request again.',
          },
          {
            actions: 'settle pn-establishment-request',
            description: 'The PN is no longer one of this PN GW: asks no more.',
          },
        ],
        PnEstablished: {
          guard: 'isOwnPn',
          actions: ['keepEstablished', 'settle pn-establishment-request', 'disarm establishment'],
          description: 'PNEs of this PN can be admitted.',
        },
        PnEstablishmentRefused: {
          guard: 'isOwnPn',
          actions: ['keepRefused', 'settle pn-establishment-request', 'disarm establishment'],
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
          actions: ['keepPns', 'ask requestPnEstablishments'],
          description: 'Started again: the session stands, only the inventories are compared.',
        },
      },
    },
    backingOff: {
      description: 'The server refused or is away; waits and asks anew, for ever.',
      entry: ['countBackOff', 'arm backOff'],
      exit: 'disarm backOff',
      on: {
        BackOffEnded: { actions: 'ask wantGatewayRegistration', description: 'Has waited long enough.' },
        GatewayRegistrationWanted: { target: 'requesting', actions: 'keepPns', description: 'Asks anew.' },
      },
    },
  },
});
