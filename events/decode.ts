import { isChartId, vocabularyOf, type ChartId } from './charts.ts';
import type { JsonObject, NewEvent } from '../journal/port.ts';
import { upcast, UPCASTERS } from './upcasters.ts';
import type { Vocabulary } from './vocabulary/define.ts';

/** An event as a chart takes it. */
export interface Fact {
  readonly type: string;
  readonly data: JsonObject;
}

export type EventFault = 'unknownChart' | 'unknownType' | 'unknownVersion' | 'invalidData';

/** An event that this program does not understand. It is never guessed at. */
export class UnreadableEvent extends Error {
  override readonly name = 'UnreadableEvent';
  readonly fault: EventFault;
  readonly remedy: string;
  constructor(fault: EventFault, message: string, remedy: string) {
    super(message);
    this.fault = fault;
    this.remedy = remedy;
  }
}

const UPGRADE = 'Use a program version that is at least as new as the one that wrote the journal.';

/** Checks what is about to be written against the vocabulary of its chart. @returns its schema version. @throws UnreadableEvent */
export function checkFact(chart: ChartId, fact: Fact): number {
  const definition = definitionOf(chart, fact.type);
  checkData(chart, fact, definition);
  return definition.version;
}

/**
 * An event of the journal in the shape of today: one of an older schema version is brought up to it.
 * @throws UnreadableEvent
 */
export function readFact(event: NewEvent, upcasters = UPCASTERS): Fact & { readonly chart: ChartId } {
  const { type, schemaVersion } = event;
  const chart = event.meta.chart.id;
  if (!isChartId(chart)) throw new UnreadableEvent('unknownChart', `No chart has the id '${chart}'.`, UPGRADE);
  const definition = definitionOf(chart, type);
  const { version } = definition;
  const data = upcast(upcasters, { chart, type, data: event.data }, schemaVersion, version);
  if (data === null) {
    const sentence = `Event ${type} of chart ${chart} has schema version ${schemaVersion}; this program knows ${version}.`;
    throw new UnreadableEvent('unknownVersion', sentence, UPGRADE);
  }
  checkData(chart, { type, data }, definition);
  return { type, data, chart };
}

type Definition = Vocabulary[string];

function definitionOf(chart: ChartId, type: string): Definition {
  const vocabulary = vocabularyOf(chart);
  const definition = Object.hasOwn(vocabulary, type) ? vocabulary[type] : undefined;
  if (definition !== undefined) return definition;
  throw new UnreadableEvent('unknownType', `Chart ${chart} has no event of type '${type}'.`, UPGRADE);
}

function checkData(chart: ChartId, { type, data }: Fact, definition: Definition): void {
  const result = definition.data.safeParse(data);
  if (result.success) return;
  const where = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  const sentence = `Event ${type} of chart ${chart} has invalid data (${where}).`;
  throw new UnreadableEvent(
    'invalidData',
    sentence,
    'The journal was changed by hand, or by a faulty program: verify it.',
  );
}
