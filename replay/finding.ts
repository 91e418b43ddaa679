import type { RecordedEvent } from '../journal/port.ts';
import type { StateValue } from '../machines/state.ts';

/** Something in a record that the rules do not allow. */
export interface Finding {
  /** What it breaks: `chart`, or the name of a rule. */
  readonly rule: string;
  /** Index of the journal among those that are checked. */
  readonly journal: number;
  readonly position: number;
  /** The actor. */
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  /** Of the actor before the event; null where the rule is not about a state. */
  readonly state: StateValue | null;
  /** Types of the events that the state names transitions for. */
  readonly possible: readonly string[];
  readonly says: string;
  /** What another journal says of the same; null where it says nothing, or the rule is about one journal. */
  readonly other: { readonly journal: number; readonly position: number; readonly says: string } | null;
}

/** An event of one of the journals. */
export interface Seen {
  readonly journal: number;
  readonly event: RecordedEvent;
  /** Number of the step that it belongs to: events of one commit of one message have the same. */
  readonly step: number;
}

export function finding(rule: string, { journal, event }: Seen, says: string, other: Finding['other'] = null): Finding {
  const { position, stream, version, type } = event;
  return { rule, journal, position, stream, version, type, state: null, possible: [], says, other };
}

/** Keeps the first findings, and counts all. */
export class Findings {
  readonly #limit: number;
  readonly #kept: Finding[] = [];
  #count = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  readonly report = (one: Finding): void => {
    this.#count += 1;
    if (this.#kept.length < this.#limit) this.#kept.push(one);
  };

  get count(): number {
    return this.#count;
  }

  get kept(): readonly Finding[] {
    return this.#kept;
  }
}

export type Report = (finding: Finding) => void;

/** Something of a journal that the journals do not suffice to judge. */
export interface Doubt {
  readonly journal: number;
  readonly says: string;
}

/** Keeps the first of them. */
export class Doubts {
  readonly #limit: number;
  readonly #kept: Doubt[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  readonly doubt = (journal: number, says: string): void => {
    if (this.#kept.length < this.#limit) this.#kept.push({ journal, says });
  };

  get kept(): readonly Doubt[] {
    return this.#kept;
  }
}
