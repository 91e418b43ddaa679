/** Inputs as files, `<root>/<target>/<name>`: genuine ones that the product wrote, and whatever once failed. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CorpusEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export function readCorpus(root: string, target: string): readonly CorpusEntry[] {
  const folder = join(root, target);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .toSorted()
    .map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(folder, name))) }));
}

/** Where it was written. */
export function writeEntry(root: string, target: string, { name, bytes }: CorpusEntry): string {
  const path = join(root, target, name);
  mkdirSync(join(root, target), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

/** An input that failed, named by what it is. */
export function failedEntry(bytes: Uint8Array): CorpusEntry {
  return { name: `failed-${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`, bytes };
}
