import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/** A new folder for each test of the file, removed after it. Returns the path of a name in it. */
export function useFolder(): (name?: string) => string {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cpns-journal-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  return (name = 'journal.db') => join(folder, name);
}
