import { html, type Markup } from '../html.ts';
import type { Bucket, Timeline } from './facts.ts';

/** Plots of a report, in SVG; colours by classes of `style.ts`. Widths in pixels of the picture, which scales. */
const WIDTH = 720;
const LEFT = 56;
const PLOT = WIDTH - LEFT - 12;

/** A number that axes end at: 1, 2 or 5 times a power of ten. */
export function niceCeiling(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((nice) => nice >= value) ?? 10 * power;
}

/** What a bar of a timeline is made of, from the bottom up. */
export interface TimelinePart {
  readonly kind: 'good' | 'bad' | 'plain';
  readonly label: string;
  readonly of: (bucket: Bucket) => number;
}

/** Counts over time, one bar a bucket. */
export function timelinePlot(label: string, { from, to, buckets }: Timeline, parts: readonly TimelinePart[]): Markup {
  const height = 150;
  const [top, base] = [12, height - 30];
  const sum = (bucket: Bucket): number => parts.reduce((all, { of }) => all + of(bucket), 0);
  const most = niceCeiling(Math.max(...buckets.map(sum)));
  const step = PLOT / buckets.length;
  const y = (count: number): number => base - ((base - top) * count) / most;
  const bar = (bucket: Bucket, index: number): Markup => {
    const x = fixed(LEFT + step * index);
    let low = 0;
    const rects = parts.map(({ kind, of }) => {
      const count = of(bucket);
      const [bottom, high] = [low, (low += count)];
      return count === 0
        ? null
        : html`<rect
            class="${kind}"
            x="${x}"
            y="${fixed(y(high))}"
            width="${fixed(step - 1)}"
            height="${fixed(y(bottom) - y(high))}"
          />`;
    });
    const says = parts.map(({ label: name, of }) => `${of(bucket)} ${name}`).join(', ');
    return html`<g><title>${says}</title>${rects}</g>`;
  };
  const ticks = (most === 1 ? [0, 1] : [0, most / 2, most]).map(
    (count) =>
      html`<line class="grid" x1="${LEFT}" x2="${WIDTH - 12}" y1="${fixed(y(count))}" y2="${fixed(y(count))}" /><text
          class="axis"
          x="${LEFT - 6}"
          y="${fixed(y(count) + 4)}"
          text-anchor="end"
          >${count}</text
        >`,
  );
  const time = (at: number): string => new Date(at).toISOString().replace('T', ' ').slice(0, 19);
  return html`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}">
    ${ticks}${buckets.map(bar)}
    <text class="axis" x="${LEFT}" y="${height - 10}">${time(from)} UTC</text>
    <text class="axis" x="${WIDTH - 12}" y="${height - 10}" text-anchor="end">${time(to)} UTC</text>
  </svg>`;
}

export interface BarRow {
  readonly label: string;
  readonly count: number;
  readonly kind: 'good' | 'bad' | 'plain';
}

/** Horizontal bars, one a row, each with its number. */
export function barPlot(label: string, rows: readonly BarRow[]): Markup {
  const [row, left] = [24, 300];
  const most = Math.max(1, ...rows.map(({ count }) => count));
  const room = WIDTH - left - 70;
  return html`<svg viewBox="0 0 ${WIDTH} ${row * rows.length + 4}" role="img" aria-label="${label}">
    ${rows.map(({ label: name, count, kind }, index) => {
      const y = row * index;
      const width = Math.max(1, (room * count) / most);
      return html`<text x="${left - 8}" y="${y + 16}" text-anchor="end">${name}</text
        ><rect class="${kind}" x="${left}" y="${y + 4}" width="${fixed(width)}" height="16" /><text
          class="axis"
          x="${fixed(left + width + 6)}"
          y="${y + 16}"
          >${count}</text
        >`;
    })}
  </svg>`;
}

/** How many were how quick: bars between powers of two of milliseconds. @param sorted ascending */
export function latencyPlot(sorted: readonly number[]): Markup {
  const buckets = new Map<number, number>();
  for (const ms of sorted) {
    const power = ms < 1 ? 0 : Math.floor(Math.log2(ms)) + 1;
    buckets.set(power, (buckets.get(power) ?? 0) + 1);
  }
  const [low, high] = [Math.min(...buckets.keys()), Math.max(...buckets.keys())];
  const rows = Array.from({ length: high - low + 1 }, (_, index): BarRow => {
    const power = low + index;
    const label = power === 0 ? 'under 1 ms' : `${2 ** (power - 1)} to ${2 ** power} ms`;
    return { label, count: buckets.get(power) ?? 0, kind: 'plain' };
  });
  return barPlot('Times from request to answer', rows);
}

/** The value that a share of the values is not above. @param sorted ascending, not empty */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

const fixed = (value: number): string => String(Math.round(value * 10) / 10);
