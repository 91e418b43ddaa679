import { streamOf } from '../../../machines/streams.ts';
import { SERVER_QUEUE } from '../../../messages/exchanges.ts';
import { SERVER_HEARS } from '../../../messages/subjects.ts';
import type { Decider, Deciders, HandlersOf, Role } from '../../loop/role.ts';
import { chargesOf, SERVER_LIMITS, UNKNOWN } from '../rate-limits.ts';
import { chargingDeciders, chargingHandlers } from './charging.ts';
import { pnOf } from './pn.ts';
import {
  gatewayRegistrationDeciders,
  gatewayRegistrationHandlers,
  RegisteredGateways,
} from './gateway-registration.ts';
import type { ServerIdentity } from './identity.ts';
import { personalNetworkDeciders, personalNetworkHandlers } from './personal-network.ts';
import { registrationDeciders, registrationHandlers } from './registration.ts';

/** Only a PN GW that has registered is heard; the PN that it speaks of is the latest when the step is committed. */
function fromRegistered<Table extends Role['deciders']>(deciders: Table): Table;
function fromRegistered(deciders: Role['deciders']): Role['deciders'] {
  const registered = new RegisteredGateways();
  const guarded =
    (decide: Decider): Decider =>
    async (message, stream, scope) => {
      if (!(await registered.has(message.gatewayId, scope))) return { kind: 'refuse', code: 480 };
      await pnOf(message, scope);
      return decide(message, stream, scope);
    };
  return Object.fromEntries(Object.entries(deciders).map(([type, decide]) => [type, guarded(decide)]));
}

/** The role of the CPNS Server. One unit per PN, so a PN and its registrations change together. */
export function serverRole(identity: ServerIdentity): Role {
  const { gatewayCredential, limits = SERVER_LIMITS } = identity;
  // Whatever is not the registration of a PN GW itself is heard from one that has registered only.
  const ofPns: Omit<Deciders<'cpns-server'>, keyof typeof gatewayRegistrationDeciders> = {
    ...personalNetworkDeciders,
    ...registrationDeciders,
    ...chargingDeciders,
  };
  const deciders: Deciders<'cpns-server'> = {
    ...gatewayRegistrationDeciders,
    ...fromRegistered(ofPns),
  };
  const handlers: HandlersOf<'cpns-server'> = {
    'cpns-server/gateway-registration': gatewayRegistrationHandlers(identity),
    'cpns-server/personal-network': personalNetworkHandlers,
    'cpns-server/registration': registrationHandlers(identity),
    'cpns-server/charging': chargingHandlers,
    'cpns-server/subject': { asks: {}, messages: {} },
  };

  return {
    name: 'cpns-server',
    busy: 503,
    subscriptions: SERVER_HEARS.map((pattern) => ({ pattern, queue: SERVER_QUEUE })),
    charges(message) {
      const { gatewayId } = message;
      return chargesOf(message, limits, {
        device: (deviceId, pnId) => streamOf('cpns-server/registration', { pnId, deviceId }),
        gateway: streamOf('cpns-server/gateway-registration', { gatewayId }),
        registrations: {
          limit: limits.registrations,
          from: () => (gatewayCredential(gatewayId, 0).kind === 'none' ? UNKNOWN : gatewayId),
        },
      });
    },
    deciders,
    handlers,
  };
}
