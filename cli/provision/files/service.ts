import type { z } from 'zod';
import { ServiceFile } from '../../config/service.ts';
import type { Addition, ConfigFile } from '../entries.ts';
import { type NatsForRoles, natsOf, mergeNats, header, differing } from './common.ts';

/** The configuration of a service. */

export function serviceConfig(serviceId: string, forRoles: NatsForRoles): ConfigFile<z.infer<typeof ServiceFile>> {
  const nats = natsOf(forRoles, `${serviceId}.nk`, '../');
  return {
    file: `services/${serviceId}.yaml`,
    detail: `configuration of the service ${serviceId}`,
    comment: header(`cpns service --config services/${serviceId}.yaml`),
    contents: 'public',
    schema: ServiceFile,
    whole: { ...nats, keyFile: `${serviceId}.key`, serviceId, pskFile: `${serviceId}.psk` },
    merge(current) {
      const { add, differs } = mergeNats(current, nats);
      const key: Addition = { path: ['keyFile'], value: `${serviceId}.key`, kind: 'put' };
      return {
        add: [...add, ...(current.keyFile === undefined ? [key] : [])],
        differs: [...differs, ...differing('serviceId', current.serviceId, serviceId)],
      };
    },
  };
}
