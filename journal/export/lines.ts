import { MAX_LINE_BYTES } from './format.ts';

const NEWLINE = 0x0a;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Some lines of a file, without their line breaks. `rest`: why no line can be read behind them. */
export interface Lines {
  readonly lines: readonly string[];
  readonly rest: 'none' | 'cut' | 'tooLong' | 'noText';
}

/** Lines of UTF-8, as the bytes come in. Keeps one line at most. */
export class LineSplitter {
  #held: Uint8Array[] = [];
  #heldBytes = 0;

  /** Lines that end in these bytes. */
  take(chunk: Uint8Array): Lines {
    const end = chunk.lastIndexOf(NEWLINE);
    const whole = end < 0 ? null : Buffer.concat([...this.#held, chunk.subarray(0, end)]);
    if (whole !== null) this.#held = [];
    const rest = chunk.subarray(end + 1);
    if (rest.length > 0) this.#held.push(rest.slice());
    this.#heldBytes = rest.length + (whole === null ? this.#heldBytes : 0);
    const lines = whole === null ? [] : textOf(whole);
    if (lines === null) return { lines: whole === null ? [] : readable(whole), rest: 'noText' };
    return { lines, rest: this.#heldBytes > MAX_LINE_BYTES ? 'tooLong' : 'none' };
  }

  /** The file is over. */
  end(): Lines {
    return { lines: [], rest: this.#heldBytes > 0 ? 'cut' : 'none' };
  }
}

/** The lines of a file, as its bytes come in; it ends where no line can be read. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Lines> {
  const splitter = new LineSplitter();
  for await (const chunk of chunks) {
    const some = splitter.take(chunk);
    if (some.lines.length > 0 || some.rest !== 'none') yield some;
    if (some.rest !== 'none') return;
  }
  const last = splitter.end();
  if (last.rest !== 'none') yield last;
}

function textOf(bytes: Uint8Array): readonly string[] | null {
  try {
    return decoder.decode(bytes).split('\n');
  } catch {
    return null;
  }
}

/** The lines before the first that is no UTF-8. */
function readable(bytes: Uint8Array): readonly string[] {
  const found: string[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, start);
    const lines = textOf(bytes.subarray(start, end < 0 ? bytes.length : end));
    if (lines === null) break;
    found.push(...lines);
    start = end < 0 ? bytes.length : end + 1;
  }
  return found;
}
