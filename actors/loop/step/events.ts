import type { Flow } from '../../../events/fields.ts';
import type { ExpectedVersion, NewEvent, StreamAppend } from '../../../journal/port.ts';
import type { z } from 'zod';
import { changeRequestStep, versionOf, type EventDefinition } from '../../../events/vocabulary/define.ts';
import type { Chart } from '../../../machines/chart.ts';
import { chartName } from '../../../fold/chart-hash.ts';
import type { Role } from '../role.ts';
import type { ChartId } from '../../../machines/catalogue.ts';
import type { DomainEvent } from '../../../fold/decode.ts';

/** An event that a chart has taken. */
export interface Taken {
  readonly stream: string;
  readonly chart: Chart<ChartId>;
  readonly event: DomainEvent;
  readonly definition: EventDefinition<z.ZodType>;
  /** Flow of the change request that the actor of the step was in right after it. */
  readonly flow: Flow | null;
}

/** What all events of a step have in common. */
export interface About {
  readonly messageId: string;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly role: Role['name'];
  readonly recordedAt: string;
}

/**
 * Events keep the order in which they were taken, over all streams of the step; what was only read is checked.
 * @param bases version of each stream that the step has touched, as it found it
 */
export function appendsOf(
  taken: readonly Taken[],
  bases: ReadonlyMap<string, number>,
  about: About,
): readonly StreamAppend[] {
  const appends: { readonly stream: string; readonly expected: ExpectedVersion; readonly events: NewEvent[] }[] = [];
  const versions = new Map<string, number>();
  for (const one of inTheirFlows(taken)) {
    const { stream } = one;
    const version = versions.get(stream) ?? bases.get(stream) ?? 0;
    versions.set(stream, version + 1);
    const run = appends.at(-1);
    if (run?.stream === stream) run.events.push(eventOf(one, about));
    else appends.push({ stream, expected: expectedVersion(version), events: [eventOf(one, about)] });
  }
  for (const [stream, base] of bases) {
    if (!versions.has(stream)) appends.push({ stream, expected: expectedVersion(base), events: [] });
  }
  return appends;
}

/** Which flow it is may turn out later in the step; what comes after the actor has left it is in none. */
function inTheirFlows(taken: readonly Taken[]): readonly Taken[] {
  let flow: Flow | null = null;
  return taken
    .toReversed()
    .map((one) => {
      flow = one.flow === null ? null : (flow ?? one.flow);
      return { ...one, flow };
    })
    .toReversed();
}

function eventOf({ chart, event, definition, flow }: Taken, about: About): NewEvent {
  const { messageId, correlationId, causationId, role, recordedAt } = about;
  const crStep = changeRequestStep(definition, flow);
  const meta = { messageId, correlationId, causationId, role, chart: chartName(chart), crStep, recordedAt };
  return { type: event.type, schemaVersion: versionOf(definition), data: event.data, meta };
}

function expectedVersion(version: number): ExpectedVersion {
  return version === 0 ? { kind: 'noStream' } : { kind: 'exactly', version };
}
