import { chartToSvg } from '../../charts/picture.ts';
import type { Marks } from '../../charts/picture.ts';
import type { ChartAnswer } from '../../protocol/answers.ts';
import type { Lifeline, SequenceRow } from '../../protocol/sequence.ts';
import { sequenceToMermaid } from '../../sequence/mermaid.ts';
import { sequenceToSvg } from '../../sequence/picture.ts';
import { ask, filterQuery } from '../state/api.ts';
import { darkNow, download, savePng } from '../state/download.ts';
import { route } from '../state/route.ts';

const SVG = 'image/svg+xml';
const TEXT = 'text/plain;charset=utf-8';
/** Rows of an exported sequence chart: a longer one is a matter for a filter. */
const MAX_ROWS = 2_000;

const theme = () => (darkNow() ? 'dark' : 'light');

/** The chart as it is shown, with its marks. */
export function ChartExports({
  chart,
  marks,
  name,
}: {
  readonly chart: ChartAnswer;
  readonly marks: Marks;
  readonly name: string;
}) {
  const { geometry, graph, mermaid } = chart;
  const svg = (): string => chartToSvg(geometry, graph, theme(), marks);
  return (
    <span class="exports">
      <button type="button" onClick={() => download(`${name}.svg`, SVG, svg())}>
        SVG
      </button>
      <button type="button" onClick={() => void savePng(`${name}.png`, svg(), geometry)}>
        PNG
      </button>
      <button type="button" onClick={() => download(`${name}.mmd`, TEXT, mermaid)}>
        mermaid
      </button>
    </span>
  );
}

async function allRows(): Promise<{ readonly lifelines: readonly Lifeline[]; readonly rows: readonly SequenceRow[] }> {
  const { filter, at } = route.peek();
  const rows: SequenceRow[] = [];
  for (;;) {
    const page = await ask('sequence', { ...filterQuery(filter), at, offset: rows.length, limit: 1_000 });
    rows.push(...page.rows);
    if (page.rows.length === 0 || rows.length >= Math.min(page.total, MAX_ROWS))
      return { lifelines: page.lifelines, rows };
  }
}

/** What the filter lets through, from its first event on. */
export function SequenceExports() {
  const save = async (ending: 'svg' | 'mmd'): Promise<void> => {
    const { lifelines, rows } = await allRows();
    if (ending === 'svg') download('sequence.svg', SVG, sequenceToSvg(lifelines, rows, theme()));
    else download('sequence.mmd', TEXT, sequenceToMermaid(lifelines, rows));
  };
  return (
    <p class="exports">
      <button type="button" onClick={() => void save('svg')}>
        SVG
      </button>
      <button type="button" onClick={() => void save('mmd')}>
        mermaid
      </button>
      <span class="soft">the first {MAX_ROWS} of what the filter lets through</span>
    </p>
  );
}

/** The events as the journals have them, in the order of each journal. */
export function EventExports() {
  const { filter, at } = route.value;
  const given = Object.entries({ ...filter, ...(at === null ? {} : { at }) });
  return (
    <p class="exports">
      <a href={`./api/export?${new URLSearchParams(given).toString()}`} download="events.jsonl">
        JSON lines
      </a>
      <span class="soft">of all that the filter lets through</span>
    </p>
  );
}
