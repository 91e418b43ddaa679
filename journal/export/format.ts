/**
 * A journal as text: JSON lines, the same bytes from every database. docs/journal.md has it line by line. The first line
 * says what follows, then each event has one, the last says what they come to. There is one spelling of each line:
 * whatever reads one back writes the same bytes again.
 */
import { z } from 'zod';
import { HASH_BYTES } from '../merkle/hash.ts';
import type { StoredEvent } from '../port.ts';

export const EXPORT_FORMAT = 'cpns-journal';
export const EXPORT_VERSION = 1;

/** No event comes near it: a message has at most 64 KiB. */
export const MAX_LINE_BYTES = 4_194_304;

/** Base64 of 32 bytes, in its only spelling. */
const Hash = z.string().regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/);
const Count = z.int().min(0);
const Text = z.string();

const Header = z.strictObject({
  format: z.literal(EXPORT_FORMAT),
  version: z.literal(EXPORT_VERSION),
  origin: Text.nullable(),
  from: z.int().min(1),
  to: Count,
  signed: Count,
  before: z.array(Hash).max(Number.MAX_SAFE_INTEGER.toString(2).length),
});
const EventLine = z.strictObject({
  position: z.int().min(1),
  stream: Text,
  version: z.int(),
  type: Text,
  schemaVersion: z.int(),
  messageId: Text,
  correlationId: Text,
  causationId: Text.nullable(),
  role: Text,
  chart: z.strictObject({ id: Text, hash: Text }),
  crStep: Text.nullable(),
  recordedAt: Text,
  data: Text,
  leaf: Hash,
});
const End = z.strictObject({ size: Count, root: Hash, checkpoint: Text.nullable() });

export interface ExportHeader {
  /** Name that the newest checkpoint is signed under, or null without one. */
  readonly origin: string | null;
  /** Positions of the first and the last event; `to` is `from - 1` where there is none. */
  readonly from: number;
  readonly to: number;
  /** Size that the newest checkpoint covers, at most `to`; 0 without one. */
  readonly signed: number;
  /** Right edge of the tree over the events before `from`: with it the leaves of the others lead to the root. */
  readonly before: readonly Uint8Array[];
}

export interface ExportEnd {
  /** Events of the tree: those of the file, and those before it. */
  readonly size: number;
  readonly root: Uint8Array;
  /** Newest checkpoint that covers no event after `to`: a signed note. */
  readonly checkpoint: string | null;
}

/** An event as stored, with the leaf hash that its journal keeps beside it. */
export interface ExportedEvent extends StoredEvent {
  readonly leaf: Uint8Array;
}

export function headerLine({ origin, from, to, signed, before }: ExportHeader): string {
  const line: z.infer<typeof Header> = {
    format: EXPORT_FORMAT,
    version: EXPORT_VERSION,
    origin,
    from,
    to,
    signed,
    before: before.map(base64),
  };
  return JSON.stringify(line);
}

export function eventLine({ position, stream, version, type, schemaVersion, meta, data, leaf }: ExportedEvent): string {
  const line: z.infer<typeof EventLine> = {
    position,
    stream,
    version,
    type,
    schemaVersion,
    messageId: meta.messageId,
    correlationId: meta.correlationId,
    causationId: meta.causationId,
    role: meta.role,
    chart: { id: meta.chart.id, hash: meta.chart.hash },
    crStep: meta.crStep,
    recordedAt: meta.recordedAt,
    data,
    leaf: base64(leaf),
  };
  return JSON.stringify(line);
}

export function endLine({ size, root, checkpoint }: ExportEnd): string {
  const line: z.infer<typeof End> = { size, root: base64(root), checkpoint };
  return JSON.stringify(line);
}

/** Null for any other text, as for the next two. */
export function parseHeader(line: string): ExportHeader | null {
  const found = Header.safeParse(json(line)).data;
  if (found === undefined) return null;
  const { origin, from, to, signed, before } = found;
  return only(line, { origin, from, to, signed, before: before.map(bytes) }, headerLine);
}

export function parseEvent(line: string): ExportedEvent | null {
  const found = EventLine.safeParse(json(line)).data;
  if (found === undefined) return null;
  const { position, stream, version, type, schemaVersion, data, leaf, ...meta } = found;
  return only(line, { position, stream, version, type, schemaVersion, data, meta, leaf: bytes(leaf) }, eventLine);
}

export function parseEnd(line: string): ExportEnd | null {
  const found = End.safeParse(json(line)).data;
  return found === undefined ? null : only(line, { ...found, root: bytes(found.root) }, endLine);
}

/** The format that a first line names, where it is a later one of ours. */
export function laterVersion(line: string): number | null {
  const named = z.object({ format: z.literal(EXPORT_FORMAT), version: z.int() }).safeParse(json(line)).data;
  return named === undefined || named.version <= EXPORT_VERSION ? null : named.version;
}

function only<T>(line: string, read: T, write: (value: T) => string): T | null {
  return write(read) === line ? read : null;
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

export function base64(hash: Uint8Array): string {
  return Buffer.from(hash.buffer, hash.byteOffset, HASH_BYTES).toString('base64');
}

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
