import { DEFAULT_CHECKPOINT_SETTINGS, type CheckpointSettings } from '../../actors/roles/journal/record/checkpoints.ts';
import { signerFromText, type NoteSigner } from '../../security/transparency/note-key.ts';
import { UsageError } from '../errors.ts';
import { path, whole } from './fields.ts';
import { besideKey, type Kek, readOwnKek } from './kek.ts';
import type { SecretFiles } from './secret-file.ts';
import type { Given, Settings } from './settings.ts';

/** Whether and when a running role signs its journal: fields in the files of all roles. */

/** With 1 every event would be followed by a checkpoint. */
export const checkpointEvents = whole(100, 10_000_000, 'events');
const DAY_MS = 86_400_000;
export const checkpointIntervalMs = whole(1_000, DAY_MS, 'ms');

export const checkpointFields = {
  checkpointKeyFile: path.optional(),
  checkpointEvents: checkpointEvents.optional(),
  checkpointIntervalMs: checkpointIntervalMs.optional(),
};

type InFile = {
  readonly checkpointKeyFile?: string | undefined;
  readonly checkpointEvents?: number | undefined;
  readonly checkpointIntervalMs?: number | undefined;
};

export interface CheckpointOptions extends CheckpointSettings {
  readonly signer: NoteSigner;
}

/**
 * Null without a key: then nothing is signed.
 * @param secrets those of the role
 * @throws UsageError for what is no key, ConfigError for what is open to others or does not open
 */
export function checkpointOptions(
  settings: Settings,
  given: Given,
  file: InFile,
  secrets: SecretFiles,
): CheckpointOptions | null {
  const events = given.checkpointEvents ?? file.checkpointEvents;
  const intervalMs = given.checkpointIntervalMs ?? file.checkpointIntervalMs;
  const keyFile = settings.optionalPath(given.checkpointKeyFile, file.checkpointKeyFile);
  if (keyFile !== null)
    return {
      // It has a key-encryption key of its own, unless it came under that of the role.
      signer: signerIn(keyFile, secrets.text(keyFile, 'checkpoint', ...ownKek(keyFile))),
      events: events ?? DEFAULT_CHECKPOINT_SETTINGS.events,
      intervalMs: intervalMs ?? DEFAULT_CHECKPOINT_SETTINGS.intervalMs,
    };
  if (events !== undefined || intervalMs !== undefined) {
    const remedy = 'Make one with cpns journal key, or leave out when checkpoints are to be signed.';
    settings.add({ path: 'checkpointKeyFile', message: 'is missing', remedy });
  }
  return null;
}

/** @param text of the file, in plain @throws UsageError where it is no such key */
export function signerIn(path: string, text: string): NoteSigner {
  const signer = signerFromText(text);
  if (signer !== null) return signer;
  throw new UsageError(`${path} holds no key that signs checkpoints`, 'Make one with `cpns journal key`.');
}

function ownKek(keyFile: string): readonly [] | readonly [Kek] {
  const own = readOwnKek(besideKey(keyFile));
  return own.keys.length === 0 ? [] : [own];
}
