import type { z } from 'zod';
import type { JsonObject, NewEvent } from '../journal/port.ts';
import { versionOf, type EventDefinition, type Vocabulary } from '../events/vocabulary/define.ts';
import { isChartId, vocabularyOf, type ChartId } from '../machines/catalogue.ts';

/** An event as a chart takes it. */
export interface DomainEvent {
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

/** Checks what is about to be written against the vocabulary of its chart. @returns its definition. @throws UnreadableEvent */
export function checkEvent(chart: ChartId, fact: DomainEvent): EventDefinition<z.ZodType> {
  const definition = definitionOf(chart, fact.type, vocabularyOf);
  checkData(chart, fact, definition);
  return definition;
}

/**
 * An event of the journal in the shape of today: one of an older schema version is brought up to it.
 * @throws UnreadableEvent
 */
export function readEvent(event: NewEvent, vocabulary = vocabularyOf): DomainEvent & { readonly chart: ChartId } {
  const { type, schemaVersion } = event;
  const chart = event.meta.chart.id;
  if (!isChartId(chart)) throw new UnreadableEvent('unknownChart', `No chart has the id '${chart}'.`, UPGRADE);
  const definition = definitionOf(chart, type, vocabulary);
  const data = upcast(definition, event.data, schemaVersion);
  if (data === null) {
    const sentence = `Event ${type} of chart ${chart} has schema version ${schemaVersion}; this program knows ${versionOf(definition)}.`;
    throw new UnreadableEvent('unknownVersion', sentence, UPGRADE);
  }
  checkData(chart, { type, data }, definition);
  return { type, data, chart };
}

/** The data as the version of today has it, or null where the way from version `from` is not known. */
export function upcast(
  { upcasters }: Pick<EventDefinition<z.ZodType>, 'upcasters'>,
  data: JsonObject,
  from: number,
): JsonObject | null {
  if (from < 1 || from > upcasters.length + 1) return null;
  return upcasters.slice(from - 1).reduce((older, step) => step(older), data);
}

type Definition = Vocabulary[string];

function definitionOf(chart: ChartId, type: string, vocabularies: typeof vocabularyOf): Definition {
  const vocabulary = vocabularies(chart);
  const definition = Object.hasOwn(vocabulary, type) ? vocabulary[type] : undefined;
  if (definition !== undefined) return definition;
  throw new UnreadableEvent('unknownType', `Chart ${chart} has no event of type '${type}'.`, UPGRADE);
}

function checkData(chart: ChartId, { type, data }: DomainEvent, definition: Definition): void {
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
