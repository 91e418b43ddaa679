import { FONT } from './font.ts';

/**
 * The colours of every picture, and the rules that use them: as CSS custom properties for the page, in full inside each SVG
 * file, so that a file looks the same. Text has a contrast of at least 4.5 : 1 (WCAG 2.2, 1.4.3) on what is under it.
 */
const LIGHT = {
  paper: '#ffffff',
  frame: '#d5dae3',
  box: '#f7f8fb',
  border: '#8a94a8',
  inner: '#eef1f6',
  ink: '#1b2333',
  soft: '#566178',
  step: '#0f6b5c',
  line: '#6a758b',
  active: '#cfe1ff',
  'active-outer': '#eaf2ff',
  'active-border': '#1f62d0',
  fired: '#b4480a',
  'fired-paper': '#fdeee2',
  possible: '#1f62d0',
  bad: '#a8261c',
};

const DARK = {
  paper: '#11151d',
  frame: '#2b3342',
  box: '#1a202c',
  border: '#6d7990',
  inner: '#151a24',
  ink: '#e7ebf3',
  soft: '#a2adc1',
  step: '#6ad0bd',
  line: '#8792a8',
  active: '#1c4585',
  'active-outer': '#13233f',
  'active-border': '#74a8ff',
  fired: '#ff9d5c',
  'fired-paper': '#3a2413',
  possible: '#8ab6ff',
  bad: '#ff9a8f',
};

type Colours = Readonly<Record<string, string>>;

const declarations = (given: Colours): string =>
  Object.entries(given)
    .map(([name, value]) => `--chart-${name}:${value}`)
    .join(';');

/** `auto` follows the reader's setting. */
export type Theme = 'light' | 'dark' | 'auto';

/** The colours that the rules name, for the page. @param where selector of what they hold for */
export function colours(where: string): string {
  return `${where}{${declarations(LIGHT)}}@media (prefers-color-scheme:dark){${where}{${declarations(DARK)}}}`;
}

/** The rules with every colour in full: viewers that are no browsers know no custom properties, and draw black on black. */
export function styleOfFile(theme: Theme, rules: string): string {
  const inFull = (given: Colours): string =>
    rules.replaceAll(/var\(--chart-([a-z-]+)\)/g, (_, name: string) => given[name] ?? 'currentColor');
  if (theme !== 'auto') return inFull(theme === 'light' ? LIGHT : DARK);
  return `${inFull(LIGHT)}@media (prefers-color-scheme:dark){${inFull(DARK)}}`;
}

export const CHART_RULES = [
  `.chart text{font-family:${FONT.family};fill:var(--chart-ink)}`,
  `.chart .title{font-size:${FONT.title}px;font-weight:600}`,
  `.chart .event{font-size:${FONT.event}px}`,
  `.chart .detail{font-size:${FONT.detail}px;fill:var(--chart-soft)}`,
  `.chart .step{font-size:${FONT.step}px;fill:var(--chart-step)}`,
  '.chart .paper{fill:var(--chart-paper);stroke:var(--chart-frame)}',
  '.chart .state>rect{fill:var(--chart-box);stroke:var(--chart-border);stroke-width:1.2}',
  '.chart .state.outer>rect{fill:var(--chart-inner)}',
  '.chart .state.parallel>rect{stroke-dasharray:6 4}',
  '.chart .rule{stroke:var(--chart-frame)}',
  '.chart .arrow path{fill:none;stroke:var(--chart-line);stroke-width:1.3}',
  '.chart .arrow .tip{fill:var(--chart-line);stroke:none}',
  '.chart .label{fill:var(--chart-paper);stroke:var(--chart-frame)}',
  '.chart .dot{fill:var(--chart-ink)}',
  '.chart .state.active>rect{fill:var(--chart-active);stroke:var(--chart-active-border);stroke-width:2}',
  '.chart .state.outer.active>rect{fill:var(--chart-active-outer);stroke-width:1.6}',
  '.chart .possible text.event,.chart text.event.possible{fill:var(--chart-possible);font-weight:600}',
  '.chart .arrow.possible path{stroke:var(--chart-possible)}',
  '.chart .arrow.possible .tip{fill:var(--chart-possible)}',
  '.chart .arrow.fired path{stroke:var(--chart-fired);stroke-width:2.4}',
  '.chart .arrow.fired .tip{fill:var(--chart-fired)}',
  '.chart .arrow.fired .label{fill:var(--chart-fired-paper);stroke:var(--chart-fired)}',
  '.chart text.event.fired{fill:var(--chart-fired);font-weight:700}',
].join('\n');

export const SEQUENCE_RULES = [
  `.sequence text{font-family:${FONT.family};font-size:11.5px;fill:var(--chart-ink)}`,
  '.sequence .paper{fill:var(--chart-paper)}',
  '.sequence .name{font-size:12px;font-weight:600}',
  '.sequence .role,.sequence .time{fill:var(--chart-soft)}',
  '.sequence .lifeline{stroke:var(--chart-frame);stroke-width:1.5}',
  '.sequence .hit{fill:transparent}',
  '.sequence .event-row:hover .hit,.sequence .event-row:focus-visible .hit{fill:var(--chart-ink);fill-opacity:.05}',
  '.sequence .event-row.chosen .hit{fill:var(--chart-active);fill-opacity:.6}',
  '.sequence .dot{fill:var(--chart-active-border)}',
  '.sequence .failed .dot{fill:var(--chart-bad)}',
  '.sequence .failed .event{fill:var(--chart-bad)}',
  '.sequence .shaft{stroke:var(--chart-line);stroke-width:1.4}',
  '.sequence .grip{stroke:transparent;stroke-width:12}',
  '.sequence .message:hover .shaft{stroke-width:2.4}',
  '.sequence .message .tip{fill:var(--chart-line)}',
  '.sequence .said{paint-order:stroke;stroke:var(--chart-paper);stroke-width:8px;stroke-linejoin:round}',
  '.sequence .lost .shaft,.sequence .refused .shaft,.sequence .cross{stroke:var(--chart-bad)}',
  '.sequence .refused .tip{fill:var(--chart-bad)}',
  '.sequence .said.lost,.sequence .said.refused{fill:var(--chart-bad)}',
  '.sequence .cross{fill:none;stroke-width:2}',
  '.sequence .duplicate .shaft,.sequence .unseen .shaft{stroke-dasharray:5 4}',
  '.sequence .said.duplicate,.sequence .said.unseen{fill:var(--chart-soft)}',
].join('\n');
