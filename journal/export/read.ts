import { appendLeaves, frontierFromBytes, frontierToBytes, rootOf, type Frontier } from '../merkle/frontier.ts';
import { hashLeaf, isSameHash } from '../merkle/hash.ts';
import { leafText } from '../leaf.ts';
import {
  base64,
  laterVersion,
  parseEnd,
  parseEvent,
  parseHeader,
  type ExportedEvent,
  type ExportEnd,
  type ExportHeader,
} from './format.ts';
import { LineSplitter, type Lines } from './lines.ts';

/** What an export holds, in the order of its lines. */
export type ExportPart =
  | { readonly kind: 'header'; readonly header: ExportHeader }
  /** `tree`: over all events up to the last of these. */
  | { readonly kind: 'events'; readonly events: readonly ExportedEvent[]; readonly tree: Frontier }
  | { readonly kind: 'end'; readonly end: ExportEnd };

/** A file that is no whole export, and the first line that shows it. */
export class ExportError extends Error {
  override readonly name = 'ExportError';
  /** Counts from 1. */
  readonly line: number;
  constructor(line: number, says: string) {
    super(`line ${line}: ${says}`);
    this.line = line;
  }
}

const CUT_OFF = 'the file ends before its last line: it was cut off';
const NO_LINES: Readonly<Record<Exclude<Lines['rest'], 'none'>, string>> = {
  cut: CUT_OFF,
  tooLong: 'it is longer than any line of an export',
  noText: 'it is not UTF-8',
};

/** Of each stream the version that was read last. There may be millions: whoever has no memory for them keeps them elsewhere. */
export interface Versions {
  get(stream: string): number | undefined;
  set(stream: string, version: number): unknown;
}

/**
 * Reads an export and checks all that can be checked without a key: each line, the leaf hash of each event, that no
 * position is left out, the root at the end, and that the checkpoint names the root of its size. Events are given before
 * the end is known: whoever needs the whole file to be right reads it once before. What it keeps of streams is in `Versions`;
 * nothing else grows with the file.
 */
export class ExportReader {
  readonly #splitter = new LineSplitter();
  #line = 0;
  #header: ExportHeader | null = null;
  #tree: Frontier = { size: 0, roots: [] };
  readonly #versions: Versions;
  /** Root at the size that the checkpoint covers. */
  #signedRoot: Uint8Array | null = null;
  #end: ExportEnd | null = null;

  constructor(versions: Versions = new Map()) {
    this.#versions = versions;
  }

  /** What the next bytes of the file hold. @throws ExportError with the first line that is not right */
  take(chunk: Uint8Array): Generator<ExportPart> {
    return this.#parts(this.#splitter.take(chunk));
  }

  /** The file is over. @throws ExportError where it should not be */
  finish(): void {
    this.#refuse(this.#splitter.end().rest);
    if (this.#end !== null) return;
    this.#line += 1;
    throw this.#fault(this.#line === 1 ? 'the file is empty' : CUT_OFF);
  }

  *#parts({ lines, rest }: Lines): Generator<ExportPart> {
    let events: ExportedEvent[] = [];
    for (const line of lines) {
      this.#line += 1;
      const header = this.#header;
      if (header === null) {
        yield { kind: 'header', header: this.#begin(line) };
      } else if (this.#tree.size < header.to) events.push(this.#event(line));
      else {
        if (events.length > 0) yield { kind: 'events', events, tree: this.#tree };
        events = [];
        yield { kind: 'end', end: this.#last(line, header) };
      }
    }
    if (events.length > 0) yield { kind: 'events', events, tree: this.#tree };
    this.#refuse(rest);
  }

  #refuse(rest: Lines['rest']): void {
    if (rest === 'none') return;
    this.#line += 1;
    throw this.#fault(NO_LINES[rest]);
  }

  #begin(line: string): ExportHeader {
    const header = parseHeader(line);
    if (header === null) {
      const later = laterVersion(line);
      throw this.#fault(
        later === null
          ? 'it is no export of a journal'
          : `it is in version ${later} of the format: use a later program`,
      );
    }
    const { from, to, signed, before } = header;
    const tree = frontierFromBytes(from - 1, frontierToBytes(before));
    if (tree === null || to < from - 1 || signed > to) throw this.#fault('its numbers do not go together');
    this.#header = header;
    this.#tree = tree;
    this.#noteRoot(signed);
    return header;
  }

  #event(line: string): ExportedEvent {
    const event = parseEvent(line);
    if (event === null) throw this.#fault('it is no event as an export has it');
    const position = this.#tree.size + 1;
    if (event.position !== position) throw this.#fault(`position ${position} was to come, not ${event.position}`);
    const text = leafText(event, event.data);
    if (text === null || !isSameHash(event.leaf, hashLeaf(text)))
      throw this.#fault(`the event at position ${position} is not what its leaf hash was taken of`);
    if (!isCanonical(event.data)) throw this.#fault('its data is no object as JSON.stringify gives it');
    this.#order(event);
    this.#tree = appendLeaves(this.#tree, [event.leaf]).frontier;
    this.#noteRoot(this.#header?.signed ?? 0);
    return event;
  }

  /** What stands before the first position of the file is not known. */
  #order({ stream, version }: ExportedEvent): void {
    const before = this.#versions.get(stream) ?? (this.#header?.from === 1 ? 0 : version - 1);
    if (version !== before + 1) throw this.#fault(`version ${before + 1} of ${stream} was to come, not ${version}`);
    this.#versions.set(stream, version);
  }

  #last(line: string, { origin, signed }: ExportHeader): ExportEnd {
    if (this.#end !== null) throw this.#fault('something follows the last line');
    const end = parseEnd(line);
    if (end === null) throw this.#fault('it is not the last line as an export has it');
    if (end.size !== this.#tree.size || !isSameHash(end.root, rootOf(this.#tree)))
      throw this.#fault(`its root is not that of the ${this.#tree.size} events before it`);
    const [name, size, root] = end.checkpoint?.split('\n') ?? [null, '0', null];
    if (name !== origin || size !== String(signed)) throw this.#fault('its checkpoint is not the one of line 1');
    if (this.#signedRoot !== null && root !== null && root !== base64(this.#signedRoot))
      throw this.#fault(`its checkpoint signs another root over events 1 to ${signed}`);
    this.#end = end;
    return end;
  }

  /** A checkpoint of before the first event says nothing of those that are here. */
  #noteRoot(signed: number): void {
    if (this.#tree.size === signed) this.#signedRoot = rootOf(this.#tree);
  }

  #fault(says: string): ExportError {
    return new ExportError(this.#line, says);
  }
}

/** The same over the bytes of a file. @throws ExportError with the first line that is not right */
export async function* readExport(chunks: AsyncIterable<Uint8Array>, versions?: Versions): AsyncGenerator<ExportPart> {
  const reader = new ExportReader(versions);
  for await (const chunk of chunks) yield* reader.take(chunk);
  reader.finish();
}

/** Whether a journal that is given the object writes the same text. */
function isCanonical(data: string): boolean {
  try {
    return data.startsWith('{') && JSON.stringify(JSON.parse(data)) === data;
  } catch {
    return false;
  }
}
