import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { fileReason, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { MAX_APPLICATION_BYTES } from '../../messages/limits.ts';

/** What is to be sent: a text, or a file, of which `-` is standard input. */
export interface PayloadFlags {
  readonly text?: string;
  readonly file?: string;
}

export const TEXT_SAYS = 'text to send; others can read command lines, so give --file for what they must not see';
export const FILE_SAYS = `file to send, at most ${MAX_APPLICATION_BYTES} bytes; - for standard input`;

/**
 * Reads the message, and no more of a file than may be sent.
 * @throws UsageError when it is missing, cannot be read, or is too large
 */
export async function readPayload(host: Host, { text, file }: PayloadFlags): Promise<Uint8Array> {
  if (text !== undefined && file !== undefined)
    throw new UsageError('There are two messages: --text and --file', 'Give one of them.');
  if (text !== undefined) return bounded('The text', [new TextEncoder().encode(text)]);
  if (file === undefined)
    throw new UsageError('There is nothing to send', 'Give --text, or --file; --file - is standard input.');
  if (file === '-') return bounded('Standard input', host.input());
  const path = resolve(host.cwd, file);
  try {
    return await bounded(path, createReadStream(path));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${path} cannot be read: ${fileReason(error)}`, 'Check the path.', { cause: error });
  }
}

async function bounded(what: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Uint8Array> {
  const read: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    read.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_APPLICATION_BYTES)
      throw new UsageError(
        `${what} has more than the ${MAX_APPLICATION_BYTES} bytes that one message may have`,
        'Send it in parts.',
      );
  }
  return new Uint8Array(Buffer.concat(read));
}
