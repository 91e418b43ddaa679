import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../errors.ts';
import { check } from './check.ts';
import { readDocument } from './document.ts';
import { id, path } from './fields.ts';
import { besideKey, keyFileOf } from './kek.ts';
import type { SecretFile } from './secret-file.ts';
import { Settings, type Given } from './settings.ts';

const PrivateKey = z.looseObject({ keyFile: path });

/** What `cpns keys` wants of the configuration of a role, whichever it is. */
const RoleFile = z.looseObject({
  journal: path.optional(),
  keyFile: path.optional(),
  credentialsFile: path.optional(),
  idKeyFile: path.optional(),
  gatewayId: id.optional(),
  serviceId: id.optional(),
  operatorId: id.optional(),
  pskFile: path.optional(),
  pki: PrivateKey.optional(),
  checkpointKeyFile: path.optional(),
  devices: z
    .array(
      z.looseObject({
        deviceId: id,
        keyFile: path.optional(),
        pskFile: path.optional(),
        pki: PrivateKey.optional(),
      }),
    )
    .optional(),
});

type RoleFile = z.infer<typeof RoleFile>;

/** Secrets that belong to no role; each has a key-encryption key of its own. */
export interface LoneSecrets {
  /** The private key of the authority. */
  readonly authority?: string;
  /** The key that signs checkpoints. */
  readonly checkpointKey?: string;
}

export interface RoleSecret extends SecretFile {
  /** What it is under, where that is not the key of the role: a device in the file of several. */
  readonly keyFile: string | null;
}

export interface KeysOptions {
  /** Null where none is named. */
  readonly journal: string | null;
  /** Null where none is named, or the variable has the key. */
  readonly keyFile: string | null;
  readonly credentialsFile: string | null;
  /** Secrets that lie in files of their own. */
  readonly secrets: readonly RoleSecret[];
}

/** Where a role keeps its keys. @throws ConfigError, UsageError */
export function loadKeysOptions(given: Given & LoneSecrets, cwd: string): KeysOptions {
  const lone = loneSecret(given, cwd);
  if (lone !== null) return loneOptions(lone, given, cwd);
  const document = given.config === undefined ? null : readDocument(given.config, 'public');
  const file = document === null ? {} : check(document, RoleFile);
  const settings = new Settings('cpns keys', document, cwd);
  const named = given.keyFile ?? file.keyFile;
  return {
    journal: (given.journal ?? file.journal) === undefined ? null : settings.journal(given.journal, file.journal),
    keyFile: named === undefined ? null : keyFileOf(settings, given, file.keyFile),
    credentialsFile: settings.optionalPath(given.credentialsFile, file.credentialsFile),
    secrets: secretsOf(file, settings),
  };
}

function loneSecret({ authority, checkpointKey }: LoneSecrets, cwd: string): SecretFile | null {
  if (authority !== undefined) return { file: resolve(cwd, authority), name: 'authority' };
  return checkpointKey === undefined ? null : { file: resolve(cwd, checkpointKey), name: 'checkpoint' };
}

/** @throws UsageError where a role is named as well */
function loneOptions(secret: SecretFile, given: Given & LoneSecrets, cwd: string): KeysOptions {
  if (given.config !== undefined || (given.authority !== undefined && given.checkpointKey !== undefined))
    throw new UsageError('Secrets of two owners are named', 'Give one of --config, --authority and --checkpoint-key.');
  const settings = new Settings('cpns keys', null, cwd);
  const keyFile = keyFileOf(settings, given, besideKey(secret.file));
  return { journal: null, keyFile, credentialsFile: null, secrets: [{ ...secret, keyFile: null }] };
}

function secretsOf(file: RoleFile, settings: Settings): readonly RoleSecret[] {
  const { gatewayId, serviceId, operatorId, pskFile, pki, idKeyFile, checkpointKeyFile, devices = [] } = file;
  const secret = (at: string | undefined, name: SecretFile['name'], own?: string): readonly RoleSecret[] => {
    if (at === undefined) return [];
    return [{ file: settings.fromFile(at), name, keyFile: own === undefined ? null : settings.fromFile(own) }];
  };
  return [
    ...secret(idKeyFile, 'id-key'),
    ...secret(checkpointKeyFile, 'checkpoint', ownKeyOf(checkpointKeyFile, settings)),
    ...(gatewayId === undefined
      ? secret(pki?.keyFile, 'static/server')
      : [
          ...secret(pskFile, `credential/gateways/${gatewayId}`),
          ...secret(pki?.keyFile, `static/gateways/${gatewayId}`),
        ]),
    ...(serviceId === undefined ? [] : secret(pskFile, `credential/services/${serviceId}`)),
    ...(operatorId === undefined ? [] : secret(pskFile, `credential/operators/${operatorId}`)),
    ...devices.flatMap((device) => [
      ...secret(device.pskFile, `credential/pnes/${device.deviceId}`, device.keyFile),
      ...secret(device.pki?.keyFile, `static/pnes/${device.deviceId}`, device.keyFile),
    ]),
  ];
}

/** A key that signs checkpoints has a key-encryption key of its own, unless it came under that of the role. */
function ownKeyOf(file: string | undefined, settings: Settings): string | undefined {
  const own = file === undefined ? undefined : besideKey(settings.fromFile(file));
  return own !== undefined && existsSync(own) ? own : undefined;
}
