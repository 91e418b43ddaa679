import { z } from 'zod';
import { check } from './check.ts';
import { readDocument } from './document.ts';
import { path } from './fields.ts';
import { keyFileOf } from './kek.ts';
import { Settings, type Given } from './settings.ts';

/** What `cpns keys` wants of the configuration of a role, whichever it is. */
const RoleFile = z.looseObject({
  journal: path.optional(),
  keyFile: path.optional(),
  credentialsFile: path.optional(),
});

export interface KeysOptions {
  /** Null where none is named. */
  readonly journal: string | null;
  /** Null where none is named, or the variable has the key. */
  readonly keyFile: string | null;
  readonly credentialsFile: string | null;
}

/** Where a role keeps its keys. @throws ConfigError, UsageError */
export function loadKeysOptions(given: Given, cwd: string): KeysOptions {
  const document = given.config === undefined ? null : readDocument(given.config, 'public');
  const file = document === null ? {} : check(document, RoleFile);
  const settings = new Settings('cpns keys', document, cwd);
  const named = given.keyFile ?? file.keyFile;
  return {
    journal: (given.journal ?? file.journal) === undefined ? null : settings.journal(given.journal, file.journal),
    keyFile: named === undefined ? null : keyFileOf(settings, given, file.keyFile),
    credentialsFile: settings.optionalPath(given.credentialsFile, file.credentialsFile),
  };
}
