import { z } from 'zod';
import { check } from './check.ts';
import { readDocument } from './document.ts';
import { id, path } from './fields.ts';
import { keyFileOf, readKek } from './kek.ts';
import { natsAccess, natsFields } from './nats.ts';
import { SecretFiles } from './secret-file.ts';
import { Settings, type Given } from './settings.ts';
import type { NatsAccess, OperatorOptions } from './types.ts';

export const OperatorFile = z.strictObject({
  ...natsFields,
  keyFile: path.optional(),
  operatorId: id.optional(),
  pskFile: path.optional(),
});

function open(given: Given, cwd: string): { readonly settings: Settings; readonly file: z.infer<typeof OperatorFile> } {
  const document = given.config === undefined ? null : readDocument(given.config, 'public');
  const file = document === null ? {} : check(document, OperatorFile);
  return { settings: new Settings('cpns pn', document, cwd), file };
}

/** Only how to ask: no secret is read. @throws ConfigError */
export function loadOperatorAccess(given: Given, cwd: string): NatsAccess {
  const { settings, file } = open(given, cwd);
  return natsAccess(settings, given, file);
}

/**
 * The options of whoever decides for the operator.
 * @throws ConfigError, UsageError for the key-encryption key
 */
export function loadOperatorOptions(given: Given, cwd: string): OperatorOptions {
  const { settings, file } = open(given, cwd);
  const operatorId = settings.required('operatorId', given.operatorId, file.operatorId);
  const pskFile = settings.path('pskFile', given.pskFile, file.pskFile);
  const keyFile = keyFileOf(settings, given, file.keyFile);
  settings.throwProblems();
  const secrets = new SecretFiles(readKek(keyFile, given));
  const secret = secrets.bytes(pskFile, `credential/operators/${operatorId}`);
  return { ...natsAccess(settings, given, file), operatorId, secret, secrets };
}
