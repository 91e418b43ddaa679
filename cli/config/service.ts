import { z } from 'zod';
import { check } from './check.ts';
import { readDocument } from './document.ts';
import { id, path } from './fields.ts';
import { keyFileOf, readKek } from './kek.ts';
import { natsAccess, natsFields } from './nats.ts';
import { SecretFiles } from './secret-file.ts';
import { Settings, type Given } from './settings.ts';
import type { ServiceOptions } from './types.ts';

export const ServiceFile = z.strictObject({
  ...natsFields,
  keyFile: path.optional(),
  serviceId: id.optional(),
  pskFile: path.optional(),
});

/**
 * The options of `cpns service`.
 * @throws ConfigError
 */
export function loadServiceOptions(given: Given, cwd: string): ServiceOptions {
  const document = given.config === undefined ? null : readDocument(given.config, 'public');
  const file = document === null ? {} : check(document, ServiceFile);
  const settings = new Settings('cpns service', document, cwd);
  const serviceId = settings.required('serviceId', given.serviceId, file.serviceId);
  const pskFile = settings.path('pskFile', given.pskFile, file.pskFile);
  settings.throwProblems();
  // A secret in plain needs no key: files of earlier versions name none.
  const named = (given.keyFile ?? file.keyFile ?? given.keyringKey) !== undefined;
  const kek = named ? readKek(keyFileOf(settings, given, file.keyFile), given) : { file: null, keys: [] };
  const secrets = new SecretFiles(kek);
  const secret = secrets.bytes(pskFile, `credential/services/${serviceId}`);
  return { ...natsAccess(settings, given, file), serviceId, secret, secrets };
}
