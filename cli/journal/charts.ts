import type { Log } from '../../seams/log.ts';
import type { ArchiveReader, ChartReader } from '../../journal/port.ts';
import { chartName } from '../../fold/chart-hash.ts';
import {
  EvolutionPass,
  fatesOf,
  newlyChanged,
  outdatedBases,
  type ChartFate,
  type Unfoldable,
} from '../../replay/evolution.ts';
import { Scratch } from '../../replay/scratch/scratch.ts';
import { walk, type JournalSource, type Progress } from '../../replay/source.ts';
import { UsageError } from '../errors.ts';
import { CHARTS } from '../../machines/catalogue.ts';

/** What brings the bases up to the charts of this program. */
export const REFOLD =
  'stop the role, then `cpns journal compact --refold --archive FILE...` with every archive of the journal';

/**
 * Before a role begins: whether its charts are those that its journal was written under. A changed one is told once, for
 * from then on the journal names it; what no longer folds fails alone, and by name.
 * Streams that go on from a base of it are told at every start: they do not fold until their archives were folded anew.
 * @throws UsageError where the journal names a chart that this program does not have
 */
export async function noticeCharts(journal: ChartReader & Pick<ArchiveReader, 'baseCharts'>, log: Log): Promise<void> {
  const recorded = await journal.charts();
  const unknown = fatesOf(recorded).find(({ fate }) => fate === 'unknown');
  if (unknown !== undefined)
    throw new UsageError(
      `The journal has events of the chart ${unknown.chart.id}, from position ${unknown.chart.firstPosition} on, and this program has no such chart`,
      'Use a program version that is at least as new as the one that wrote the journal.',
    );
  for (const id of newlyChanged(recorded))
    log.warn('the definition of a chart has changed since the journal was written', {
      chart: id,
      remedy: '`cpns journal charts` lists the streams that no longer fold through it',
    });
  for (const { id, bases } of outdatedBases(await journal.baseCharts()))
    log.warn('streams whose first events are archived cannot be folded: the definition of their chart has changed', {
      chart: id,
      streams: bases,
      remedy: REFOLD,
    });
}

export interface ChartsReport {
  readonly charts: readonly (ChartFate & { readonly events: number })[];
  readonly unfoldable: readonly Unfoldable[];
  /** Streams that do not fold, also those beyond the first thousand. */
  readonly count: number;
}

/** Reads every event, and folds every stream through the charts of this program. */
export async function chartsReport(
  journal: ChartReader,
  source: JournalSource,
  onProgress: (progress: Progress) => void,
): Promise<ChartsReport> {
  const scratch = new Scratch();
  try {
    const pass = new EvolutionPass(scratch);
    await walk(source, [pass], onProgress);
    const charts = fatesOf(await journal.charts()).map((one) => ({ ...one, events: pass.eventsOf(one.chart) }));
    return { charts, unfoldable: pass.unfoldable, count: pass.count };
  } finally {
    scratch.close();
  }
}

export function chartsJson({ charts, unfoldable, count }: ChartsReport): object {
  const today = Object.values(CHARTS).map(chartName);
  return { charts: charts.map(({ chart, fate, events }) => ({ ...chart, fate, events })), today, unfoldable, count };
}

const SAYS: Readonly<Record<ChartFate['fate'], string>> = {
  same: 'as in this program',
  changed: 'CHANGED: this program has another definition',
  unknown: 'UNKNOWN to this program',
};

export function chartsText({ charts, unfoldable, count }: ChartsReport): string {
  const lines = charts.map(
    ({ chart: { id, hash, firstPosition }, fate, events }) =>
      `${id.padEnd(32)}  ${hash.slice(0, 12).padEnd(12)}  ${String(events).padStart(9)} events from ${firstPosition}  ${SAYS[fate]}`,
  );
  const faults = unfoldable.flatMap(({ stream, position, version, type, state, possible, says, chart, fate }) => [
    `${stream} no longer folds: position ${position}, version ${version}, ${type}, recorded under ${chart.id} ${chart.hash.slice(0, 12)} (${fate})`,
    `  ${says}`,
    `  state before it: ${state === null ? 'none' : JSON.stringify(state)}; possible there: ${possible.join(', ') || 'nothing'}`,
  ]);
  const more = count > unfoldable.length ? [`and ${count - unfoldable.length} more streams`] : [];
  const end = count === 0 ? 'every stream folds through the charts of this program' : `${count} streams no longer fold`;
  return `${[...lines, ...faults, ...more, end].join('\n')}\n`;
}
