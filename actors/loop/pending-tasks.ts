/** Work beside the steps, which a stop waits for. It never rejects. */
export class PendingTasks {
  readonly #works = new Set<Promise<void>>();

  add(work: Promise<void>): void {
    const done = work.finally(() => this.#works.delete(done));
    this.#works.add(done);
  }

  get size(): number {
    return this.#works.size;
  }

  async all(): Promise<void> {
    await Promise.all(this.#works);
  }
}
