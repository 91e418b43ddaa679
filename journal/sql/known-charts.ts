import type { Values } from './bulk.ts';

/**
 * Which charts the journal is known to name: there are ten or twenty, and nearly every batch names none that is new. What a
 * batch inserts is known once the batch is kept.
 */
export class KnownCharts {
  readonly #known = new Set<string>();
  #inserted: readonly string[] = [];

  /** Nothing of the batch before counts that was not kept. */
  begin(): void {
    this.#inserted = [];
  }

  /** Of the rows of `charts` that a batch has, those that are to be inserted. */
  unknown(rows: readonly Values[]): readonly Values[] {
    const fresh = rows.filter((row) => !this.#known.has(nameOf(row)));
    this.#inserted = fresh.map(nameOf);
    return fresh;
  }

  /** The batch is durable. */
  kept(): void {
    for (const name of this.#inserted) this.#known.add(name);
    this.#inserted = [];
  }
}

const nameOf = ([id, hash]: Values): string => `${String(id)} ${String(hash)}`;
