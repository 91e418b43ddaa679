import type { AnyMachineSnapshot } from 'xstate';

/** What a chart takes in: the event of a journal. */
export interface ChartEvent {
  readonly type: string;
  readonly data: object;
}

export type StateValue = AnyMachineSnapshot['value'];

export interface ChartState<Context> {
  readonly value: StateValue;
  readonly context: Context;
}

/** Whether a state value is in the state of that path, e.g. `registration.registered.settled`. */
export function isIn(value: StateValue, path: string): boolean {
  let at: StateValue | undefined = value;
  const names = path.split('.');
  for (const [index, name] of names.entries()) {
    if (typeof at !== 'object') return at === name && index === names.length - 1;
    if (!Object.hasOwn(at, name)) return false;
    at = at[name];
  }
  return true;
}
