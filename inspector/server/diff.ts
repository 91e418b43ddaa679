import type { Change, Json } from '../protocol/answers.ts';
import { isJsonObject } from './json.ts';

/** A state of thousands of fields is told in part; the whole is beside it. */
const MAX_CHANGES = 500;

/** What differs between two values, field by field, in the order of the fields. */
export function changesBetween(before: Json, after: Json): readonly Change[] {
  return walk('', before, after).slice(0, MAX_CHANGES);
}

const inside = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

function walk(path: string, before: Json | undefined, after: Json | undefined): readonly Change[] {
  if (before === undefined) return after === undefined ? [] : [{ path, after }];
  if (after === undefined) return [{ path, before }];
  if (isJsonObject(before) && isJsonObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => walk(inside(path, name), before[name], after[name]));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) => walk(`${path}[${index}]`, before[index], after[index])).flat();
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
}
