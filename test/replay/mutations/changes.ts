import type { Json, JsonObject, StoredEvent } from '../../../journal/port.ts';
import type { Random } from '../../../script/fuzz/random.ts';

/** One change of a journal by somebody who has its database, as rows. Null where the picked place has nothing to change. */
export type Change = (events: readonly StoredEvent[], random: Random) => readonly StoredEvent[] | null;

type Field = (event: StoredEvent, random: Random) => StoredEvent | null;

const at =
  (change: Field): Change =>
  (events, random) => {
    const index = random.below(events.length);
    const event = events[index];
    const changed = event === undefined ? null : change(event, random);
    return changed === null ? null : events.with(index, changed);
  };

const meta =
  (field: 'messageId' | 'correlationId' | 'causationId' | 'role' | 'crStep'): Field =>
  (event, random) => {
    const value = another(event.meta[field], random, OTHERS[field]);
    return value === event.meta[field] ? null : { ...event, meta: { ...event.meta, [field]: value } };
  };

const OTHERS: Readonly<Record<string, readonly string[]>> = {
  role: ['pne', 'pn-gateway', 'cpns-server'],
  crStep: ['1.4.1/1', '1.4.1/2', '1.4.1/3', '1.4.1/4', '1.4.2/1', '1.4.2/3', '1.4.2/5', '1.4.2/6'],
};

const another = (value: string | null, random: Random, others: readonly string[] = []): string =>
  others.length > 0 ? random.pick(others) : spoiled(value ?? 'x', random);

/** One character is another one. */
function spoiled(text: string, random: Random): string {
  const index = random.below(text.length);
  const character = random.pick([...'abcdefghijklmnopqrstuvwxyz234567'].filter((one) => one !== text[index]));
  return text.slice(0, index) + character + text.slice(index + 1);
}

/** One value somewhere in the data. */
function inData(event: StoredEvent, random: Random): StoredEvent | null {
  const data: JsonObject = JSON.parse(event.data);
  const paths = leaves(data);
  if (paths.length === 0) return null;
  const path = random.pick(paths);
  const changed = JSON.stringify(replaced(data, path, random));
  return changed === event.data ? null : { ...event, data: changed };
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

function leaves(value: Json, path: readonly string[] = []): readonly (readonly string[])[] {
  if (isList(value)) return value.flatMap((one, index) => leaves(one, [...path, `${index}`]));
  if (isObject(value)) return Object.entries(value).flatMap(([name, one]) => leaves(one, [...path, name]));
  return [path];
}

function replaced(value: Json, [name, ...rest]: readonly string[], random: Random): Json {
  if (name === undefined) {
    if (typeof value === 'number') return value + 1 + random.below(9);
    if (typeof value === 'string') return value === '' ? 'x' : spoiled(value, random);
    return value === null ? 'x' : !value;
  }
  if (isList(value)) return value.map((one, index) => (`${index}` === name ? replaced(one, rest, random) : one));
  if (!isObject(value)) return value;
  return { ...value, [name]: replaced(value[name] ?? null, rest, random) };
}

/** One bit of the data as it is stored. */
function byte(event: StoredEvent, random: Random): StoredEvent {
  const index = random.below(event.data.length);
  const code = event.data.charCodeAt(index) ^ (1 << random.below(4));
  const data = event.data.slice(0, index) + String.fromCharCode(code) + event.data.slice(index + 1);
  return { ...event, data };
}

function leafByte(event: StoredEvent, random: Random): StoredEvent {
  const leaf = Uint8Array.from(event.leaf ?? []);
  const index = random.below(leaf.length);
  leaf[index] = (leaf[index] ?? 0) ^ (1 << random.below(8));
  return { ...event, leaf };
}

function time(event: StoredEvent, random: Random): StoredEvent {
  const shift = random.pick([-86_400_000, -60_000, -1, 1, 1_000, 3_600_000]);
  const recordedAt = new Date(Date.parse(event.meta.recordedAt) + shift).toISOString();
  return { ...event, meta: { ...event.meta, recordedAt } };
}

function chartHash(event: StoredEvent, random: Random): StoredEvent {
  const { id, hash } = event.meta.chart;
  const digit = random.below(hash.length);
  const other = ((Number.parseInt(hash[digit] ?? '0', 16) + 1 + random.below(15)) % 16).toString(16);
  const changed = hash.slice(0, digit) + other + hash.slice(digit + 1);
  return { ...event, meta: { ...event.meta, chart: { id, hash: changed } } };
}

/** A character of the signature of a note. */
function signature(events: readonly StoredEvent[], random: Random): readonly StoredEvent[] | null {
  const notes = events.flatMap(({ type }, index) => (type === 'CheckpointSigned' ? [index] : []));
  if (notes.length === 0) return null;
  const index = random.pick(notes);
  const event = events[index];
  if (event === undefined) return null;
  const data: JsonObject = JSON.parse(event.data);
  const note = typeof data['note'] === 'string' ? data['note'] : '';
  const from = note.lastIndexOf(' ') + 1;
  const place = from + random.below(note.length - from - 4);
  const character = note[place] === 'A' ? 'B' : 'A';
  const changed = JSON.stringify({ ...data, note: note.slice(0, place) + character + note.slice(place + 1) });
  return events.with(index, { ...event, data: changed });
}

const renumbered = (events: readonly StoredEvent[]): readonly StoredEvent[] =>
  events.map((event, index) => ({ ...event, position: index + 1 }));

function removed(events: readonly StoredEvent[], random: Random): readonly StoredEvent[] {
  const index = random.below(events.length);
  return events.toSpliced(index, 1);
}

/** Somebody who takes care moves everything behind it up: positions, and versions of the stream. */
function removedWithCare(events: readonly StoredEvent[], random: Random): readonly StoredEvent[] {
  const index = random.below(events.length);
  const gone = events[index];
  const rest = events.toSpliced(index, 1).map((event) => {
    const isBehind = event.stream === gone?.stream && event.version > gone.version;
    return isBehind ? { ...event, version: event.version - 1 } : event;
  });
  return renumbered(rest);
}

function swapped(events: readonly StoredEvent[], random: Random): readonly StoredEvent[] | null {
  const index = random.below(events.length - 1);
  const other = Math.min(events.length - 1, index + 1 + random.below(3));
  const [a, b] = [events[index], events[other]];
  if (a === undefined || b === undefined || a === b) return null;
  return events.with(index, { ...b, position: a.position }).with(other, { ...a, position: b.position });
}

/** An event of the journal once more, at another place of its stream. */
function inserted(events: readonly StoredEvent[], random: Random): readonly StoredEvent[] | null {
  const index = random.below(events.length);
  const copy = events[random.below(events.length)];
  if (copy === undefined) return null;
  const before = events.slice(0, index).filter(({ stream }) => stream === copy.stream).length;
  const version = before + 1;
  const behind = events
    .slice(index)
    .map((event) => (event.stream === copy.stream ? { ...event, version: event.version + 1 } : event));
  return renumbered([...events.slice(0, index), { ...copy, version }, ...behind]);
}

function truncated(events: readonly StoredEvent[], random: Random): readonly StoredEvent[] {
  return events.slice(0, -(1 + random.below(Math.min(20, events.length - 1))));
}

export const CHANGES: { readonly [kind: string]: Change } = {
  'stream of a row': at((event, random) => ({ ...event, stream: spoiled(event.stream, random) })),
  'version of a row': at((event, random) => ({ ...event, version: event.version + random.pick([-1, 1, 5]) })),
  'type of a row': (events, random) => {
    const type = random.pick(events).type;
    return at((event) => (event.type === type ? null : { ...event, type }))(events, random);
  },
  'schema version': at((event, random) => ({ ...event, schemaVersion: event.schemaVersion + 1 + random.below(3) })),
  'message id': at(meta('messageId')),
  'correlation id': at(meta('correlationId')),
  'causation id': at(meta('causationId')),
  role: at(meta('role')),
  'step of the change request': at(meta('crStep')),
  'value in the data': at(inData),
  'bit of the data': at(byte),
  'bit of a leaf hash': at(leafByte),
  'time moved': at(time),
  'chart hash': at(chartHash),
  'signature of a checkpoint': signature,
  'row removed': removed,
  'row removed, the rest moved up': removedWithCare,
  'rows swapped': swapped,
  'row inserted': inserted,
  'end cut off': truncated,
};
