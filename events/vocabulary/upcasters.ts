import type { JsonObject } from '../../journal/port.ts';

/** Requests had no timestamp: whatever has one is newer. */
export function withoutTimestamp(data: JsonObject): JsonObject {
  return { ...data, timestamp: null };
}
