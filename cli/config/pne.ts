import { z } from 'zod';
import { PersonalFields } from '../../events/fields.ts';
import type { Credential } from '../../security/registration-handshake.ts';
import { check } from './check.ts';
import { checkpointFields, checkpointOptions } from './checkpoints.ts';
import { readDocument, type ConfigDocument } from './document.ts';
import { devicePairing, id, path, personal } from './fields.ts';
import { keyFileOf, readKek, readOwnKek } from './kek.ts';
import { pathText, type Problem } from './problems.ts';
import { duplicates } from './references.ts';
import { natsAccess, natsFields } from './nats.ts';
import { certificateFiles, readCertificateFiles } from './pki.ts';
import { SecretFiles } from './secret-file.ts';
import { sessionFields, sessionSettings } from './session.ts';
import { Settings, type Given } from './settings.ts';
import type { PneOptions } from './types.ts';
import type { PneDevice } from '../../actors/roles/pne/device.ts';

export const PneFile = z.strictObject({
  ...natsFields,
  journal: path.optional(),
  keyFile: path.optional(),
  ...sessionFields,
  ...checkpointFields,
  devices: z
    .array(
      z.strictObject({
        deviceId: id,
        pnId: id,
        gatewayId: id,
        keyFile: path.optional(),
        pskFile: path.optional(),
        pki: certificateFiles.optional(),
        pairing: devicePairing.optional(),
        about: personal.optional(),
      }),
    )
    .min(1, 'must name at least one device'),
});

const DeviceIds = z
  .object({
    devices: z
      .array(z.object({ deviceId: z.string().optional().catch(undefined) }).catch({ deviceId: undefined }))
      .catch([]),
  })
  .catch({ devices: [] });

export function uniqueDevices(document: ConfigDocument): readonly Problem[] {
  const { devices } = DeviceIds.parse(document.value);
  return duplicates(
    document,
    'device id',
    devices.map((device, index) => ({ name: device.deviceId, path: ['devices', index, 'deviceId'] })),
  );
}

const Entry = z.object({ pskFile: z.unknown().optional(), pki: z.unknown().optional() });
const Entries = z.object({ devices: z.array(Entry.catch({ pskFile: '' })).catch([]) }).catch({ devices: [] });

export const checkDevices = (document: ConfigDocument): readonly Problem[] => [
  ...uniqueDevices(document),
  ...oneCredential(document),
];

type DeviceEntry = z.infer<typeof PneFile>['devices'][number];

/** What a schema of optional fields does not say. */
function oneCredential(document: ConfigDocument): readonly Problem[] {
  const devices = Entries.parse(document.value).devices;
  return devices.flatMap((device, index) => {
    const count = Number(device.pskFile !== undefined) + Number(device.pki !== undefined);
    if (count === 1) return [];
    const at = ['devices', index, 'pskFile'];
    const message = count === 0 ? 'is missing' : 'stands beside pki: a device has one credential';
    const remedy = 'Give either pskFile, or pki with keyFile, certificateFile and serverKeyFile.';
    return [{ position: document.at(at), path: pathText(at), message, remedy }];
  });
}

/**
 * The options of `cpns pne`: the device that flags or variables name, or else all devices of the file.
 * @throws ConfigError
 */
export function loadPneOptions(given: Given, cwd: string): PneOptions {
  const document = given.config === undefined ? null : readDocument(given.config, 'public');
  const file: z.infer<typeof PneFile> = document === null ? { devices: [] } : check(document, PneFile, checkDevices);
  const settings = new Settings('cpns pne', document, cwd);
  const journal = settings.journal(given.journal, file.journal);
  const keyFile = keyFileOf(settings, given, file.keyFile);
  const session = sessionSettings(given, file);
  const ownSecrets = (): Pick<PneOptions, 'kek' | 'checkpoints'> & { readonly secrets: SecretFiles } => {
    const kek = readKek(keyFile, given);
    const secrets = new SecretFiles(kek);
    const checkpoints = checkpointOptions(settings, given, file, secrets);
    settings.throwProblems();
    return { kek, secrets, checkpoints };
  };
  const common = { ...natsAccess(settings, given, file), journal, session };
  if (given.deviceId !== undefined || file.devices.length === 0) {
    const { device, pskFile } = givenDevice(given, settings);
    const own = ownSecrets();
    const psk = own.secrets.bytes(pskFile, `credential/pnes/${device.deviceId}`);
    return { ...common, ...own, devices: [{ ...device, credential: { kind: 'psk', psk } }] };
  }
  settings.throwProblems();
  const own = ownSecrets();
  const devices = file.devices.map(({ deviceId, pnId, gatewayId, pairing = 'none', about, ...entry }) => {
    const credential = credentialOf(deviceId, entry, settings, own.secrets);
    const personal = about === undefined ? {} : { about: PersonalFields.parse(about) };
    return { deviceId, pnId, gatewayId, pairing, credential, ...personal };
  });
  return { ...common, ...own, devices };
}

/** `oneCredential` has seen to it that there is one of the two. */
function credentialOf(
  deviceId: string,
  { pskFile, pki, keyFile }: Pick<DeviceEntry, 'pskFile' | 'pki' | 'keyFile'>,
  settings: Settings,
  secrets: SecretFiles,
): Credential {
  // Each device has a key-encryption key of its own, also where one process runs many.
  const own = keyFile === undefined ? undefined : readOwnKek(settings.fromFile(keyFile));
  if (pki !== undefined)
    return readCertificateFiles(
      pki,
      (name) => settings.fromFile(name),
      (name) => secrets.text(name, `static/pnes/${deviceId}`, own),
    );
  return {
    kind: 'psk',
    psk: secrets.bytes(settings.fromFile(pskFile ?? ''), `credential/pnes/${deviceId}`, own),
  };
}

function givenDevice(
  given: Given,
  settings: Settings,
): { readonly device: Omit<PneDevice, 'credential'>; readonly pskFile: string } {
  const deviceId = settings.required('deviceId', given.deviceId, undefined);
  const pnId = settings.required('pnId', given.pnId, undefined);
  const gatewayId = settings.required('gatewayId', given.gatewayId, undefined);
  const pskFile = settings.path('pskFile', given.pskFile, undefined);
  settings.throwProblems();
  const pairing = devicePairing.parse(given.pairing ?? 'none');
  return { device: { deviceId, pnId, gatewayId, pairing }, pskFile };
}
