import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { MAX_LINE_BYTES } from '../../journal/export/format.ts';
import type { ExportFile } from '../../replay/sources/export.ts';

/** First bytes of an export: its first line names the format. */
const BEGINNING = '{"format":"cpns-journal"';
const CHUNK_BYTES = 1_048_576;

/** Whether the file begins as an export does, and not as a database. */
export function isExport(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(BEGINNING.length);
    return bytes.toString('latin1', 0, readSync(file, bytes)) === BEGINNING;
  } finally {
    closeSync(file);
  }
}

/** @param name as people call it */
export function exportFile(name: string, path: string): ExportFile {
  return {
    name,
    chunks: () => createReadStream(path, { highWaterMark: CHUNK_BYTES }),
    tail: async () => tailOf(path),
  };
}

function tailOf(path: string): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, MAX_LINE_BYTES));
    const length = readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.subarray(0, length);
  } finally {
    closeSync(file);
  }
}
