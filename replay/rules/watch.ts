import type { Report, Seen } from '../finding.ts';
import type { Scratch } from '../scratch/scratch.ts';

/** Looks at the events that a rule is about. */
export interface Watch {
  take(seen: Seen): void;
  /** There is no more to come. */
  end?(): void;
}

/** Something that always holds, told from events alone. */
export interface Rule {
  /** As in docs/invariants.md, where it is one of these. */
  readonly id: string;
  readonly states: string;
  /** Types of the events that it is about. */
  readonly types: readonly string[];
  /** What it is about: `journal`, each for itself; `all`, one after the other. */
  readonly scope: 'journal' | 'all';
  watch(scratch: Scratch, report: Report): Watch;
}

/** Rules at work on one journal, by the events that they want. */
export class Watches {
  readonly #byType = new Map<string, Watch[]>();

  constructor(all: readonly { readonly rule: Rule; readonly watch: Watch }[]) {
    for (const { rule, watch } of all) {
      for (const type of rule.types) this.#byType.set(type, [...(this.#byType.get(type) ?? []), watch]);
    }
  }

  take(seen: Seen): void {
    for (const watch of this.#byType.get(seen.event.type) ?? NONE) watch.take(seen);
  }
}

const NONE: readonly Watch[] = [];
