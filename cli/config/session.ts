import { DEFAULT_SESSION_SETTINGS, type SessionSettings } from '../../actors/sessions/data/port.ts';
import { whole } from './fields.ts';
import type { Given } from './settings.ts';

/** When the keys of a secure session change: fields in the files of the server and of PNEs. */

const HOUR_MS = 3_600_000;

/** More frames under one key than a day has at 1,000 a second are a mistake. */
export const rekeyAfterMessages = whole(1, 100_000_000, 'messages');
/** A day; below a second a session would do little else. */
export const rekeyAfterMs = whole(1_000, 24 * HOUR_MS, 'ms');
/** What a wire holds back longer than a minute is lost; 0: nothing of an earlier key is taken. */
export const graceMs = whole(0, 60_000, 'ms');

export const sessionFields = {
  rekeyAfterMessages: rekeyAfterMessages.optional(),
  rekeyAfterMs: rekeyAfterMs.optional(),
  graceMs: graceMs.optional(),
};

type InFile = { readonly [name in keyof typeof sessionFields]?: number | undefined };

/** Flags and variables, then the file, then the defaults. */
export function sessionSettings(given: Given, file: InFile): SessionSettings {
  const pick = (name: keyof typeof sessionFields): number =>
    given[name] ?? file[name] ?? DEFAULT_SESSION_SETTINGS[name];
  return {
    rekeyAfterMessages: pick('rekeyAfterMessages'),
    rekeyAfterMs: pick('rekeyAfterMs'),
    graceMs: pick('graceMs'),
  };
}
