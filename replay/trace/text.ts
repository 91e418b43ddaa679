import type { Trace, TraceEntry, TraceMessage } from './trace.ts';

/** A registration as a story that is read from top to bottom. */
export function traceToText(trace: Trace): string {
  const where = trace.entries.map((entry) =>
    entry.kind === 'event' ? `${entry.journal} ${entry.position}  ${entry.stream}` : '',
  );
  const lines = trace.entries.map(lineOf);
  const width = Math.max(...lines.map(({ length }) => length));
  const story = lines.map((line, index) => `${line.padEnd(width)}  ${where[index] ?? ''}`.trimEnd());
  return `${[...headOf(trace), '', ...story, '', ...endOf(trace)].join('\n')}\n`;
}

/** Who registered where, by which flow; e.g. `hall-motion in PN home through hub-hall, flow 1.4.1`. */
export function titleOf({ deviceId, pnId, gatewayId, flow }: Trace): string {
  const who = deviceId ?? gatewayId ?? 'unknown';
  const parts = [
    pnId === null ? '' : ` in PN ${pnId}`,
    gatewayId === null || deviceId === null ? '' : ` through ${gatewayId}`,
    flow === null ? '' : `, flow ${flow}`,
  ];
  return `${who}${parts.join('')}`;
}

/** How it ended, in one sentence. */
export function outcomeText({ outcome, durationMs }: Trace): string {
  if (outcome === null) return `No outcome is recorded; the last event is ${durationMs} ms after the first.`;
  const { code, reason, cpnsId, by } = outcome;
  const id = cpnsId === null ? '' : `, CPNS ID ${cpnsId}`;
  return `${code} ${reason}${id}, says the ${by}; ${durationMs} ms from the first event to the last.`;
}

function headOf(trace: Trace): readonly string[] {
  return [titleOf(trace), `correlation ${trace.correlationId}, from ${trace.startedAt}`];
}

function lineOf(entry: TraceEntry): string {
  if (entry.kind === 'message') return `${' '.repeat(24)}${messageText(entry)}`;
  const since = `+${entry.sinceMs} ms`;
  return `${since.padStart(10)}  ${(entry.crStep ?? '').padEnd(8)}  ${entry.party.padEnd(11)}  ${entry.says}`;
}

/** What became of a message; where it arrived, how long it took. */
export function fateOf({ fate, latencyMs, source, target }: TraceMessage): string {
  if (fate === 'lost') return `lost: the journal of the ${target} does not have it`;
  if (fate === 'unseen') return `no journal of the ${target} is at hand`;
  if (fate === 'unrecorded') return `the journal of the ${source} does not say that it was sent`;
  return latencyMs === null ? '' : `${latencyMs} ms`;
}

function messageText(message: TraceMessage): string {
  const fate = fateOf(message);
  const arrow = message.fate === 'lost' ? '-x' : '->';
  return `${message.source} ${arrow} ${message.target}: ${message.title}${fate === '' ? '' : ` (${fate})`}`;
}

function endOf(trace: Trace): readonly string[] {
  const { disagreements, missing, extent } = trace;
  return [
    outcomeText(trace),
    ...disagreements.map(({ message, versions }) => {
      const said = versions.map(({ journal, position, code }) => `${journal} at ${position} says ${code}`);
      return `The journals disagree about the ${message}: ${said.join(', ')}.`;
    }),
    ...(missing.length === 0 ? [] : [`Nothing is at hand of: ${missing.join(', ')}.`]),
    ...(extent === 'cut' ? ['There are more events than are shown.'] : []),
  ];
}
