import { CATALOGUE, CHART_IDS, rowOf, type ChartId } from './catalogue.ts';
import type { Chart } from './chart.ts';
import { ROLES } from '../events/parties.ts';

/** Names of streams and units, built and read by the patterns of the catalogue. */

type NamesIn<Pattern extends string> = Pattern extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

/** The ids in the names of the streams of a chart. */
export type IdsOf<Id extends ChartId> = { readonly [Name in NamesIn<(typeof CATALOGUE)[Id]['stream']>]: string };

/** What the name of a stream says: its chart, and the ids of its actor. */
export type StreamName = { readonly [Id in ChartId]: { readonly chart: Id; readonly ids: IdsOf<Id> } }[ChartId];

/** The name of an id in a stream. */
export type IdName = { readonly [Id in ChartId]: keyof IdsOf<Id> }[ChartId];

/** What each id in the name of a stream is the id of, in the words of the change request. */
export const KINDS = {
  deviceId: ROLES.pne,
  gatewayId: ROLES['pn-gateway'],
  pnId: 'PN',
} as const satisfies { readonly [Name in IdName]: string };
export type Kind = (typeof KINDS)[IdName];

export const ID_NAMES: readonly IdName[] = Object.keys(KINDS).filter(isIdName);

function isIdName(name: string): name is IdName {
  return Object.hasOwn(KINDS, name);
}

/** No chart has a stream of this name. */
export class UnknownStream extends Error {
  override readonly name = 'UnknownStream';
  readonly stream: string;
  readonly remedy = `Streams are called ${CHART_IDS.map((id) => CATALOGUE[id].stream).join(', ')}.`;
  constructor(stream: string) {
    super(`No chart has a stream called ${JSON.stringify(stream)}.`);
    this.stream = stream;
  }
}

/** The name of a stream. */
export function streamOf<Id extends ChartId>(chart: Id, ids: IdsOf<Id>): string;
export function streamOf(chart: ChartId, ids: { readonly [name: string]: string }): string {
  return filled(PATTERNS[chart].stream, ids);
}

/** What the names of those streams of a chart begin with that have these ids, in the order of the pattern; it may lack the last ones. */
export function streamPrefix<Id extends ChartId>(chart: Id, ids: Partial<IdsOf<Id>>): string;
export function streamPrefix(chart: ChartId, ids: { readonly [name: string]: string | undefined }): string {
  const { word, names } = PATTERNS[chart].stream;
  const given = names.map((name) => ids[name]);
  const known = given.slice(0, given.includes(undefined) ? given.indexOf(undefined) : given.length);
  return [word, ...known].join('/') + (known.length < names.length ? '/' : '');
}

/** @throws UnknownStream */
export function parseStream(stream: string): StreamName {
  const read = readStreamName(stream);
  if (read === null) throw new UnknownStream(stream);
  return read;
}

/** The same, null where no chart has such a stream. */
export function readStreamName(stream: string): StreamName | null {
  if (stream !== last.stream) last = { stream, name: nameOf(stream) };
  return last.name;
}

/** Whoever reads events asks it several times of the same stream. */
let last: { readonly stream: string; readonly name: StreamName | null } = { stream: '', name: null };

function nameOf(stream: string): StreamName | null;
function nameOf(stream: string): { readonly chart: ChartId; readonly ids: object } | null {
  const chart = chartIdOf(stream);
  return chart === null ? null : { chart, ids: idsIn(PATTERNS[chart].stream, stream) };
}

/** The id of that name in a stream; null where it has none, and where no chart has such a stream. */
export function idInStream(stream: string, name: IdName): string | null {
  const ids: { readonly [name in IdName]?: string } = readStreamName(stream)?.ids ?? {};
  return ids[name] ?? null;
}

/** The charts whose streams have an id of that name. */
export function chartsWith(name: IdName): readonly ChartId[] {
  return CHART_IDS.filter((id) => PATTERNS[id].stream.names.includes(name));
}

/** The ids of a stream, by their names. @throws UnknownStream where it is no stream of that chart */
export function idsOf<Id extends ChartId>(chart: Id, stream: string): IdsOf<Id>;
export function idsOf(chart: ChartId, stream: string): object {
  if (chartIdOf(stream) !== chart) throw new UnknownStream(stream);
  return idsIn(PATTERNS[chart].stream, stream);
}

/** The chart of a stream. @throws UnknownStream */
export function chartOf(stream: string): Chart<ChartId> {
  return CATALOGUE[knownChartOf(stream)].chart;
}

/** The unit of serialisation of a stream. @throws UnknownStream */
export function unitOf(stream: string): string {
  const { stream: pattern, unit } = PATTERNS[knownChartOf(stream)];
  return unit.text === pattern.text ? stream : filled(unit, idsIn(pattern, stream));
}

function knownChartOf(stream: string): ChartId {
  const chart = chartIdOf(stream);
  if (chart === null) throw new UnknownStream(stream);
  return chart;
}

interface Pattern {
  readonly text: string;
  /** What its names begin with. */
  readonly word: string;
  /** Names of the ids that follow. */
  readonly names: readonly string[];
  /** What fits. */
  readonly form: RegExp;
}

function patternOf(text: string): Pattern {
  const [word = '', ...rest] = text.split('/');
  const names = rest.map((token) => token.slice(1, -1));
  return { text, word, names, form: new RegExp(`^${[word, ...names.map(() => '[a-z0-9_-]{1,64}')].join('/')}$`) };
}

type Patterns = { readonly [Id in ChartId]: { readonly stream: Pattern; readonly unit: Pattern } };

const PATTERNS: Patterns = patternsOf();

function patternsOf(): Patterns;
function patternsOf(): object {
  return Object.fromEntries(
    CHART_IDS.map((id) => [id, { stream: patternOf(rowOf(id).stream), unit: patternOf(rowOf(id).unit) }]),
  );
}

const BY_WORD: ReadonlyMap<string, ChartId> = new Map(CHART_IDS.map((id) => [PATTERNS[id].stream.word, id]));

/** A step asks it several times of the same stream. */
let lastChart: { readonly stream: string; readonly chart: ChartId | null } = { stream: '', chart: null };

function chartIdOf(stream: string): ChartId | null {
  if (stream !== lastChart.stream) {
    const end = stream.indexOf('/');
    const chart = BY_WORD.get(end < 0 ? stream : stream.slice(0, end));
    const fits = chart !== undefined && PATTERNS[chart].stream.form.test(stream);
    lastChart = { stream, chart: fits ? chart : null };
  }
  return lastChart.chart;
}

/** Of a stream that fits. An audit asks it for every event: by `split` and `Object.fromEntries` it takes twice as long, measured. */
function idsIn({ word, names }: Pattern, stream: string): { readonly [name: string]: string } {
  const ids: { [name: string]: string } = {};
  let from = word.length + 1;
  for (const name of names) {
    const slash = stream.indexOf('/', from);
    const end = slash < 0 ? stream.length : slash;
    ids[name] = stream.slice(from, end);
    from = end + 1;
  }
  return ids;
}

function filled({ word, names }: Pattern, ids: { readonly [name: string]: string }): string {
  let text = word;
  for (const name of names) text += `/${ids[name] ?? ''}`;
  return text;
}

/** Streams that every journal has under the same name, whatever role it is of. */
export const JOURNAL_STREAMS: readonly string[] = CHART_IDS.map(rowOf)
  .filter(({ role }) => role === 'journal')
  .map(({ stream }) => stream);

/** The stream of a journal's keys, whatever role the journal is of. */
export const KEYRING_STREAM = streamOf('journal/keyring', {});

/** The stream of what is known of a journal itself, whatever role the journal is of. */
export const RECORD_STREAM = streamOf('journal/record', {});
