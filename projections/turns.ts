/** Runs of one work, one at a time. Whoever asks while one is under way shares the next with all who do. */
export class Turns {
  readonly #work: () => Promise<void>;
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<void> | null = null;
  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** Resolves after a run that began after the call. @throws what the work throws */
  run(): Promise<void> {
    return (this.#next ??= this.#start(this.#running));
  }

  async #start(former: Promise<unknown>): Promise<void> {
    await former;
    this.#next = null;
    const run = this.#work();
    this.#running = run.catch(() => undefined);
    await run;
  }
}
