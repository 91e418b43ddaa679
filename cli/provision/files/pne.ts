import type { z } from 'zod';
import { deviceNamed } from '../../../security/pki/identity.ts';
import type { Household, HouseholdPne } from '../../config/household.ts';
import { PneFile, uniqueDevices } from '../../config/pne.ts';
import type { Addition, ConfigFile } from '../entries.ts';
import { filesOf } from '../pki-files.ts';
import {
  type NatsForRoles,
  type NatsFields,
  natsOf,
  mergeNats,
  seenFrom,
  certificateOf,
  personalOf,
  header,
  differing,
} from './common.ts';

/** The configurations of PNEs, as the household wants them: of one device, and of all in one process. */

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
