import { streamOf } from '../../../machines/streams.ts';
import { SERVER_QUEUE } from '../../../messages/exchanges.ts';
import { SERVER_HEARS } from '../../../messages/subjects.ts';
import type { HandlersOf, Role, Deciders } from '../../loop/role.ts';
import { chargesOf, SERVER_LIMITS, UNKNOWN } from '../rate-limits.ts';
import { chargingHandlers, usageReport } from './charging.ts';
import { pnOf, type ServerDecider } from './deciders.ts';
import { gatewayRegistrationHandlers, gatewayRegistrationRequest, RegisteredGateways } from './gateway-registration.ts';
import type { ServerIdentity } from './identity.ts';
import { establishmentRequest, personalNetworkHandlers, updateRequest } from './personal-network.ts';
import { registrationHandlers, registrationRequest } from './registration.ts';
import { sealedText } from './secure-session.ts';

type Messages = Exclude<keyof Deciders<'cpns-server'>, 'gateway-registration-request'>;

/** The role of the CPNS Server. One unit per PN, so a PN and its registrations change together. */
export function serverRole(identity: ServerIdentity): Role {
  const { gatewayCredential, limits = SERVER_LIMITS } = identity;
  const registered = new RegisteredGateways();

  /** Only a PN GW that has registered is heard; the PN that it speaks of is the latest when the step is committed. */
  const fromRegistered =
    <T extends Messages>(decide: ServerDecider<T>): ServerDecider<T> =>
    async (message, stream, scope) => {
      if (!(await registered.has(message.gatewayId, scope))) return { kind: 'refuse', code: 480 };
      await pnOf(message, scope);
      return decide(message, stream, scope);
    };

  const deciders: Deciders<'cpns-server'> = {
    'gateway-registration-request': gatewayRegistrationRequest,
    'pn-establishment-request': fromRegistered(establishmentRequest),
    'pn-update-request': fromRegistered(updateRequest),
    'registration-request': fromRegistered(registrationRequest),
    sealed: fromRegistered(sealedText),
    'usage-report': fromRegistered(usageReport),
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
          from: gatewayCredential(gatewayId, 0).kind === 'none' ? UNKNOWN : gatewayId,
        },
      });
    },
    deciders,
    handlers,
  };
}
