import type { z } from 'zod';
import { GatewayFile } from '../config/gateway.ts';
import type { Household, HouseholdGateway, HouseholdPne } from '../config/household.ts';
import { PneFile, uniqueDevices } from '../config/pne.ts';
import { CredentialsFile } from '../config/secrets.ts';
import { ServerFile, uniquePns } from '../config/server.ts';
import type { Addition, ConfigFile } from './entries.ts';

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

export function serverConfig(household: Household, nats: string): ConfigFile<z.infer<typeof ServerFile>> {
  const pns = household.pns.map((pn) => ({
    id: pn.id,
    gatewayId: pn.gateway,
    joinPolicy: pn.joinPolicy,
    members: household.pnes.filter((pne) => pne.pn === pn.id && pne.membership === 'member').map((pne) => pne.id),
  }));
  return {
    file: 'server.yaml',
    detail: 'configuration of the CPNS Server',
    comment: header('cpns server --config server.yaml'),
    contents: 'public',
    schema: ServerFile,
    crossCheck: uniquePns,
    whole: {
      nats: [nats],
      journal: 'server.sqlite',
      keyFile: 'server.key',
      idKeyFile: 'server.id-key',
      credentialsFile: 'server.credentials.yaml',
      pns,
    },
    merge(current) {
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
      return { add: results.flatMap((one) => one.add), differs: results.flatMap((one) => one.differs) };
    },
  };
}

export type CredentialTable = z.infer<typeof CredentialsFile>;

export function credentialsConfig(wanted: CredentialTable): ConfigFile<CredentialTable> {
  const missing = (kind: 'gateways' | 'pnes', there: Readonly<Record<string, string>>): readonly Addition[] =>
    Object.entries(wanted[kind])
      .filter(([id]) => !Object.hasOwn(there, id))
      .map(([id, value]) => ({ path: [kind, id], value, kind: 'put' }));
  return {
    file: 'server.credentials.yaml',
    detail: 'secrets of gateways and PNEs that the server knows',
    comment: `${HEADER} Secret: 32 bytes each, base64url.`,
    contents: 'secret',
    schema: CredentialsFile,
    whole: wanted,
    merge: (current) => ({
      add: [...missing('gateways', current.gateways), ...missing('pnes', current.pnes)],
      differs: [],
    }),
  };
}

export function gatewayConfig(
  household: Household,
  gateway: HouseholdGateway,
  nats: string,
): ConfigFile<z.infer<typeof GatewayFile>> {
  const pns = household.pns.filter((pn) => pn.gateway === gateway.id).map((pn) => pn.id);
  return {
    file: `gateways/${gateway.id}.yaml`,
    detail: `configuration of the PN GW ${gateway.id}`,
    comment: header(`cpns gateway --config gateways/${gateway.id}.yaml`),
    contents: 'public',
    schema: GatewayFile,
    whole: {
      nats: [nats],
      journal: `${gateway.id}.sqlite`,
      keyFile: `${gateway.id}.key`,
      gatewayId: gateway.id,
      pskFile: `${gateway.id}.psk`,
      pns,
      pairing: 'permitted',
    },
    merge: (current) => ({
      add:
        current.pns === undefined ? [{ path: ['pns'], value: pns, kind: 'put' }] : appended(['pns'], pns, current.pns),
      differs: differing('gatewayId', current.gatewayId, gateway.id),
    }),
  };
}

type PneConfig = ConfigFile<z.infer<typeof PneFile>>;
type DeviceEntry = z.infer<typeof PneFile>['devices'][number];

const deviceEntry = (pne: HouseholdPne, folder: '' | 'pnes/'): DeviceEntry => ({
  deviceId: pne.id,
  pnId: pne.pn,
  gatewayId: pne.gateway,
  pskFile: `${folder}${pne.id}.psk`,
  pairing: pne.membership === 'stranger' ? 'needed' : 'none',
});

function mergeDevices(devices: readonly DeviceEntry[]): PneConfig['merge'] {
  return (current) => ({
    add: devices
      .filter((device) => !current.devices.some((other) => other.deviceId === device.deviceId))
      .map((value) => ({ path: ['devices'], value, kind: 'append' })),
    differs: devices.flatMap((device) => {
      const there = current.devices.find((other) => other.deviceId === device.deviceId);
      if (there === undefined) return [];
      return [
        ...differing(`pnId of ${device.deviceId}`, there.pnId, device.pnId),
        ...differing(`gatewayId of ${device.deviceId}`, there.gatewayId, device.gatewayId),
        ...differing(`pairing of ${device.deviceId}`, there.pairing ?? 'none', device.pairing ?? 'none'),
      ];
    }),
  });
}

/** One device in a process of its own. */
export function pneConfig(pne: HouseholdPne, nats: string): PneConfig {
  const devices = [deviceEntry(pne, '')];
  return {
    file: `pnes/${pne.id}.yaml`,
    detail: `configuration of the PNE ${pne.id}`,
    comment: header(`cpns pne --config pnes/${pne.id}.yaml`),
    contents: 'public',
    schema: PneFile,
    crossCheck: uniqueDevices,
    whole: { nats: [nats], journal: `${pne.id}.sqlite`, keyFile: `${pne.id}.key`, devices },
    merge: mergeDevices(devices),
  };
}

/** All devices of the household in one process. */
export function allPnesConfig(household: Household, nats: string): PneConfig {
  const devices = household.pnes.map((pne) => deviceEntry(pne, 'pnes/'));
  return {
    file: 'pnes.yaml',
    detail: 'configuration of all PNEs in one process',
    comment: header('cpns pne --config pnes.yaml'),
    contents: 'public',
    schema: PneFile,
    crossCheck: uniqueDevices,
    whole: { nats: [nats], journal: 'pnes.sqlite', keyFile: 'pnes.key', devices },
    merge: mergeDevices(devices),
  };
}
