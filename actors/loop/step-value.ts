import { StepError } from './step-error.ts';

/** What one part of a step found, for the parts after it. */
export interface Found {
  keepFor(step: object): void;
}

/**
 * A value that one part of a step returns and a later part of the same step needs, and that no event holds: a handshake
 * between its two messages, the keys of a session. It is never stored, and gone with the step.
 */
export class StepValue<Value> {
  readonly #name: string;
  readonly #bySteps = new WeakMap<object, Value>();

  constructor(name: string) {
    this.#name = name;
  }

  is(value: Value): Found {
    return { keepFor: (step) => void this.#bySteps.set(step, value) };
  }

  /** @throws StepError where no part of the step returned it */
  in(step: object): Value {
    const value = this.#bySteps.get(step);
    if (value === undefined) throw new StepError(`No part of this step found its ${this.#name}.`);
    return value;
  }

  find(step: object): Value | null {
    return this.#bySteps.get(step) ?? null;
  }
}
