import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Load, Loaded } from './load.ts';

/** A process of the benchmark: it says `ready`, may take loads, and ends when its standard input does. */
export interface BenchProcess {
  readonly pid: number;
  load(load: Load): Promise<Loaded>;
  stop(): Promise<void>;
}

/** Starts a file of this folder. @throws Error when it ends before it is ready */
export async function startProcess(file: string, args: readonly string[]): Promise<BenchProcess> {
  const child = spawn(process.execPath, [`${import.meta.dirname}/${file}`, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`${file} has ended.`);
    return value;
  };
  const { pid } = child;
  if (pid === undefined) throw new Error(`${file} could not be started.`);
  await nextLine();
  return {
    pid,
    async load(load) {
      child.stdin.write(`${JSON.stringify(load)}\n`);
      const loaded: Loaded = JSON.parse(await nextLine());
      return loaded;
    },
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
