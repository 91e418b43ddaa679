import type { z } from 'zod';
import { deviceNamed, gatewayNamed, type Principal } from '../../security/pki/identity.ts';
import { GatewayFile } from '../config/gateway.ts';
import type { Household, HouseholdGateway, HouseholdPne } from '../config/household.ts';
import { PneFile, uniqueDevices } from '../config/pne.ts';
import type { certificateFiles, serverPki } from '../config/pki.ts';
import { StoredCredentialsFile } from '../config/secrets.ts';
import { ServerFile, uniquePns } from '../config/server.ts';
import { OperatorFile } from '../config/operator.ts';
import { ServiceFile } from '../config/service.ts';
import type { Addition, ConfigFile } from './entries.ts';
import { CA_FILES, filesOf, SERVER_FILES } from './pki-files.ts';

/** The files of the operator directory, as the household wants them. */

const HEADER = ' Written by cpns provision, which adds to it and changes nothing in it.\n';
const header = (command: string): string =>
  `${HEADER} Use: ${command}. Relative paths start at the folder of this file.`;

const differing = (what: string, inFile: string | undefined, wanted: string): readonly string[] =>
  inFile === wanted ? [] : [`${what} is ${inFile ?? 'not given'}, the household says ${wanted}`];

const appended = (
  path: readonly (string | number)[],
  wanted: readonly string[],
  there: readonly string[],
): readonly Addition[] =>
  wanted.filter((value) => !there.includes(value)).map((value) => ({ path, value, kind: 'append' }));

/** What new files say about NATS. */
export interface NatsForRoles {
  readonly url: string;
  /** Certificates in the operator directory that trust the server; null: those of the system. */
  readonly caFile: string | null;
}

interface NatsFields {
  readonly nats: string[];
  readonly natsSeedFile: string;
  readonly natsCa?: string;
}

/** @param toRoot from the folder of the file to the operator directory */
const natsOf = ({ url, caFile }: NatsForRoles, natsSeedFile: string, toRoot: '' | '../'): NatsFields => ({
  nats: [url],
  natsSeedFile,
  ...(caFile === null ? {} : { natsCa: `${toRoot}${caFile}` }),
});

type Merged = ReturnType<ConfigFile<never>['merge']>;

/** A file of a version that knew no NATS users gets one. */
function mergeNats(
  current: { readonly natsSeedFile?: string | undefined; readonly natsCa?: string | undefined },
  { natsSeedFile, natsCa }: NatsFields,
): Merged {
  const put = (field: 'natsSeedFile' | 'natsCa', value: string | undefined): readonly Addition[] =>
    current[field] === undefined && value !== undefined ? [{ path: [field], value, kind: 'put' }] : [];
  return {
    add: [...put('natsSeedFile', natsSeedFile), ...put('natsCa', natsCa)],
    differs:
      natsCa === undefined || current.natsCa === undefined || current.natsCa === natsCa
        ? []
        : [`natsCa is ${current.natsCa}, not ${natsCa}`],
  };
}

/** A path in the operator directory, as a file in one of its folders names it. */
function seenFrom(from: '' | 'pnes/' | 'gateways/', file: string): string {
  if (from === '') return file;
  return file.startsWith(from) ? file.slice(from.length) : `../${file}`;
}

/** The files of a certificate, and the key of the server that goes with it. */
function certificateOf(principal: Principal, from: '' | 'pnes/' | 'gateways/'): z.infer<typeof certificateFiles> {
  const { key, certificate } = filesOf(principal);
  return {
    keyFile: seenFrom(from, key),
    certificateFile: seenFrom(from, certificate),
    serverKeyFile: seenFrom(from, SERVER_FILES.publicKey),
  };
}

/** What is personal about a device: the operator lists it of members, a stranger tells it itself. */
const personalOf = ({ name, user, mac }: HouseholdPne) => ({ name, ...(user === undefined ? {} : { user }), mac });

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

/** Beside it, with `.pub`, stands what auditors are given. */
export const CHECKPOINT_KEY_FILE = 'checkpoint.key';

export const CREDENTIALS_FILE = 'server.credentials.yaml';

export type StoredCredentialTable = z.infer<typeof StoredCredentialsFile>;

export function credentialsConfig(wanted: StoredCredentialTable): ConfigFile<StoredCredentialTable> {
  const missing = (
    kind: keyof StoredCredentialTable,
    there: Readonly<Record<string, string>> = {},
  ): readonly Addition[] =>
    Object.entries(wanted[kind] ?? {})
      .filter(([id]) => !Object.hasOwn(there, id))
      .map(([id, value]) => ({ path: [kind, id], value, kind: 'put' }));
  return {
    file: CREDENTIALS_FILE,
    detail: 'secrets of gateways, PNEs, services and operators that the server knows',
    comment: `${HEADER} Secrets are encrypted under server.key (cpns keys wrap); or pki, for who has a certificate.`,
    contents: 'secret',
    schema: StoredCredentialsFile,
    whole: wanted,
    merge: (current) => ({
      add: [
        ...missing('gateways', current.gateways),
        ...missing('pnes', current.pnes),
        ...missing('services', current.services),
        ...missing('operators', current.operators),
      ],
      differs: [],
    }),
  };
}

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

/** The same but for whose file it is. */
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

type PneConfig = ConfigFile<z.infer<typeof PneFile>>;
type DeviceEntry = z.infer<typeof PneFile>['devices'][number];

/** Its files, as seen from a folder of the operator directory. */
function credentialFiles(pne: HouseholdPne, from: '' | 'pnes/'): Pick<DeviceEntry, 'keyFile' | 'pskFile' | 'pki'> {
  const { kek } = filesOf(deviceNamed(pne.id));
  // The file of one device has it for the whole process.
  return { ...(from === '' ? { keyFile: kek } : {}), ...ownCredential(pne, from) };
}

function ownCredential(pne: HouseholdPne, from: '' | 'pnes/'): Pick<DeviceEntry, 'pskFile' | 'pki'> {
  if (pne.credential === 'pki') return { pki: certificateOf(deviceNamed(pne.id), from) };
  return { pskFile: seenFrom(from, `pnes/${pne.id}.psk`) };
}

const deviceEntry = (pne: HouseholdPne, folder: '' | 'pnes/'): DeviceEntry => ({
  deviceId: pne.id,
  pnId: pne.pn,
  gatewayId: pne.gateway,
  ...credentialFiles(pne, folder),
  pairing: pne.membership === 'stranger' ? 'needed' : 'none',
  ...(pne.membership === 'stranger' ? { about: personalOf(pne) } : {}),
});

function mergeDevices(devices: readonly DeviceEntry[], nats: NatsFields): PneConfig['merge'] {
  const missing = (current: z.infer<typeof PneFile>): readonly Addition[] =>
    devices
      .filter((device) => !current.devices.some((other) => other.deviceId === device.deviceId))
      .map((value) => ({ path: ['devices'], value, kind: 'append' }));
  /** A file of a version whose secrets were in plain. */
  const keyFiles = (current: z.infer<typeof PneFile>): readonly Addition[] =>
    current.devices.flatMap((there, index) => {
      const wanted = devices.find(({ deviceId }) => deviceId === there.deviceId)?.keyFile;
      if (wanted === undefined || there.keyFile !== undefined) return [];
      return [{ path: ['devices', index, 'keyFile'], value: wanted, kind: 'put' }];
    });
  const differences = (current: z.infer<typeof PneFile>): readonly string[] =>
    devices.flatMap((device) => {
      const there = current.devices.find((other) => other.deviceId === device.deviceId);
      if (there === undefined) return [];
      return [
        ...differing(`pnId of ${device.deviceId}`, there.pnId, device.pnId),
        ...differing(`gatewayId of ${device.deviceId}`, there.gatewayId, device.gatewayId),
        ...differing(`pairing of ${device.deviceId}`, there.pairing ?? 'none', device.pairing ?? 'none'),
      ];
    });
  return (current) => {
    const { add, differs } = mergeNats(current, nats);
    return { add: [...add, ...keyFiles(current), ...missing(current)], differs: [...differs, ...differences(current)] };
  };
}

/** One device in a process of its own. */
export function pneConfig(pne: HouseholdPne, forRoles: NatsForRoles): PneConfig {
  const nats = natsOf(forRoles, `${pne.id}.nk`, '../');
  const devices = [deviceEntry(pne, 'pnes/')];
  return {
    file: `pnes/${pne.id}.yaml`,
    detail: `configuration of the PNE ${pne.id}`,
    comment: header(`cpns pne --config pnes/${pne.id}.yaml`),
    contents: 'public',
    schema: PneFile,
    crossCheck: uniqueDevices,
    whole: { ...nats, journal: `${pne.id}.sqlite`, keyFile: `${pne.id}.key`, devices },
    merge: mergeDevices(devices, nats),
  };
}

/** All devices of the household in one process. */
export function allPnesConfig(household: Household, forRoles: NatsForRoles): PneConfig {
  const nats = natsOf(forRoles, 'pnes.nk', '');
  const devices = household.pnes.map((pne) => deviceEntry(pne, ''));
  return {
    file: 'pnes.yaml',
    detail: 'configuration of all PNEs in one process',
    comment: header('cpns pne --config pnes.yaml'),
    contents: 'public',
    schema: PneFile,
    crossCheck: uniqueDevices,
    whole: { ...nats, journal: 'pnes.sqlite', keyFile: 'pnes.key', devices },
    merge: mergeDevices(devices, nats),
  };
}
