import type { JournalSeams } from '../../../../../actors/roles/journal/journal-actor.ts';
import { SimulatedClock } from '../../../../../seams/clock.ts';
import { SeededEntropy } from '../../../../../seams/entropy.ts';
import { RecordedLog } from '../../../../../seams/log.ts';
import type { Journal, JournalReader } from '../../../../../journal/port.ts';
import { recordedNotes } from '../../../../../replay/checkpoints.ts';
import { newNoteSigner } from '../../../../../security/transparency/note-key.ts';

/** Test data of records: seams of a process, a key, and what a journal says of its checkpoints. */

export const signer = newNoteSigner('cpns/example', (length) => new SeededEntropy('signer').bytes(length));

export interface Process extends JournalSeams {
  readonly clock: SimulatedClock;
  readonly log: RecordedLog;
}

export function processOn(journal: Journal, clock = new SimulatedClock()): Process {
  return { journal, clock, entropy: new SeededEntropy('process'), role: 'cpns-server', log: new RecordedLog() };
}

/** Sizes that were signed, in their order. */
export async function signedSizes(journal: JournalReader): Promise<readonly (number | undefined)[]> {
  const sizes: (number | undefined)[] = [];
  for await (const { signed } of recordedNotes(journal)) sizes.push(signed?.size);
  return sizes;
}
