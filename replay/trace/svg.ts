import { escaped } from '../html.ts';
import { fateOf, outcomeText, titleOf } from './text.ts';
import type { Trace, TraceEntry, TraceMessage, TraceStep } from './trace.ts';
import { PARTIES, type Party } from '../../events/parties.ts';

/** Pixels at a font of 12 px; a character of it is at most so wide on the average of our texts. */
const ROW = 30;
const CHARACTER = 6.6;
const HEAD = 92;
const MARGIN = 24;
const MIN_COLUMN = 260;

interface Colours {
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly box: string;
  readonly edge: string;
  readonly bad: string;
  readonly page: string;
}

const LIGHT: Colours = {
  ink: '#1b1f24',
  soft: '#57606a',
  line: '#8c959f',
  box: '#f6f8fa',
  edge: '#d0d7de',
  bad: '#b42318',
  page: '#ffffff',
};
const DARK: Colours = {
  ink: '#e6edf3',
  soft: '#9ea7b3',
  line: '#6e7681',
  box: '#21262d',
  edge: '#3d444d',
  bad: '#ff8b7d',
  page: '#0d1117',
};

/** Colours in full: viewers that are no browsers know no custom properties. */
function coloured({ ink, soft, line, box, edge, bad, page }: Colours): string {
  return (
    `.trace .page{fill:${page}} .trace text{fill:${ink}} .trace text.soft{fill:${soft}} .trace .life{stroke:${line}} ` +
    `.trace .box{fill:${box};stroke:${edge}} .trace .arrow{stroke:${ink}} .trace .tip{fill:${ink}} ` +
    `.trace .bad{stroke:${bad}} .trace text.bad{fill:${bad};stroke:none}`
  );
}

const STYLE =
  '.trace{font:12px system-ui,sans-serif} .trace .title{font-size:15px;font-weight:600} .trace .party{font-weight:600} ' +
  `.trace .life{stroke-dasharray:3 4} .trace .arrow{fill:none} ${coloured(LIGHT)} ` +
  `@media (prefers-color-scheme:dark){${coloured(DARK)}}`;

/** A registration as a picture of its messages and events, in SVG 1.1; nothing is loaded from anywhere. */
export function traceToSvg(trace: Trace): string {
  const parties = PARTIES.filter((party) => trace.entries.some((entry) => partiesOf(entry).includes(party)));
  const widest = Math.max(...trace.entries.map((entry) => textOf(entry).length));
  const column = Math.max(MIN_COLUMN, Math.ceil(widest * CHARACTER) + 28);
  const x = (party: Party): number => MARGIN + column * (parties.indexOf(party) + 0.5);
  const width = MARGIN * 2 + column * parties.length;
  const height = HEAD + ROW * trace.entries.length + 56;
  const rows = trace.entries.map((entry, index) => rowOf(entry, HEAD + ROW * (index + 0.5), x));
  const lives = parties.flatMap((party) => [
    `<text class="party" x="${x(party)}" y="${HEAD - 18}" text-anchor="middle">${party}</text>`,
    `<line class="life" x1="${x(party)}" y1="${HEAD - 8}" x2="${x(party)}" y2="${height - 44}"/>`,
  ]);
  const title = escaped(titleOf(trace));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="trace" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${title}">`,
    `<style>${STYLE}</style><rect class="page" width="${width}" height="${height}"/>`,
    `<text class="title" x="${MARGIN}" y="30">${title}</text>`,
    `<text class="soft" x="${MARGIN}" y="50">${escaped(`correlation ${trace.correlationId}, from ${trace.startedAt}`)}</text>`,
    ...lives,
    ...rows,
    `<text x="${MARGIN}" y="${height - 18}">${escaped(outcomeText(trace))}</text>`,
    '</svg>',
    '',
  ].join('\n');
}

function partiesOf(entry: TraceEntry): readonly Party[] {
  return entry.kind === 'event' ? [entry.party] : [entry.source, entry.target];
}

function textOf(entry: TraceEntry): string {
  if (entry.kind === 'event') return `${entry.crStep === null ? '' : `${entry.crStep}  `}${entry.says}`;
  const fate = fateOf(entry);
  return `${entry.title}${fate === '' ? '' : `, ${fate}`}`;
}

function rowOf(entry: TraceEntry, y: number, x: (party: Party) => number): string {
  return entry.kind === 'event' ? eventRow(entry, y, x(entry.party)) : messageRow(entry, y, x);
}

function eventRow(step: TraceStep, y: number, x: number): string {
  const text = textOf(step);
  const width = Math.ceil(text.length * CHARACTER) + 20;
  const hint = `${step.type} in ${step.stream}, ${step.journal} ${step.position}, +${step.sinceMs} ms`;
  return (
    `<g><title>${escaped(hint)}</title><rect class="box" x="${x - width / 2}" y="${y - 11}" width="${width}" height="22" rx="5"/>` +
    `<text x="${x}" y="${y + 4}" text-anchor="middle">${escaped(text)}</text></g>`
  );
}

function messageRow(message: TraceMessage, y: number, x: (party: Party) => number): string {
  const [from, to] = [x(message.source), x(message.target)];
  const way = Math.sign(to - from);
  const isLost = message.fate === 'lost';
  const tip = isLost ? from + (to - from) * 0.8 : to;
  const bad = isLost ? ' bad' : '';
  const head = isLost
    ? `<path class="arrow bad" d="M${tip - 5} ${y - 1}l10 10m0 -10l-10 10"/>`
    : `<path class="tip" d="M${tip} ${y + 4}l${-8 * way} -4v8z"/>`;
  return (
    `<g><line class="arrow${bad}" x1="${from}" y1="${y + 4}" x2="${tip}" y2="${y + 4}"/>${head}` +
    `<text class="soft${bad}" x="${(from + to) / 2}" y="${y - 3}" text-anchor="middle">${escaped(textOf(message))}</text></g>`
  );
}
