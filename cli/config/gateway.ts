import { z } from 'zod';
import { MAX_PNS } from '../../events/fields.ts';
import type { Credential } from '../../security/registration-handshake.ts';
import { UsageError } from '../errors.ts';
import { check } from './check.ts';
import { checkpointFields, checkpointOptions } from './checkpoints.ts';
import { readDocument } from './document.ts';
import { gatewayPairing, id, path } from './fields.ts';
import { keyFileOf, readKek } from './kek.ts';
import { linkLimits, readLinkLimits } from './limits.ts';
import { natsAccess, natsFields } from './nats.ts';
import { certificateFiles, readCertificateFiles } from './pki.ts';
import { SecretFiles } from './secret-file.ts';
import { Settings, type Given } from './settings.ts';
import type { GatewayOptions } from './types.ts';
import { snapshotFields, snapshotSetting } from './snapshots.ts';
import { usageFields, usageSettings } from './usage.ts';

export const GatewayFile = z.strictObject({
  ...natsFields,
  journal: path.optional(),
  keyFile: path.optional(),
  gatewayId: id.optional(),
  pskFile: path.optional(),
  pki: certificateFiles.optional(),
  pns: z.array(id).min(1, 'must name at least one PN').max(MAX_PNS, `must name at most ${MAX_PNS} PNs`).optional(),
  pairing: gatewayPairing.optional(),
  limits: linkLimits.optional(),
  ...usageFields,
  ...snapshotFields,
  ...checkpointFields,
});

/**
 * The options of `cpns gateway`.
 * @throws ConfigError
 */
export function loadGatewayOptions(given: Given, cwd: string): GatewayOptions {
  const document = given.config === undefined ? null : readDocument(given.config, 'public');
  const file = document === null ? {} : check(document, GatewayFile);
  const settings = new Settings('cpns gateway', document, cwd);
  const pns = given.pns ?? file.pns ?? [];
  if (pns.length === 0) settings.required('pns', undefined, undefined);
  if (pns.length > MAX_PNS)
    throw new UsageError(
      `A PN GW has at most ${MAX_PNS} PNs, not ${pns.length}`,
      'Give some of them to another PN GW.',
    );
  const journal = settings.journal(given.journal, file.journal);
  const keyFile = keyFileOf(settings, given, file.keyFile);
  const gatewayId = settings.required('gatewayId', given.gatewayId, file.gatewayId);
  const { pki } = file;
  if (pki !== undefined && file.pskFile !== undefined)
    settings.add({
      path: 'pskFile',
      message: 'stands beside pki: a PN GW has one credential',
      remedy: 'Give either pskFile, or pki with keyFile, certificateFile and serverKeyFile.',
    });
  const byCertificate = given.pskFile === undefined && pki !== undefined;
  const pskFile = byCertificate ? '' : settings.path('pskFile', given.pskFile, file.pskFile);
  settings.throwProblems();
  const kek = readKek(keyFile, given);
  const secrets = new SecretFiles(kek);
  const checkpoints = checkpointOptions(settings, given, file, secrets);
  settings.throwProblems();
  const credential = byCertificate
    ? certified(pki, settings, (name) => secrets.text(name, `static/gateways/${gatewayId}`))
    : withSecret(secrets.bytes(pskFile, `credential/gateways/${gatewayId}`));
  return {
    ...natsAccess(settings, given, file),
    journal,
    kek,
    secrets,
    checkpoints,
    gatewayId,
    credential,
    pns: [...new Set(pns)],
    pairing: gatewayPairing.parse(given.pairing ?? file.pairing ?? 'permitted'),
    limits: readLinkLimits(file.limits),
    usage: usageSettings(given, file),
    snapshotEvery: snapshotSetting(given, file),
  };
}

const withSecret =
  (psk: Uint8Array): GatewayOptions['credential'] =>
  () => ({ kind: 'psk', psk });

/** Read again whenever it is used, and once at once: with another key no journal may be begun. @throws ConfigError */
function certified(
  files: z.infer<typeof certificateFiles>,
  settings: Settings,
  secretIn: (file: string) => string,
): GatewayOptions['credential'] {
  const read = (): Credential => readCertificateFiles(files, (name) => settings.fromFile(name), secretIn);
  read();
  return read;
}
