import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { until } from './until.ts';

/** The `cpns` command as people start it: a process of its own, seen from outside. */

const LAUNCHER = fileURLToPath(new URL('../../cli/cpns.mjs', import.meta.url));

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The test's environment without settings of ours, which would go before those that a test gives. */
const environment = (): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('CPNS_') || name === 'CPNS_NATS_SERVER'),
  );

export class Process {
  readonly pid: number;
  readonly ended: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #args: readonly string[];
  #stdout = '';
  #stderr = '';
  #running = true;

  constructor(args: readonly string[], { launcher = LAUNCHER, env = {}, cwd = process.cwd() }: ProcessOptions) {
    this.#args = args;
    // The launcher ends with whoever started it when it is told so: no test leaves a process behind, however it ends.
    const child = spawn(process.execPath, [launcher, ...args], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...environment(), CPNS_LAUNCHED: '1', ...env },
    });
    if (child.pid === undefined) throw new Error(`cpns ${args.join(' ')} did not start`);
    this.pid = child.pid;
    this.#child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.#running = false;
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get isRunning(): boolean {
    return this.#running;
  }

  /** Whole lines of standard output so far. */
  get lines(): readonly string[] {
    return this.#stdout.split('\n').slice(0, -1);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  end(signal: NodeJS.Signals): Promise<Exit> {
    this.signal(signal);
    return this.ended;
  }

  /** Waits until it wrote something that matches, to either output. */
  async says(pattern: RegExp): Promise<void> {
    const told = (): string => `cpns ${this.#args.join(' ')} said\n${this.#stdout}${this.#stderr}`;
    await until(
      `${String(pattern)} from cpns ${this.#args[0]}`,
      () => {
        if (pattern.test(this.#stdout) || pattern.test(this.#stderr)) return true;
        if (!this.#running) throw new Error(`It ended without saying ${String(pattern)}: ${told()}`);
        return false;
      },
      told,
    );
  }
}

export interface ProcessOptions {
  readonly launcher?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** All processes of a test file. */
export class Processes {
  readonly #all: Process[] = [];

  start(args: readonly string[], options: ProcessOptions = {}): Process {
    const one = new Process(args, options);
    this.#all.push(one);
    return one;
  }

  run(args: readonly string[], options: ProcessOptions = {}): Promise<Exit> {
    return this.start(args, options).ended;
  }

  /** SIGKILL ends stopped ones, too. */
  async endAll(): Promise<void> {
    await Promise.all(this.#all.splice(0).map((one) => (one.isRunning ? one.end('SIGKILL') : one.ended)));
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
