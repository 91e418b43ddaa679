import type { RecordedEvent } from '../../journal/port.ts';
import { finding } from '../finding.ts';
import { STREAMS } from './reading.ts';
import type { Rule } from './watch.ts';
import { CHART_IDS, isChartId, vocabularyOf, type ChartId } from '../../machines/catalogue.ts';

const ID = 'envelope';

/** `Date.toISOString` within four-digit years. */
const TIME = /^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d{3}Z$/;

export const envelope: Rule = {
  id: ID,
  states: 'What stands around the data of an event goes together: role, chart, stream, step, time.',
  types: 'all',
  scope: 'journal',
  watch({ report }) {
    return {
      take(seen) {
        const { event } = seen;
        const chart = event.meta.chart.id;
        if (!isChartId(chart)) return;
        for (const says of problems(event, chart)) report(finding(ID, seen, says));
      },
    };
  },
};

/** Events of one step have one time: the last one that was right need not be parsed again. */
let rightTime = '';
function isTime(text: string): boolean {
  if (text === rightTime) return true;
  const isRight = TIME.test(text) && !Number.isNaN(Date.parse(text));
  if (isRight) rightTime = text;
  return isRight;
}

/** The role that a chart is of, or `journal`. */
const SIDES: ReadonlyMap<string, string> = new Map(
  Object.keys(STREAMS).map((chart) => [chart, chart.split('/')[0] ?? '']),
);

function problems(event: RecordedEvent, chart: ChartId): readonly string[] {
  const { stream, type, data, meta } = event;
  const found: string[] = [];
  const words = STREAMS[chart];
  const tokens = stream.split('/');
  if (tokens[0] !== words[0] || tokens.length !== words.length) found.push(`chart ${chart} has no stream of this name`);
  for (let index = 1; index < words.length; index++) {
    const name = words[index] ?? '';
    const value = data[name];
    if (value !== undefined && value !== tokens[index])
      found.push(`${name} is ${JSON.stringify(value)} in this stream`);
  }
  const side = SIDES.get(chart) ?? '';
  if (side !== 'journal' && meta.role !== side) found.push(`role ${meta.role} has no chart ${chart}`);
  if (meta.crStep !== null && STEPS.get(chart)?.get(type)?.has(meta.crStep) !== true)
    found.push(`it is not step ${meta.crStep} of the change request`);
  if (!isTime(meta.recordedAt)) found.push(`recorded at ${JSON.stringify(meta.recordedAt)}, which is no time`);
  return found;
}

/** By chart and type of event, each as `<flow>/<step>`. */
const STEPS: ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>> = new Map(
  CHART_IDS.map((chart) => [
    chart,
    new Map(
      Object.entries(vocabularyOf(chart)).map(([type, { steps }]) => [
        type,
        new Set(Object.entries(steps).map(([flow, step]) => `${flow}/${step}`)),
      ]),
    ),
  ]),
);
