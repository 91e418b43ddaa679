import type { Commit, JsonObject, NewEvent, RecordedEvent } from '../../journal/port.ts';
import { rowOf } from '../../machines/catalogue.ts';
import { JOURNAL_STREAMS, parseStream } from '../../machines/streams.ts';

/**
 * As many households as one wants out of one that really lived: the events of a journal, again and again under other ids.
 * Each copy is a PN with its PN GW and devices of its own, in both flows, with its failures, so it goes through the same charts.
 */

/** Households that live at the same time: their events alternate. */
const AT_ONCE = 50;
/** Events of one transaction. */
const BATCH = 1_000;
/** From one household to the next that begins. */
const STAGGER_MS = 250;

const ID_FIELDS: ReadonlySet<string> = new Set([
  'deviceId',
  'pnId',
  'gatewayId',
  'requestId',
  'updateId',
  'reportId',
  'keyId',
  'cpnsId',
  'from',
]);
const DIGITS = 'abcdefghijklmnopqrstuvwxyz234567';
/** Digits of the number of a copy in ids that may not grow. */
const TAIL = 5;

/** An event of the first household, cut where an id stands: texts and ids in turn. */
interface Stencil {
  readonly event: RecordedEvent;
  readonly data: readonly string[];
  readonly at: number;
}

/** Commits of at least so many events. */
export function* households(lived: readonly RecordedEvent[], events: number): Generator<Commit> {
  const own = lived.filter(({ stream }) => !JOURNAL_STREAMS.includes(stream));
  const ids = idsIn(own);
  const steps = stepsOf(own).map((step) => step.map((event) => stencilOf(event, ids)));
  let batch: { readonly stream: string; readonly event: NewEvent }[] = [];
  for (let first = 0; first * own.length < events; first += AT_ONCE) {
    const copies = Array.from({ length: AT_ONCE }, (_, i) => namesOf(ids, first + i));
    for (const step of steps) {
      for (const [index, names] of copies.entries())
        for (const stencil of step) batch.push(stamped(stencil, names, first + index));
      if (batch.length < BATCH) continue;
      yield commitOf(batch);
      batch = [];
    }
  }
  if (batch.length > 0) yield commitOf(batch);
}

/** What was committed together stays together. */
function stepsOf(events: readonly RecordedEvent[]): readonly (readonly RecordedEvent[])[] {
  const steps: RecordedEvent[][] = [];
  for (const event of events) {
    const last = steps.at(-1)?.at(-1);
    if (last !== undefined && causeOf(last) === causeOf(event)) steps.at(-1)?.push(event);
    else steps.push([event]);
  }
  return steps;
}

const causeOf = ({ meta: { messageId, causationId, correlationId, recordedAt } }: RecordedEvent): string =>
  JSON.stringify([messageId, causationId, correlationId, recordedAt]);

function idsIn(events: readonly RecordedEvent[]): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { stream, data, meta } of events) {
    for (const id of Object.values(parseStream(stream).ids)) ids.add(id);
    for (const id of [meta.messageId, meta.correlationId, meta.causationId ?? ''])
      if (id !== '' && !id.includes(':')) ids.add(id);
    collect(data, ids);
  }
  return ids;
}

function collect(data: JsonObject, ids: Set<string>): void {
  JSON.stringify(data, (name, value: unknown) => {
    if (ID_FIELDS.has(name) && typeof value === 'string') ids.add(value);
    return value;
  });
}

function stencilOf(event: RecordedEvent, ids: ReadonlySet<string>): Stencil {
  const data = JSON.stringify(event.data).split(/("[^"\\]*")/);
  const isId = (part: string): boolean => part.startsWith('"') && ids.has(part.slice(1, -1));
  const parts: string[] = [''];
  for (const part of data) {
    if (isId(part)) parts.push(part.slice(1, -1), '');
    else parts.push(`${parts.pop() ?? ''}${part}`);
  }
  return { event, data: parts, at: Date.parse(event.meta.recordedAt) };
}

type Names = ReadonlyMap<string, string>;

function namesOf(ids: ReadonlySet<string>, copy: number): Names {
  return new Map([...ids].map((id) => [id, renamed(id, copy)]));
}

/** A stream of the same chart, of another actor. */
export function withIds(stream: string, renamedId: (id: string) => string): string {
  const { chart, ids } = parseStream(stream);
  return Object.entries(ids).reduce(
    (text, [name, id]) => text.replace(`{${name}}`, renamedId(id)),
    rowOf(chart).stream,
  );
}

/** The id of a copy. */
export function renamed(id: string, copy: number): string {
  if (id.length < 20) return `${id}-${copy}`;
  let tail = '';
  for (let rest = copy, digit = 0; digit < TAIL; digit++, rest = Math.floor(rest / DIGITS.length))
    tail = `${DIGITS[rest % DIGITS.length]}${tail}`;
  return id.slice(0, -TAIL) + tail;
}

function stamped({ event, data, at }: Stencil, names: Names, copy: number) {
  const { messageId, correlationId, causationId } = event.meta;
  const name = (id: string): string => names.get(id) ?? id;
  const text = data.map((part, index) => (index % 2 === 0 ? part : `"${name(part)}"`)).join('');
  const fields: JsonObject = JSON.parse(text);
  const meta = {
    ...event.meta,
    messageId: name(messageId),
    correlationId: name(correlationId),
    causationId: causationId === null ? null : name(causationId),
    recordedAt: new Date(at + copy * STAGGER_MS).toISOString(),
  };
  const { type, schemaVersion } = event;
  return { stream: withIds(event.stream, name), event: { type, schemaVersion, data: fields, meta } };
}

export function commitOf(batch: readonly { readonly stream: string; readonly event: NewEvent }[]): Commit {
  return {
    messageKey: null,
    appends: batch.map(({ stream, event }) => ({ stream, expected: { kind: 'any' }, events: [event] })),
    outbox: { put: [], settle: [] },
    answers: [],
    timers: { arm: [], disarm: [] },
    keys: { put: [], drop: [] },
  };
}
