import { z } from 'zod';
import { PersonalFields } from '../../events/fields.ts';
import { check } from './check.ts';
import { checkpointFields, checkpointOptions } from './checkpoints.ts';
import { readDocument, type ConfigDocument } from './document.ts';
import { id, joinPolicy, path, personal } from './fields.ts';
import { keyFileOf, readKek } from './kek.ts';
import { readServerLimits, serverLimits } from './limits.ts';
import { natsAccess, natsFields } from './nats.ts';
import { suggestion } from './nearest.ts';
import { pathText, type Problem } from './problems.ts';
import { duplicates } from './references.ts';
import { readServerPki, serverPki } from './pki.ts';
import { openCredentials } from './credentials.ts';
import { SecretFiles } from './secret-file.ts';
import { sessionFields, sessionSettings } from './session.ts';
import { Settings, type Given } from './settings.ts';
import { snapshotFields, snapshotSetting } from './snapshots.ts';
import { usageFields, usageSettings } from './usage.ts';
import type { ServerOptions } from './types.ts';
import { refuseOpenToOthers } from './private-text.ts';
import { BY_CERTIFICATE, readCredentials } from './credentials-file.ts';

export const ServerFile = z.strictObject({
  ...natsFields,
  journal: path.optional(),
  keyFile: path.optional(),
  idKeyFile: path.optional(),
  credentialsFile: path.optional(),
  pki: serverPki.optional(),
  ...sessionFields,
  limits: serverLimits.optional(),
  ...usageFields,
  ...snapshotFields,
  ...checkpointFields,
  pns: z.array(z.strictObject({ id, gatewayId: id, joinPolicy, members: z.array(id) })),
  personal: z.record(id, personal).optional(),
});

const PnIds = z
  .object({ pns: z.array(z.object({ id: z.string().optional().catch(undefined) }).catch({ id: undefined })).catch([]) })
  .catch({ pns: [] });

export function uniquePns(document: ConfigDocument): readonly Problem[] {
  const { pns } = PnIds.parse(document.value);
  return duplicates(
    document,
    'PN id',
    pns.map((pn, index) => ({ name: pn.id, path: ['pns', index, 'id'] })),
  );
}

/**
 * The options of `cpns server`. PNs come from the file only.
 * @throws ConfigError
 */
export function loadServerOptions(given: Given, cwd: string): ServerOptions {
  const document = given.config === undefined ? null : readDocument(given.config, 'public');
  const file: z.infer<typeof ServerFile> = document === null ? { pns: [] } : check(document, ServerFile, uniquePns);
  const settings = new Settings('cpns server', document, cwd);
  const paths = {
    journal: settings.journal(given.journal, file.journal),
    keyFile: keyFileOf(settings, given, file.keyFile),
    idKeyFile: settings.path('idKeyFile', given.idKeyFile, file.idKeyFile),
    credentialsFile: settings.path('credentialsFile', given.credentialsFile, file.credentialsFile),
  };
  settings.throwProblems();

  const kek = readKek(paths.keyFile, given);
  const stored = readDocument(paths.credentialsFile, 'secret');
  refuseOpenToOthers(paths.credentialsFile);
  const opened = openCredentials(stored, kek);
  const { gateways, pnes, certified, services, operators } = readCredentials(opened.document);
  const known = {
    gateway: [...gateways.map((one) => one.id), ...certified.gateways],
    PNE: [...pnes.map((one) => one.id), ...certified.pnes],
  };
  if (document !== null) settings.add(...withoutCredential(document, file, known));
  const certificates = certified.gateways.length + certified.pnes.length;
  if (certificates > 0 && file.pki === undefined)
    settings.add({
      path: 'pki',
      message: `is missing: ${certificates} entries of the credentials file are ${BY_CERTIFICATE}`,
      remedy: 'Add pki with keyFile, trustFile and revocationFile, or provision anew.',
    });
  const secrets = new SecretFiles(kek);
  const checkpoints = checkpointOptions(settings, given, file, secrets);
  settings.throwProblems();
  const staticKeyIn = (name: string): string => secrets.text(name, 'static/server');
  return {
    ...natsAccess(settings, given, file),
    journal: paths.journal,
    kek,
    checkpoints,
    plainCredentials: opened.plain,
    secrets,
    idKey: secrets.bytes(paths.idKeyFile, 'id-key'),
    gateways,
    pns: file.pns,
    personal: new Map(Object.entries(file.personal ?? {}).map(([id, fields]) => [id, PersonalFields.parse(fields)])),
    limits: readServerLimits(file.limits),
    pnes,
    certified,
    services,
    operators,
    pki: file.pki === undefined ? null : readServerPki(file.pki, (name) => settings.fromFile(name), staticKeyIn),
    session: sessionSettings(given, file),
    usage: usageSettings(given, file),
    snapshotEvery: snapshotSetting(given, file),
  };
}

/** Gateways and members of a PN that the server knows no credential of: they could never register. */
function withoutCredential(
  document: ConfigDocument,
  { pns, personal = {} }: Pick<z.infer<typeof ServerFile>, 'pns' | 'personal'>,
  known: Readonly<Record<'gateway' | 'PNE', readonly string[]>>,
): readonly Problem[] {
  const there = { gateway: new Set(known.gateway), PNE: new Set(known.PNE) };
  const missing = (what: 'gateway' | 'PNE', name: string, at: readonly PropertyKey[]): readonly Problem[] =>
    there[what].has(name)
      ? []
      : [
          {
            position: document.at(at),
            path: pathText(at),
            message: `${what} ${JSON.stringify(name)} has no secret in the credentials file`,
            remedy: suggestion(name, known[what]),
          },
        ];
  return [
    ...pns.flatMap((pn, index) => [
      ...missing('gateway', pn.gatewayId, ['pns', index, 'gatewayId']),
      ...pn.members.flatMap((member, place) => missing('PNE', member, ['pns', index, 'members', place])),
    ]),
    ...Object.keys(personal).flatMap((name) => missing('PNE', name, ['personal', name])),
  ];
}
