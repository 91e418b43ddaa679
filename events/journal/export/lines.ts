import { MAX_LINE_BYTES } from './format.ts';

const NEWLINE = 0x0a;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Some lines of a file, without their line breaks. `rest`: the file ended within a line, or a line is longer than any. */
export interface Lines {
  readonly lines: readonly string[];
  readonly rest: 'none' | 'cut' | 'tooLong' | 'noText';
}

/** Lines of UTF-8, as the bytes come in. Keeps one line at most, and ends where no line can be read. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Lines> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(NEWLINE);
    if (end >= 0) {
      const whole = Buffer.concat([...held, chunk.subarray(0, end)]);
      held = [];
      heldBytes = 0;
      const lines = textOf(whole);
      if (lines === null) {
        yield { lines: readable(whole), rest: 'noText' };
        return;
      }
      yield { lines, rest: 'none' };
    }
    const rest = chunk.subarray(end + 1);
    if (rest.length > 0) held.push(rest.slice());
    heldBytes += rest.length;
    if (heldBytes > MAX_LINE_BYTES) {
      yield { lines: [], rest: 'tooLong' };
      return;
    }
  }
  if (heldBytes > 0) yield { lines: [], rest: 'cut' };
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
