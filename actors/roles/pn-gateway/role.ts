import { streamOf } from '../../../machines/streams.ts';
import { gatewayHears } from '../../../messages/subjects.ts';
import type { HandlersOf, Role, Deciders } from '../../loop/role.ts';
import { NO_RELAY_METER, type RelayMeter } from '../../sessions/data/usage.ts';
import { chargesOf, LINK_LIMITS } from '../rate-limits.ts';
import { admissionDeciders, admissionHandlers } from './admission.ts';
import { gatewayDeciders, gatewayHandlers, gatewayUpkeep } from './gateway.ts';
import type { GatewayIdentity } from './identity.ts';
import { relay } from './relay.ts';
import { usageDeciders, usageHandlers } from './usage.ts';

/** The role of one PN GW. One unit: whoever reads the local inventory reads it as the latest step left it. */
export function gatewayRole(identity: GatewayIdentity, meter: RelayMeter = NO_RELAY_METER): Role {
  const { gatewayId, pairing, limits = LINK_LIMITS } = identity;
  const own = streamOf('pn-gateway/gateway', { gatewayId });
  const deciders: Deciders<'pn-gateway'> = {
    ...gatewayDeciders,
    ...admissionDeciders(pairing),
    ...usageDeciders,
  };
  const handlers: HandlersOf<'pn-gateway'> = {
    'pn-gateway/gateway': gatewayHandlers(identity),
    'pn-gateway/admission': admissionHandlers(gatewayId, own),
    'pn-gateway/usage': usageHandlers,
  };

  return {
    name: 'pn-gateway',
    busy: 429,
    subscriptions: gatewayHears(gatewayId).map((pattern) => ({ pattern })),
    charges: (message) =>
      chargesOf(message, limits, {
        device: (deviceId) => streamOf('pn-gateway/admission', { gatewayId, deviceId }),
        gateway: own,
      }),
    isForeign: (message) => message.gatewayId !== gatewayId,
    relay: (message) => relay(message, meter),
    deciders,
    handlers,
    upkeep: gatewayUpkeep(gatewayId, own),
  };
}
