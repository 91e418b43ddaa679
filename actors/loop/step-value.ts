import { StepError } from './step-error.ts';

/** What one part of a step found, for the parts after it: made by a `StepValue`, which alone can read it. */
export type Found = object;

/** A step: what its parts have returned so far. */
interface Finding {
  readonly findings: readonly Found[];
}

/**
 * A value that one part of a step returns and a later part of the same step needs, and that no event holds: a handshake
 * between its two messages, the keys of a session. The step has it, and it is gone with the step; it is never stored.
 */
export class StepValue<Value> {
  readonly #name: string;
  readonly #Kept = class {
    readonly value: Value;
    constructor(value: Value) {
      this.value = value;
    }
  };

  constructor(name: string) {
    this.#name = name;
  }

  is(value: Value): Found {
    return new this.#Kept(value);
  }

  /** @throws StepError where no part of the step returned it */
  in(step: Finding): Value {
    const value = this.find(step);
    if (value === null) throw new StepError(`No part of this step found its ${this.#name}.`);
    return value;
  }

  find({ findings }: Finding): Value | null {
    for (const found of findings.toReversed()) if (found instanceof this.#Kept) return found.value;
    return null;
  }
}
