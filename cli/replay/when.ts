import { InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import type { When } from '../../replay/state.ts';

const Time = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);

export const END: When = { position: Number.MAX_SAFE_INTEGER };

/** An option that takes a moment. */
export function momentOption(flags: string, says: string): Option {
  return new Option(flags, says).argParser(parseWhen);
}

/** A position, or a time as RFC 3339 has it. */
function parseWhen(text: string): When {
  if (/^\d{1,15}$/.test(text)) return { position: Number(text) };
  const time = Time.safeParse(text);
  if (!time.success) throw new InvalidArgumentError('It must be a position, or a time such as 2026-11-25T09:30:00Z.');
  return { time: Date.parse(time.data) };
}

/** A moment as the option takes it. */
export const whenText = (when: When): string =>
  'position' in when ? `${when.position}` : new Date(when.time).toISOString();
