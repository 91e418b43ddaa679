import { NO_RELAY_METER, type RelayMeter } from '../../sessions/data/usage.ts';
import type { HandlersOf, Role } from '../../loop/role.ts';
import { gatewayHears, linkDown, wanUp } from '../../../messages/subjects.ts';
import { admissionHandlers, admissionRefused, fromPne, registrationAnswer, updateAnswer } from './admission.ts';
import { establishmentAnswer, gatewayAnswer, gatewayHandlers, gatewayUpkeep, sessionLost } from './gateway.ts';
import type { GatewayIdentity } from './identity.ts';
import { linkAnswer } from './letters.ts';
import { inventoryNotice } from './local-inventory.ts';
import { relay, relayData } from './relay.ts';
import { reportAnswer, usageHandlers } from './usage.ts';
import { chargesOf, LINK_LIMITS } from '../rate-limits.ts';
import { streamOf } from '../../../machines/streams.ts';

/** The role of one PN GW. One unit: whoever reads the local inventory reads it as the latest step left it. */
export function gatewayRole(identity: GatewayIdentity, meter: RelayMeter = NO_RELAY_METER): Role {
  const { gatewayId, pairing, limits = LINK_LIMITS } = identity;
  const own = streamOf('pn-gateway/gateway', { gatewayId });
  const handlers: HandlersOf<'pn-gateway'> = {
    'pn-gateway/gateway': gatewayHandlers(identity),
    'pn-gateway/admission': admissionHandlers(gatewayId, own),
    'pn-gateway/usage': usageHandlers,
  };

  return {
    name: 'pn-gateway',
    busy: 429,
    subscriptions: gatewayHears(gatewayId).map((pattern) => ({ pattern })),
    charges(message) {
      const { content, deviceId } = message;
      if (content.leg !== 'link.up' || deviceId === null) return [];
      return chargesOf(message, limits, {
        device: streamOf('pn-gateway/admission', { gatewayId, deviceId }),
        gateway: own,
      });
    },
    route(message) {
      const { content, deviceId } = message;
      if (message.gatewayId !== gatewayId) return { kind: 'drop', reason: 'for another PN GW' };
      if (content.leg === 'link.up' && deviceId !== null) {
        switch (content.type) {
          case 'sealed':
            return relay(message, wanUp(gatewayId, 'sealed'), { deviceId, ...content.body });
          case 'data':
            return relayData(message, { deviceId, ...content.body }, 'up', meter);
          default:
            return { kind: 'actor', stream: streamOf('pn-gateway/admission', { gatewayId, deviceId }) };
        }
      }
      if (content.leg !== 'wan.down') return { kind: 'drop', reason: 'not for a PN GW' };
      switch (content.type) {
        case 'sealed': {
          const { deviceId: to, ...body } = content.body;
          return relay(message, linkDown(gatewayId, to, 'sealed'), body);
        }
        case 'data':
          return relayData(message, content.body, 'down', meter);
        case 'pn-update-response':
        case 'registration-response':
          return {
            kind: 'actor',
            stream: streamOf('pn-gateway/admission', { gatewayId, deviceId: content.body.deviceId }),
          };
        case 'usage-report-response':
          return {
            kind: 'actor',
            stream: streamOf('pn-gateway/usage', { gatewayId, deviceId: content.body.deviceId }),
          };
        case 'notice':
          if (content.body.code === 401 && content.body.keyId !== undefined) return { kind: 'actor', stream: own };
          return { kind: 'drop', reason: `server says ${content.body.code}; the next attempt asks again` };
        default:
          return { kind: 'actor', stream: own };
      }
    },
    decide(message, stream, scope) {
      const { content } = message;
      if (content.leg !== 'wan.down') return fromPne(message, stream, pairing);
      switch (content.type) {
        case 'gateway-registration-response':
          return gatewayAnswer(message, content.body, own, scope);
        case 'pn-establishment-response':
          return establishmentAnswer(message, content.body, own, scope);
        case 'pn-update-response':
          return updateAnswer(message, content.body, stream, scope);
        case 'registration-response':
          return registrationAnswer(message, content.body, stream, scope);
        case 'inventory-notice':
          return inventoryNotice(content.body, own, scope);
        case 'usage-report-response':
          return reportAnswer(message, content.body, stream);
        case 'notice':
          return sessionLost(content.body, own, scope);
        default:
          return { kind: 'ignore', reason: 'not for an actor of a PN GW' };
      }
    },
    handlers,
    upkeep: gatewayUpkeep(gatewayId, own),
    refusal: admissionRefused,
    notice: ({ leg, deviceId }, code, inReplyTo) =>
      leg === 'link.up' && deviceId !== null
        ? linkAnswer(gatewayId, 'notice', deviceId, inReplyTo, { code, deviceId })
        : null,
  };
}
