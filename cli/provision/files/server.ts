import type { z } from 'zod';
import type { Household } from '../../config/household.ts';
import type { serverPki } from '../../config/pki.ts';
import { ServerFile, uniquePns } from '../../config/server.ts';
import type { Addition, ConfigFile } from '../entries.ts';
import { CA_FILES, SERVER_FILES } from '../pki-files.ts';
import {
  appended,
  type NatsForRoles,
  natsOf,
  type Merged,
  mergeNats,
  personalOf,
  header,
  differing,
} from './common.ts';
import { CREDENTIALS_FILE } from './credentials.ts';

/** The configuration of the CPNS Server, as the household wants it. */

export const hasCertificates = ({ gateways, pnes }: Household): boolean =>
  [...gateways, ...pnes].some(({ credential }) => credential === 'pki');

const PKI_OF_SERVER: z.infer<typeof serverPki> = {
  keyFile: SERVER_FILES.key,
  trustFile: CA_FILES.certificate,
  revocationFile: CA_FILES.revocation,
};

/** A server that knew no certificates is told where what it needs for them is. */
const mergePki = ({ pki }: z.infer<typeof ServerFile>): Merged => ({
  add: pki === undefined ? [{ path: ['pki'], value: PKI_OF_SERVER, kind: 'put' }] : [],
  differs: [],
});

/** Beside it, with `.pub`, stands what auditors are given. */
export const CHECKPOINT_KEY_FILE = 'checkpoint.key';

/** The same for the key that signs checkpoints. */
const mergeCheckpointKey = ({ checkpointKeyFile }: z.infer<typeof ServerFile>): Merged => ({
  add:
    checkpointKeyFile === undefined ? [{ path: ['checkpointKeyFile'], value: CHECKPOINT_KEY_FILE, kind: 'put' }] : [],
  differs: [],
});

/** Only certificates, for a server that is there. */
export function serverPkiConfig(): ConfigFile<z.infer<typeof ServerFile>> {
  return {
    ...serverConfig({ gateways: [], pns: [], pnes: [], services: [], operators: [] }, { url: '', caFile: null }),
    merge: mergePki,
  };
}

export function serverConfig(household: Household, forRoles: NatsForRoles): ConfigFile<z.infer<typeof ServerFile>> {
  const nats = natsOf(forRoles, 'server.nk', '');
  const pki = hasCertificates(household) ? PKI_OF_SERVER : undefined;
  const pns = household.pns.map((pn) => ({
    id: pn.id,
    gatewayId: pn.gateway,
    joinPolicy: pn.joinPolicy,
    members: household.pnes.filter((pne) => pne.pn === pn.id && pne.membership === 'member').map((pne) => pne.id),
  }));
  const members = household.pnes.filter(({ membership }) => membership === 'member');
  const personal = Object.fromEntries(members.map((pne) => [pne.id, personalOf(pne)]));
  return {
    file: 'server.yaml',
    detail: 'configuration of the CPNS Server',
    comment: header('cpns server --config server.yaml'),
    contents: 'public',
    schema: ServerFile,
    crossCheck: uniquePns,
    whole: {
      ...nats,
      journal: 'server.sqlite',
      keyFile: 'server.key',
      idKeyFile: 'server.id-key',
      credentialsFile: CREDENTIALS_FILE,
      checkpointKeyFile: CHECKPOINT_KEY_FILE,
      ...(pki === undefined ? {} : { pki }),
      pns,
      ...(members.length === 0 ? {} : { personal }),
    },
    merge(current) {
      // A member that is there and not described was erased, unless the file is of a version that described nobody.
      const listed = new Set(current.personal === undefined ? [] : current.pns.flatMap((pn) => pn.members));
      const described: readonly Addition[] = members
        .filter(({ id }) => !listed.has(id))
        .map(({ id }) => ({ path: ['personal', id], value: personal[id], kind: 'put' }));
      const results = pns.map((pn): { add: readonly Addition[]; differs: readonly string[] } => {
        const index = current.pns.findIndex((other) => other.id === pn.id);
        const there = current.pns[index];
        if (there === undefined) return { add: [{ path: ['pns'], value: pn, kind: 'append' }], differs: [] };
        return {
          add: appended(['pns', index, 'members'], pn.members, there.members),
          differs: [
            ...differing(`gatewayId of PN ${pn.id}`, there.gatewayId, pn.gatewayId),
            ...differing(`joinPolicy of PN ${pn.id}`, there.joinPolicy, pn.joinPolicy),
          ],
        };
      });
      const all = [
        mergeNats(current, nats),
        mergeCheckpointKey(current),
        ...(pki === undefined ? [] : [mergePki(current)]),
        ...results,
      ];
      return { add: [...all.flatMap((one) => one.add), ...described], differs: all.flatMap((one) => one.differs) };
    },
  };
}
