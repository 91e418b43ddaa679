import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A `cpns` command as a process of its own. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Resolves with the exit code once it has ended; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Last lines of its log, to be shown when it failed. */
  readonly tail: () => readonly string[];
  /** Asks it to end, and insists after `STOP_GRACE_MS`. */
  stop(): Promise<void>;
}

/** A role ends within 100 ms of SIGTERM; a loaded machine gets fifty times that. */
const STOP_GRACE_MS = 5_000;
const TAIL_LINES = 20;

/** The launcher, from `cli/demo/` in a checkout and from `dist/cli/demo/` in the package. */
function launcher(): string {
  const candidates = ['../cpns.mjs', '../../../cli/cpns.mjs'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) throw new Error(`The launcher cpns.mjs is at none of ${candidates.join(', ')}.`);
  return found;
}

/** Ours without our settings, which would go before those of the child's file; and the child ends when we are killed. */
function childEnvironment(): Readonly<Record<string, string | undefined>> {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('CPNS_'));
  return { ...Object.fromEntries(others), CPNS_LAUNCHED: '1' };
}

/**
 * @param onLine is given each line of its standard output
 * @param env more of its environment: what must not stand on a command line
 */
export function startChild(
  name: string,
  args: readonly string[],
  onLine: (line: string) => void = () => {},
  env: Readonly<Record<string, string>> = {},
): Child {
  const child = spawn(process.execPath, [launcher(), ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...childEnvironment(), ...env },
  });
  const { pid, stdout, stderr } = child;
  if (pid === undefined || stdout === null || stderr === null) throw new Error(`Could not start cpns ${args[0]}.`);
  const lines: string[] = [];
  createInterface({ input: stderr }).on('line', (line) => {
    lines.push(line);
    if (lines.length > TAIL_LINES) lines.shift();
  });
  createInterface({ input: stdout }).on('line', onLine);
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return {
    name,
    pid,
    ended,
    tail: () => lines,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const insist = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
      await ended;
      clearTimeout(insist);
    },
  };
}
