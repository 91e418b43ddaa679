import { InvalidArgumentError } from 'commander';
import { z } from 'zod';
import type { When } from '../../replay/state.ts';

const Time = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);

/** A position, or a time as RFC 3339 has it. */
export function parseWhen(text: string): When {
  if (/^\d{1,15}$/.test(text)) return { position: Number(text) };
  const time = Time.safeParse(text);
  if (!time.success) throw new InvalidArgumentError('It must be a position, or a time such as 2026-11-25T09:30:00Z.');
  return { time: Date.parse(time.data) };
}
