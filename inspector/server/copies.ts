import { z } from 'zod';
import type { JournalReader, JsonObject, RecordedEvent } from '../../journal/port.ts';
import { OF_EACH_JOURNAL, type Source } from './source.ts';

/** Copies that are kept: about 1 KiB each. */
const MAX_COPIES = 200_000;

const text = z.string().max(256);
const Copy = z.object({
  stream: text,
  version: z.int().min(1),
  type: text,
  schemaVersion: z.int().min(1),
  data: z.record(z.string(), z.json()),
  meta: z.object({
    messageId: text,
    correlationId: text,
    causationId: text.nullable(),
    role: text,
    chart: z.object({ id: text, hash: text }),
    crStep: text.nullable(),
    recordedAt: z.iso.datetime(),
  }),
});

/**
 * What was heard of committed events over NATS, one after the other, as a journal of its own: positions are those of
 * arrival. Copies may be lost or forged; the journals are the record.
 */
export class Copies {
  readonly #events: RecordedEvent[] = [];
  readonly #streams = new Map<string, RecordedEvent[]>();

  /** @returns whether it was new */
  take(payload: Uint8Array): boolean {
    const copy = readCopy(payload);
    // Copies do not say of which journal they are.
    if (copy === null || OF_EACH_JOURNAL.has(copy.stream) || this.#events.length >= MAX_COPIES) return false;
    const known = this.#streams.get(copy.stream) ?? [];
    if (copy.version <= (known.at(-1)?.version ?? 0)) return false;
    const event = { ...copy, position: this.#events.length + 1 };
    this.#events.push(event);
    known.push(event);
    this.#streams.set(copy.stream, known);
    return true;
  }

  source(name: string): Source {
    const journal: Pick<JournalReader, 'head' | 'readAll' | 'readStream'> = {
      head: async () => this.#events.length,
      readAll: async ({ after = 0, limit = 1_000 } = {}) => this.#events.slice(after, after + limit),
      readStream: async (stream, { after = 0, limit = 1_000 } = {}) =>
        (this.#streams.get(stream) ?? []).filter(({ version }) => version > after).slice(0, limit),
    };
    return { name, kind: 'copies', open: async () => journal };
  }
}

function readCopy(payload: Uint8Array): Omit<RecordedEvent, 'position'> | null {
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    const copy = Copy.safeParse(json);
    if (!copy.success) return null;
    const data: JsonObject = copy.data.data;
    return { ...copy.data, data };
  } catch {
    return null;
  }
}
