import type { Json } from '../journal/port.ts';

/** One place at which two values differ. `undefined` where there is nothing at that place. */
export interface Difference {
  /** Names and indexes from the root, joined by dots; empty for the root. */
  readonly path: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/** Where two JSON values differ, in the order of names; objects are gone into, arrays are compared as wholes. */
export function jsonDiff(before: Json | undefined, after: Json | undefined, path = ''): readonly Difference[] {
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
    return names.flatMap((name) => jsonDiff(before[name], after[name], path === '' ? name : `${path}.${name}`));
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
