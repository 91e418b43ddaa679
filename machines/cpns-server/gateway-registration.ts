import { defineChart } from '../chart.ts';
import { initialContext, terms } from './gateway-registration-terms.ts';

/** Chart of one PN GW at the server: `gateway-registration/<gatewayId>`. */
export const gatewayRegistration = defineChart('cpns-server/gateway-registration', terms, {
  description: 'The CPNS Server and a PN GW authenticate each other, before either flow.',
  context: initialContext,
  initial: 'idle',
  on: {
    MessageRefused: { actions: 'countRefusal', description: 'A message that this state cannot take.' },
  },
  states: {
    idle: {
      description: 'No registration of this PN GW is under way.',
      initial: 'unregistered',
      on: {
        GatewayRegistrationReceived: {
          target: 'authenticating',
          actions: 'keepRequest',
          description: 'A request, the first or another one.',
        },
      },
      states: {
        unregistered: { description: 'Never proved itself, or what it had shown does not count any longer.' },
        registered: {
          description: 'Proved itself; a later failure does not undo that.',
          on: {
            GatewaySessionClosed: {
              guard: 'isCurrentKey',
              target: 'unregistered',
              actions: 'forgetKey',
              description: 'Its certificate was revoked or ran out, or the operator took its credential away.',
            },
          },
        },
      },
    },
    authenticating: {
      description:
        'Reads the first handshake message by what the PN GW was provisioned with: a secret or a certificate.',
      entry: 'ask authenticateGateway',
      on: {
        GatewayAuthenticated: {
          guard: 'isNewer',
          target: 'answering',
          actions: 'keepKey',
          description: 'Holds its secret, or the key of its certificate, and asked later than before.',
        },
        GatewaySessionClosed: {
          guard: 'isCurrentKey',
          actions: 'forgetKey',
          description: 'The PN GW has proved itself again: the session before this one is over.',
        },
        GatewayAuthenticationFailed: { target: 'refusing', description: 'Did not prove itself, or is unknown.' },
      },
    },
    answering: {
      description: 'Writes the second handshake message.',
      entry: 'ask answerGatewayRegistration',
      on: {
        GatewayRegistrationAnswered: {
          target: 'idle.registered',
          actions: ['keepReply', 'answer gateway-registration-response'],
          description: '200 and the second handshake message.',
        },
      },
    },
    refusing: {
      description: 'Says 401 and no more.',
      entry: 'ask answerGatewayRegistration',
      on: {
        GatewayRegistrationAnswered: [
          {
            guard: 'standsAlready',
            target: 'idle.registered',
            actions: ['keepReply', 'answer gateway-registration-response'],
            description: '401; the registration that stands is kept.',
          },
          {
            target: 'idle.unregistered',
            actions: ['keepReply', 'answer gateway-registration-response'],
            description: '401; it is not registered.',
          },
        ],
      },
    },
  },
});
