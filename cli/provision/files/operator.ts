import type { z } from 'zod';
import { OperatorFile } from '../../config/operator.ts';
import type { ConfigFile } from '../entries.ts';
import { differing, header, mergeNats, natsOf, type NatsForRoles } from './common.ts';

/** The configuration of an operator, who decides about strangers. */

export function operatorConfig(operatorId: string, forRoles: NatsForRoles): ConfigFile<z.infer<typeof OperatorFile>> {
  const nats = natsOf(forRoles, `${operatorId}.nk`, '../');
  return {
    file: `operators/${operatorId}.yaml`,
    detail: `configuration of the operator ${operatorId}`,
    comment: header(`cpns pn pending --config operators/${operatorId}.yaml`),
    contents: 'public',
    schema: OperatorFile,
    whole: { ...nats, keyFile: `${operatorId}.key`, operatorId, pskFile: `${operatorId}.psk` },
    merge(current) {
      const { add, differs } = mergeNats(current, nats);
      return { add, differs: [...differs, ...differing('operatorId', current.operatorId, operatorId)] };
    },
  };
}
