import { z } from 'zod';
import { laterVersion, parseEnd, parseEvent, parseHeader, type ExportHeader } from '../../journal/export/format.ts';
import { linesOf } from '../../journal/export/lines.ts';
import { frontierFromBytes, frontierToBytes } from '../../journal/merkle/frontier.ts';
import { JournalError, type StoredEvent } from '../../journal/port.ts';
import type { JournalSource, SourceRange } from '../source.ts';

/** A file that can be read from its beginning again and again. */
export interface ExportFile {
  readonly name: string;
  chunks(): AsyncIterable<Uint8Array>;
  /** Its last bytes: as many as a line may have. */
  tail(): Promise<Uint8Array>;
}

/**
 * A journal that was exported (docs/journal.md). Unlike an import, which refuses what is not right, it gives whatever
 * can be made out: that it is not right, the audit says. A line that is none at all is left out.
 * @throws JournalError `corrupt` for a file that is no export, `newer` for one of a later version
 */
export async function exportSource(file: ExportFile): Promise<JournalSource> {
  const header = await headerOf(file);
  const before = frontierFromBytes(header.from - 1, frontierToBytes(header.before));
  if (before === null) throw notExport(file.name);
  const end = parseEnd(lastLine(await file.tail()));
  return new ExportSource(file, {
    before,
    joints: [],
    size: end?.size ?? header.to,
    root: end?.root ?? null,
    note: end?.checkpoint ?? null,
    last: header.to,
    keeps: 'noNodes',
  });
}

async function headerOf(file: ExportFile): Promise<ExportHeader> {
  for await (const { lines } of linesOf(file.chunks())) {
    const [first = ''] = lines;
    const header = parseHeader(first);
    if (header !== null) return header;
    if (laterVersion(first) === null) break;
    const says = `Export ${file.name}: it was written by a later version.`;
    throw new JournalError('newer', says, 'Use a program that is at least as new.');
  }
  throw notExport(file.name);
}

const notExport = (name: string): JournalError =>
  new JournalError('corrupt', `${name} is no export of a journal.`, 'Check the path; `cpns journal export` makes one.');

const lastLine = (tail: Uint8Array): string => new TextDecoder().decode(tail).split('\n').at(-2) ?? '';

class ExportSource implements JournalSource {
  readonly name: string;
  readonly head: JournalSource['head'];
  readonly #file: ExportFile;
  /** Where a reading in order stands; whoever asks for something else begins anew. */
  #reading: { readonly events: AsyncIterator<StoredEvent>; after: number } | null = null;

  constructor(file: ExportFile, head: JournalSource['head']) {
    this.name = file.name;
    this.head = head;
    this.#file = file;
  }

  async stored({ after, limit }: SourceRange): Promise<readonly StoredEvent[]> {
    const reading =
      this.#reading?.after === after ? this.#reading : { events: this.#events()[Symbol.asyncIterator](), after };
    this.#reading = reading;
    const page: StoredEvent[] = [];
    while (page.length < limit) {
      const { done, value } = await reading.events.next();
      if (done === true) break;
      if (value.position > after) page.push(value);
    }
    reading.after = page.at(-1)?.position ?? after;
    return page;
  }

  storedStream(stream: string, { after, limit }: SourceRange): Promise<readonly StoredEvent[]> {
    return this.#where((event) => event.stream === stream && event.version > after, limit);
  }

  storedCorrelation(id: string, { after, limit }: SourceRange): Promise<readonly StoredEvent[]> {
    return this.#where(({ meta, position }) => meta.correlationId === id && position > after, limit);
  }

  /** Keeps as many names as it gives. */
  async streams({ after, limit }: { readonly after: string; readonly limit: number }): Promise<readonly string[]> {
    let names: string[] = [];
    for await (const { stream } of this.#events()) {
      const isFull = names.length === limit && stream > (names.at(-1) ?? '');
      if (stream <= after || isFull || names.includes(stream)) continue;
      names = [...names, stream].toSorted((a, b) => (a < b ? -1 : 1)).slice(0, limit);
    }
    return names;
  }

  async node(): Promise<null> {
    return null;
  }

  async snapshot(): Promise<null> {
    return null;
  }

  async base(): Promise<null> {
    return null;
  }

  async close(): Promise<void> {
    await this.#reading?.events.return?.();
  }

  async #where(isWanted: (event: StoredEvent) => boolean, limit: number): Promise<readonly StoredEvent[]> {
    const found: StoredEvent[] = [];
    for await (const event of this.#events()) {
      if (isWanted(event)) found.push(event);
      if (found.length === limit) break;
    }
    return found;
  }

  async *#events(): AsyncGenerator<StoredEvent> {
    for await (const { lines } of linesOf(this.#file.chunks())) {
      for (const line of lines) {
        const event = eventOf(line);
        if (event !== null) yield event;
      }
    }
  }
}

/** What of a line that is spelt otherwise is enough to say where it is wrong. */
const Spoiled = z.object({
  position: z.int(),
  stream: z.string(),
  version: z.int(),
  type: z.string(),
  schemaVersion: z.int(),
  messageId: z.string(),
  correlationId: z.string(),
  causationId: z.string().nullable(),
  role: z.string(),
  chart: z.object({ id: z.string(), hash: z.string() }),
  crStep: z.string().nullable(),
  recordedAt: z.string(),
  data: z.string(),
});

function eventOf(line: string): StoredEvent | null {
  return parseEvent(line) ?? spoiledEvent(line);
}

function spoiledEvent(line: string): StoredEvent | null {
  if (!line.startsWith('{')) return null;
  try {
    const found = Spoiled.safeParse(JSON.parse(line)).data;
    if (found === undefined) return null;
    const { position, stream, version, type, schemaVersion, data, ...meta } = found;
    return { position, stream, version, type, schemaVersion, data, meta, leaf: null };
  } catch {
    return null;
  }
}
