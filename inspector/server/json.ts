import type { Json, JsonObject } from '../../journal/port.ts';

/** What is told of a value: what JSON cannot hold is left out. */
export function toJson(value: unknown): Json {
  const json: Json = JSON.parse(JSON.stringify(value ?? null));
  return json;
}

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
