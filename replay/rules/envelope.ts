import type { RecordedEvent } from '../../journal/port.ts';
import { finding } from '../finding.ts';
import type { Rule } from './watch.ts';
import { CHART_IDS, isChartId, rowOf, vocabularyOf, type ChartId } from '../../machines/catalogue.ts';
import { ID_NAMES, idInStream, readStreamName } from '../../machines/streams.ts';

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

function problems(event: RecordedEvent, chart: ChartId): readonly string[] {
  const { stream, type, data, meta } = event;
  const found: string[] = [];
  const streamChart = readStreamName(stream)?.chart ?? null;
  if (streamChart === null) found.push('no chart has a stream of this name');
  else if (streamChart !== chart) found.push(`chart ${chart} has no stream of this name`);
  for (const name of ID_NAMES) {
    const value = data[name];
    if (value === undefined) continue;
    const id = idInStream(stream, name);
    if (id !== null && id !== value) found.push(`${name} is ${JSON.stringify(value)} in this stream`);
  }
  const { role } = rowOf(chart);
  if (role !== 'journal' && role !== meta.role) found.push(`role ${meta.role} has no chart ${chart}`);
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
