import type { CommitResult, Journal, JournalReader } from '../../events/journal/port.ts';
import { RECORD_STREAM, type RecordEvent } from '../../events/vocabulary/record.ts';
import type { ChartState } from '../../machines/chart.ts';
import { record as chart } from '../../machines/journal/record.ts';
import type { RecordContext } from '../../machines/journal/record-terms.ts';
import { chartName } from '../../projections/chart-hash.ts';
import { checkFact } from '../../events/decode.ts';
import { foldActor } from '../fold.ts';
import type { Role } from '../role.ts';
import type { Clock } from '../seams/clock.ts';
import type { Entropy } from '../seams/entropy.ts';
import { StepError } from '../step.ts';

export interface RecordSeams {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Whose journal it is. */
  readonly role: Role['name'];
}

export async function recordState(
  journal: JournalReader,
): Promise<{ readonly state: ChartState<RecordContext>; readonly version: number }> {
  const { state, version } = await foldActor(journal, chart, RECORD_STREAM);
  if (!chart.owns(state)) throw new StepError(`${RECORD_STREAM} is no actor of chart ${chart.id}.`);
  return { state, version };
}

/** One event of the record. @returns `refused` where the chart does not take it now */
export async function recordStep(
  { journal, clock, entropy, role }: RecordSeams,
  event: RecordEvent,
): Promise<CommitResult | { readonly kind: 'refused' }> {
  const { state, version } = await recordState(journal);
  if (!chart.can(state, event)) return { kind: 'refused' };
  const correlationId = entropy.id();
  const meta = {
    messageId: correlationId,
    correlationId,
    causationId: null,
    role,
    chart: chartName(chart),
    crStep: null,
    recordedAt: new Date(clock.now()).toISOString(),
  };
  const { type, data } = event;
  const schemaVersion = checkFact(chart.id, { type, data });
  const expected = version === 0 ? ({ kind: 'noStream' } as const) : ({ kind: 'exactly', version } as const);
  return journal.commit({
    messageKey: null,
    appends: [{ stream: RECORD_STREAM, expected, events: [{ type, schemaVersion, data, meta }] }],
    outbox: { put: [], settle: [] },
    answers: [],
    timers: { arm: [], disarm: [] },
    keys: { put: [], drop: [] },
  });
}
