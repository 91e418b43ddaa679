import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { fileReason, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';

/** Where a command writes what it makes, piece by piece. */
export interface Output {
  /** False once nobody reads it any more. */
  write(text: string): Promise<boolean>;
  /** The file has its name from here on. */
  finish(): void;
  /** Leaves no part of a file behind; after `finish` it does nothing. */
  abandon(): void;
}

/** @param path null for standard output. @throws UsageError */
export function openOutput(host: Host, path: string | null): Output {
  if (path === null) return { write: (text) => host.out(text), finish: () => {}, abandon: () => {} };
  const temporary = `${path}.new`;
  const file = open(temporary, path);
  let state: 'open' | 'closed' = 'open';
  const close = (): void => {
    if (state === 'open') closeSync(file);
    state = 'closed';
  };
  return {
    write: async (text) => {
      const bytes = Buffer.from(text);
      for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
      return true;
    },
    finish() {
      fsyncSync(file);
      close();
      renameSync(temporary, path);
    },
    abandon() {
      if (state === 'closed') return;
      close();
      rmSync(temporary, { force: true });
    },
  };
}

function open(temporary: string, path: string): number {
  try {
    return openSync(temporary, 'w');
  } catch (error) {
    throw new UsageError(`${path} cannot be written: ${fileReason(error)}`, 'Name another file with -o.');
  }
}
