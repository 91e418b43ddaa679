import { z } from 'zod';
import type { JournalReader } from '../journal/port.ts';
import { recordedEvents } from './checkpoints.ts';

const DurabilityObserved = z.object({
  database: z.string(),
  settings: z.record(z.string(), z.string()),
  warnings: z.array(z.string()),
});

/** What a process saw of its database when it opened a journal. */
export interface Opening extends z.infer<typeof DurabilityObserved> {
  readonly recordedAt: string;
}

/** How often a journal was opened by a role, and what the last of them saw. */
export async function recordedOpenings(
  journal: JournalReader,
): Promise<{ readonly openings: number; readonly last: Opening | null }> {
  let openings = 0;
  let last: Opening | null = null;
  for await (const { type, data, meta } of recordedEvents(journal)) {
    if (type !== 'DurabilityObserved') continue;
    openings += 1;
    const seen = DurabilityObserved.safeParse(data).data;
    if (seen !== undefined) last = { ...seen, recordedAt: meta.recordedAt };
  }
  return { openings, last };
}
