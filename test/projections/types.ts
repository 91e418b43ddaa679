import { MemoryJournal } from '../../journal/memory.ts';
import { JournalError, type JournalReader, type ReadRange } from '../../journal/port.ts';
import { Projection } from '../../projections/engine.ts';
import { MemoryStore } from '../../projections/memory-store.ts';
import type { Fold } from '../../projections/port.ts';
import { any, appendTo } from '../journal/controls.ts';

/** A read model that keeps what types there were, and can be told which it cannot take. */
export class TypesStore extends MemoryStore<readonly string[]> {
  types: readonly string[] = [];
  disk: 'well' | 'full' = 'well';
  constructor(name: string, checkpoint = 0) {
    super(name, checkpoint);
  }
  override async advance(step: { readonly from: number; readonly to: number; readonly delta: readonly string[] }) {
    if (this.disk === 'full') throw new JournalError('full', 'The disk is full.', 'Make room.');
    await super.advance(step);
  }
  protected override clear(): void {
    this.types = [];
  }
  protected override put(delta: readonly string[]): void {
    this.types = [...this.types, ...delta];
  }
}

class TypesFold extends Array<string> implements Fold {
  readonly #refuses: () => string | null;
  constructor(refuses: () => string | null) {
    super();
    this.#refuses = refuses;
  }
  apply({ type }: { readonly type: string }): void {
    if (type === this.#refuses()) throw new TypeError('nobody thought of this');
    this.push(type);
  }
}

export function typesOf(name: string, journal: JournalReader, checkpoint = 0) {
  const store = new TypesStore(name, checkpoint);
  const handler: { refuses: string | null } = { refuses: null };
  const foldAnew = (): TypesFold => new TypesFold(() => handler.refuses);
  const model = { name, shape: 1, tables: [], foldAnew };
  const projection = new Projection<readonly string[]>({ model, journal, store, foldOnto: async () => foldAnew() });
  return { store, handler, projection };
}

/** A journal, and what was read of it. */
export function readJournal() {
  const journal = new MemoryJournal();
  const reads: { readonly after: number; readonly events: number }[] = [];
  const reader: JournalReader = {
    head: () => journal.head(),
    readStream: (stream, range) => journal.readStream(stream, range),
    readCorrelation: (id, range) => journal.readCorrelation(id, range),
    readAll: async (range: ReadRange = {}) => {
      const events = await journal.readAll(range);
      reads.push({ after: range.after ?? 0, events: events.length });
      return events;
    },
  };
  const append = (...types: readonly string[]) => journal.commit(appendTo('s', any, ...types));
  return { journal, reader, reads, append };
}
