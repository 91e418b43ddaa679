import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../seams/clock.ts';
import { SeededEntropy } from '../../seams/entropy.ts';
import type { Host, StopSignal } from '../../cli/host.ts';
import { main } from '../../cli/main.ts';

/** A machine of the test's own: it keeps what was written, and signals are sent by calling. */
export class FakeHost implements Host {
  readonly clock = systemClock;
  readonly entropy = new SeededEntropy('cli');
  readonly stackTraces = 'hidden';
  progress: Host['progress'] = 'hidden';
  readonly statusLines: string[] = [];
  keyringKey: string | undefined = undefined;
  readonly cwd: string;
  readonly exits: number[] = [];
  stdin: readonly Uint8Array[] = [];
  stdout = '';
  stderr = '';
  /** Writes that are taken before the reader goes away. */
  writesTaken = Number.POSITIVE_INFINITY;
  #listeners: readonly ((signal: StopSignal) => void)[] = [];

  constructor(cwd = '/') {
    this.cwd = cwd;
  }

  async out(text: string): Promise<boolean> {
    if (this.writesTaken-- <= 0) return false;
    this.stdout += text;
    return true;
  }

  err(text: string): void {
    this.stderr += text;
  }

  status(line: string): void {
    this.statusLines.push(line);
  }

  async *input(): AsyncIterable<Uint8Array> {
    yield* this.stdin;
  }

  onSignal(listener: (signal: StopSignal) => void): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }

  exit(code: number): void {
    this.exits.push(code);
  }

  get listeners(): number {
    return this.#listeners.length;
  }

  send(signal: StopSignal): void {
    for (const listener of this.#listeners) listener(signal);
  }

  run(...argv: readonly string[]): Promise<number> {
    return main(argv, this);
  }
}

/** A folder that is gone when the test is over. */
export function temporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'cpns-cli-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
