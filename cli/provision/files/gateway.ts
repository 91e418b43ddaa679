import type { z } from 'zod';
import { gatewayNamed } from '../../../security/pki/identity.ts';
import { GatewayFile } from '../../config/gateway.ts';
import type { Household, HouseholdGateway } from '../../config/household.ts';
import type { Addition, ConfigFile } from '../entries.ts';
import { appended, type NatsForRoles, natsOf, mergeNats, certificateOf, header, differing } from './common.ts';

/** The configuration of a PN GW, as the household wants it. */

export function gatewayConfig(
  household: Household,
  gateway: HouseholdGateway,
  forRoles: NatsForRoles,
): ConfigFile<z.infer<typeof GatewayFile>> {
  const nats = natsOf(forRoles, `${gateway.id}.nk`, '../');
  const pns = household.pns.filter((pn) => pn.gateway === gateway.id).map((pn) => pn.id);
  return {
    file: `gateways/${gateway.id}.yaml`,
    detail: `configuration of the PN GW ${gateway.id}`,
    comment: header(`cpns gateway --config gateways/${gateway.id}.yaml`),
    contents: 'public',
    schema: GatewayFile,
    whole: {
      ...nats,
      journal: `${gateway.id}.sqlite`,
      keyFile: `${gateway.id}.key`,
      gatewayId: gateway.id,
      ...(gateway.credential === 'psk'
        ? { pskFile: `${gateway.id}.psk` }
        : { pki: certificateOf(gatewayNamed(gateway.id), 'gateways/') }),
      ...(pns.length === 0 ? {} : { pns }),
      pairing: 'permitted',
    },
    merge(current) {
      const { add, differs } = mergeNats(current, nats);
      const put: readonly Addition[] = pns.length === 0 ? [] : [{ path: ['pns'], value: pns, kind: 'put' }];
      const more = current.pns === undefined ? put : appended(['pns'], pns, current.pns);
      return {
        add: [...add, ...more],
        differs: [...differs, ...differing('gatewayId', current.gatewayId, gateway.id)],
      };
    },
  };
}
