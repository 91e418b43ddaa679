/**
 * A checkpoint (C2SP tlog-checkpoint): what a log says of itself at one moment, as the text of a signed note. Three lines:
 * the origin (the unique name of the log), the number of leaves, the root in base64 (RFC 6962 section 2.1).
 */
import { fromBase64, toBase64 } from './base64.ts';

export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

const ROOT_BYTES = 32;
const SIZE = /^(0|[1-9][0-9]{0,15})$/;

export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

/** Null for any other text. Further lines are extensions: signed, and nothing to us. */
export function parseCheckpoint(text: string): Checkpoint | null {
  const [origin = '', size = '', encoded = ''] = text.split('\n');
  const root = fromBase64(encoded);
  if (origin === '' || !SIZE.test(size) || !Number.isSafeInteger(Number(size)) || root?.length !== ROOT_BYTES)
    return null;
  return { origin, size: Number(size), root };
}
