import { useSignal } from '@preact/signals';
import { chartToSvg } from '../../charts/picture.ts';
import type { Marks } from '../../charts/picture.ts';
import type { ChartAnswer } from '../../protocol/answers.ts';
import type { SequencePage, SequenceRow } from '../../protocol/sequence.ts';
import { sequenceToMermaid } from '../../sequence/mermaid.ts';
import { sequenceToSvg } from '../../sequence/picture.ts';
import { ask, AskError, filterQuery } from '../state/api.ts';
import { darkNow, download, savePng } from '../state/download.ts';
import { route } from '../state/route.ts';

const SVG = 'image/svg+xml';
const TEXT = 'text/plain;charset=utf-8';
/** Rows of an exported sequence chart: 11 MB as SVG. A longer one is a matter for a filter. */
const MAX_ROWS = 20_000;
const PAGE = 1_000;

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

async function allRows(): Promise<SequencePage> {
  const { filter, at } = route.peek();
  const rows: SequenceRow[] = [];
  for (;;) {
    const limit = Math.min(PAGE, MAX_ROWS - rows.length);
    const page = await ask('sequence', { ...filterQuery(filter), at, offset: rows.length, limit });
    rows.push(...page.rows);
    if (page.rows.length === 0 || rows.length >= Math.min(page.total, MAX_ROWS)) return { ...page, offset: 0, rows };
  }
}

/** What the filter lets through, from its first event on; where that is too much, page and file say so. */
export function SequenceExports({ total }: { readonly total: number }) {
  const busy = useSignal(false);
  const fault = useSignal<string | null>(null);
  const save = async (ending: 'svg' | 'mmd'): Promise<void> => {
    busy.value = true;
    fault.value = null;
    try {
      const page = await allRows();
      if (ending === 'svg') download('sequence.svg', SVG, sequenceToSvg(page, theme()));
      else download('sequence.mmd', TEXT, sequenceToMermaid(page));
    } catch (error) {
      fault.value = error instanceof AskError ? error.message : String(error);
    }
    busy.value = false;
  };
  return (
    <p class="exports">
      <span class="soft" role="status">
        {fault.value ?? (total > MAX_ROWS ? `the first ${MAX_ROWS} of ${total} events:` : `all ${total} events:`)}
      </span>
      <button type="button" disabled={busy.value} onClick={() => void save('svg')}>
        SVG
      </button>
      <button type="button" disabled={busy.value} onClick={() => void save('mmd')}>
        mermaid
      </button>
    </p>
  );
}

/** The events as the journals have them, in the order of each journal. */
export function EventExports() {
  const { filter, at } = route.value;
  const given = Object.entries({ ...filter, ...(at === null ? {} : { at }) });
  return (
    <p class="exports">
      <span class="soft">all that match:</span>
      <a href={`./api/export?${new URLSearchParams(given).toString()}`} download="events.jsonl">
        JSON lines
      </a>
    </p>
  );
}
