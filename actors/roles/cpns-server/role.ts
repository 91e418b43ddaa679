import { personalNetwork } from '../../../machines/cpns-server/personal-network.ts';
import type { Decision, HandlersOf, Role, Scope } from '../../loop/role.ts';
import { SERVER_HEARS, wanDown } from '../../../messages/subjects.ts';
import { chargingHandlers, usageReport, usageReportAnswer } from './charging.ts';
import {
  gatewayRegistrationHandlers,
  gatewayRegistrationRefused,
  gatewayRegistrationRequest,
  RegisteredGateways,
} from './gateway-registration.ts';
import type { ServerIdentity } from './identity.ts';
import {
  establishmentRefused,
  establishmentRequest,
  personalNetworkHandlers,
  updateRefused,
  updateRequest,
} from './personal-network.ts';
import { registrationHandlers, registrationRefused, registrationRequest } from './registration.ts';
import { sealedText } from './secure-session.ts';
import { chargesOf, SERVER_LIMITS, UNKNOWN } from '../rate-limits.ts';
import { streamOf } from '../../../machines/streams.ts';
import type { Incoming } from '../../../messages/incoming.ts';
import { SERVER_QUEUE } from '../../../messages/exchanges.ts';

/** The role of the CPNS Server. One unit per PN, so a PN and its registrations change together. */
export function serverRole(identity: ServerIdentity): Role {
  const { gatewayCredential, limits = SERVER_LIMITS } = identity;
  const registered = new RegisteredGateways();
  const handlers: HandlersOf<'cpns-server'> = {
    'cpns-server/gateway-registration': gatewayRegistrationHandlers(identity),
    'cpns-server/personal-network': personalNetworkHandlers,
    'cpns-server/registration': registrationHandlers(identity),
    'cpns-server/charging': chargingHandlers,
    'cpns-server/subject': { asks: {}, messages: {} },
  };

  async function fromGateway(message: Incoming, stream: string, scope: Scope): Promise<Decision> {
    const { content, gatewayId } = message;
    if (content.leg !== 'wan.up') return { kind: 'ignore', reason: 'not for a server' };
    if (content.type === 'gateway-registration-request')
      return gatewayRegistrationRequest(message, content.body, stream);
    if (!(await registered.has(gatewayId, scope))) return { kind: 'refuse', code: 480 };
    const pn = await scope.state(
      personalNetwork,
      streamOf('cpns-server/personal-network', { pnId: content.body.pnId }),
    );
    switch (content.type) {
      case 'pn-establishment-request':
        return establishmentRequest(message, content.body, stream, pn);
      case 'pn-update-request':
        return updateRequest(message, content.body, stream, pn);
      case 'registration-request':
        return registrationRequest(message, content.body, stream, pn);
      case 'sealed':
        return sealedText(content, stream, scope);
      case 'usage-report':
        return usageReport(message, content.body, stream, pn);
      case 'data':
        return { kind: 'ignore', reason: 'for no actor' };
    }
  }

  return {
    name: 'cpns-server',
    busy: 503,
    subscriptions: SERVER_HEARS.map((pattern) => ({ pattern, queue: SERVER_QUEUE })),
    charges(message) {
      const { content, gatewayId } = message;
      if (content.leg !== 'wan.up') return [];
      const gateway = streamOf('cpns-server/gateway-registration', { gatewayId });
      if (content.type === 'gateway-registration-request') {
        const isKnown = gatewayCredential(gatewayId, 0).kind !== 'none';
        const from = isKnown ? gatewayId : UNKNOWN;
        return [{ bucket: `registrations/${from}`, limit: limits.registrations, stream: gateway, from }];
      }
      const { pnId } = content.body;
      const device =
        'deviceId' in content.body
          ? streamOf('cpns-server/registration', { pnId, deviceId: content.body.deviceId })
          : gateway;
      return chargesOf(message, limits, { device, gateway });
    },
    route({ content, gatewayId }) {
      if (content.leg !== 'wan.up') return { kind: 'drop', reason: 'not for a server' };
      switch (content.type) {
        case 'data':
          return { kind: 'data' };
        case 'gateway-registration-request':
          return { kind: 'actor', stream: streamOf('cpns-server/gateway-registration', { gatewayId }) };
        case 'registration-request':
        case 'sealed':
          return {
            kind: 'actor',
            stream: streamOf('cpns-server/registration', { pnId: content.body.pnId, deviceId: content.body.deviceId }),
          };
        case 'usage-report':
          return {
            kind: 'actor',
            stream: streamOf('cpns-server/charging', { pnId: content.body.pnId, deviceId: content.body.deviceId }),
          };
        default:
          return { kind: 'actor', stream: streamOf('cpns-server/personal-network', { pnId: content.body.pnId }) };
      }
    },
    decide: fromGateway,
    handlers,
    refusal(message, code) {
      const { content, gatewayId, messageId } = message;
      if (content.leg !== 'wan.up') return null;
      switch (content.type) {
        case 'gateway-registration-request':
          return gatewayRegistrationRefused(message, code);
        case 'pn-establishment-request':
          return establishmentRefused(message, content.body, code);
        case 'pn-update-request':
          return updateRefused(message, content.body, code);
        case 'registration-request':
          return registrationRefused(message, content.body, code);
        case 'usage-report':
          return usageReportAnswer(gatewayId, messageId, content.body.deviceId, code);
        default:
          return null;
      }
    },
    notice: ({ leg, gatewayId, deviceId }, code, inReplyTo) =>
      leg === 'wan.up'
        ? { subject: wanDown(gatewayId, 'notice'), type: 'notice', inReplyTo, body: { code, deviceId } }
        : null,
  };
}
