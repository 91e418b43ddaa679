import type { Durability } from '../../../../journal/durability.ts';
import type { JournalSeams } from '../journal-actor.ts';
import { recordStep } from './stream.ts';

/** Others of the same journal may open it, or sign it, at the same moment. */
const MAX_ATTEMPTS = 16;

/** Writes down what this process saw of the settings of its database: how safe the events are that follow. */
export async function recordOpening(seams: JournalSeams, { database, seen, warnings }: Durability): Promise<void> {
  const data = { database, settings: seen, warnings: [...warnings] };
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    if ((await recordStep(seams, { type: 'DurabilityObserved', data })) === 'committed') return;
  }
  throw new Error(`The record of the journal changed ${MAX_ATTEMPTS} times while its opening was to be written down.`);
}
