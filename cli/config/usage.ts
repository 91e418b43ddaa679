import { DEFAULT_USAGE_SETTINGS, MAX_INTERVAL_MS, type UsageSettings } from '../../actors/sessions/data/usage.ts';
import type { Given } from './settings.ts';
import { whole } from './fields.ts';

/** When what was counted for charging is recorded: fields in the files of the server and of PN GWs. */

/** Below a second there would be an event for nearly every message. */
export const usageIntervalMs = whole(1_000, MAX_INTERVAL_MS, 'ms');
/** One event a message at the least; a sum is to stay below 2^53 bytes with ease. */
export const usageMessages = whole(1, 1_000_000, 'messages');
export const usageBytes = whole(1, 1_000_000_000, 'bytes');

export const usageFields = {
  usageIntervalMs: usageIntervalMs.optional(),
  usageMessages: usageMessages.optional(),
  usageBytes: usageBytes.optional(),
};

type InFile = { readonly [name in keyof typeof usageFields]?: number | undefined };

/** Flags and variables, then the file, then the defaults. */
export function usageSettings(given: Given, file: InFile): UsageSettings {
  return {
    intervalMs: given.usageIntervalMs ?? file.usageIntervalMs ?? DEFAULT_USAGE_SETTINGS.intervalMs,
    maxMessages: given.usageMessages ?? file.usageMessages ?? DEFAULT_USAGE_SETTINGS.maxMessages,
    maxBytes: given.usageBytes ?? file.usageBytes ?? DEFAULT_USAGE_SETTINGS.maxBytes,
  };
}
