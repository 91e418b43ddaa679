import { isChartId, vocabularyOf, type ChartId } from './charts.ts';
import type { JsonObject, NewEvent } from './journal/port.ts';

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

/** Checks what is about to be written, or was read, against the vocabulary of its chart. @throws UnreadableEvent */
export function checkFact(chart: ChartId, fact: Fact, version?: number): number {
  const vocabulary = vocabularyOf(chart);
  const definition = Object.hasOwn(vocabulary, fact.type) ? vocabulary[fact.type] : undefined;
  if (definition === undefined) {
    throw new UnreadableEvent('unknownType', `Chart ${chart} has no event of type '${fact.type}'.`, UPGRADE);
  }
  if (version !== undefined && version !== definition.version) {
    const sentence = `Event ${fact.type} of chart ${chart} has schema version ${version}; this program knows ${definition.version}.`;
    throw new UnreadableEvent('unknownVersion', sentence, UPGRADE);
  }
  const result = definition.data.safeParse(fact.data);
  if (!result.success) {
    const where = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    const sentence = `Event ${fact.type} of chart ${chart} has invalid data (${where}).`;
    throw new UnreadableEvent(
      'invalidData',
      sentence,
      'The journal was changed by hand, or by a faulty program: verify it.',
    );
  }
  return definition.version;
}

/** @throws UnreadableEvent */
export function readFact(event: NewEvent): Fact & { readonly chart: ChartId } {
  const chart = event.meta.chart.id;
  if (!isChartId(chart)) throw new UnreadableEvent('unknownChart', `No chart has the id '${chart}'.`, UPGRADE);
  checkFact(chart, event, event.schemaVersion);
  return { type: event.type, data: event.data, chart };
}
