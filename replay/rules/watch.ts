import type { Report, Seen } from '../finding.ts';
import type { Scratch } from '../scratch/scratch.ts';

/** Looks at the events that a rule is about. */
export interface Watch {
  take(seen: Seen): void;
  /** There is no more to come. */
  end?(): void;
}

export interface Desk {
  readonly scratch: Scratch;
  readonly report: Report;
  /** Says what cannot be judged by the journals that are here. */
  readonly doubt: (journal: number, says: string) => void;
}

/** Something that always holds, told from events alone. */
export interface Rule {
  /** As in docs/invariants.md, where it is one of these. */
  readonly id: string;
  readonly states: string;
  /** Types of the events that it is about. */
  readonly types: readonly string[] | 'all';
  /** What it is about: each journal for itself, all of them one after the other, or what one says of another. */
  readonly scope: 'journal' | 'all' | 'between';
  watch(desk: Desk): Watch;
}

/** Rules at work on one journal, by the events that they want. */
export class Watches {
  readonly #byType = new Map<string, Watch[]>();
  readonly #always: readonly Watch[];

  constructor(all: readonly { readonly rule: Rule; readonly watch: Watch }[]) {
    this.#always = all.filter(({ rule }) => rule.types === 'all').map(({ watch }) => watch);
    for (const { rule, watch } of all) {
      for (const type of rule.types === 'all' ? [] : rule.types)
        this.#byType.set(type, [...(this.#byType.get(type) ?? []), watch]);
    }
  }

  take(seen: Seen): void {
    for (const watch of this.#always) watch.take(seen);
    for (const watch of this.#byType.get(seen.event.type) ?? NONE) watch.take(seen);
  }
}

const NONE: readonly Watch[] = [];
