import { z } from 'zod';
import type { JournalReader } from '../events/journal/port.ts';
import { RECORD_STREAM } from './checkpoints.ts';

const CheckpointSigned = z.object({ size: z.int(), note: z.string() });
const PAGE = 1_000;

/** The newest checkpoint that a journal holds, its signature not checked. */
export async function latestNote(
  journal: JournalReader,
): Promise<{ readonly size: number; readonly note: string } | null> {
  let latest: { readonly size: number; readonly note: string } | null = null;
  for (let after = 0; ;) {
    const page = await journal.readStream(RECORD_STREAM, { after, limit: PAGE });
    for (const { type, data, version } of page) {
      after = version;
      if (type === 'CheckpointSigned') latest = CheckpointSigned.safeParse(data).data ?? latest;
    }
    if (page.length < PAGE) return latest;
  }
}
