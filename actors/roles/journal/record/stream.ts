import type { StreamSource } from '../../../../journal/port.ts';
import { type RecordEvent } from '../../../../events/vocabulary/journal/record.ts';
import { record as chart } from '../../../../machines/journal/record.ts';
import type { RecordContext } from '../../../../machines/journal/record-terms.ts';
import { journalActorState, KEYLESS, stepJournalActor, type JournalSeams } from '../journal-actor.ts';
import { RECORD_STREAM } from '../../../../machines/streams.ts';
import type { ChartState } from '../../../../machines/state.ts';

const RECORD = { chart, stream: RECORD_STREAM };

/** What the journal says about itself. */
export function recordState(journal: StreamSource): Promise<ChartState<RecordContext>> {
  return journalActorState(journal, RECORD);
}

/** One event of the record. @returns `refused` where the chart does not take it now, `conflict` where another process was first */
export async function recordStep(
  seams: JournalSeams,
  event: RecordEvent,
): Promise<'committed' | 'conflict' | 'refused'> {
  let outcome: 'committed' | 'refused' = 'committed';
  const { kind } = await stepJournalActor(seams, RECORD, KEYLESS, ({ state }) => {
    outcome = chart.can(state, event) ? 'committed' : 'refused';
    return outcome === 'committed' ? event : null;
  });
  return kind === 'conflict' ? kind : outcome;
}
