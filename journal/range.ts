import type { ReadRange } from './port.ts';
import { DEFAULT_READ_LIMIT } from './port.ts';

/** The range with its defaults; a negative limit, which SQLite takes for "all", reads nothing. */
export function bounded(range: { readonly [field in keyof ReadRange]: ReadRange[field] | undefined } = {}): {
  readonly after: number;
  readonly limit: number;
} {
  return { after: range.after ?? 0, limit: Math.max(0, range.limit ?? DEFAULT_READ_LIMIT) };
}
