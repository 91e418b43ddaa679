import { z } from 'zod';
import type { Json } from '../protocol/answers.ts';
import { isJsonObject, toJson } from './json.ts';

type Schema = z.core.JSONSchema.BaseSchema;

/**
 * Data of the shape of an event, for somebody to edit: what the actor knows under the same name is filled in, the rest is
 * the least that the schema takes where that can be told.
 */
export function exampleOf(shape: z.ZodType, known: Json): Json {
  const schema = z.toJSONSchema(shape, { unrepresentable: 'any', io: 'input' });
  return valueOf(schema, known);
}

function valueOf(schema: Schema | boolean, known: Json): Json {
  if (typeof schema === 'boolean') return null;
  if (schema.const !== undefined) return toJson(schema.const);
  if (schema.enum !== undefined) return toJson(schema.enum[0]);
  const [either] = schema.anyOf ?? schema.oneOf ?? [];
  if (either !== undefined) return valueOf(either, known);
  switch (schema.type) {
    case 'object': {
      const fields = Object.entries(schema.properties ?? {});
      return Object.fromEntries(fields.map(([name, inner]) => [name, fieldOf(known, name) ?? valueOf(inner, known)]));
    }
    case 'array': {
      const item = Array.isArray(schema.items) ? schema.items[0] : schema.items;
      return item === undefined ? [] : Array.from({ length: schema.minItems ?? 0 }, () => valueOf(item, known));
    }
    case 'integer':
    case 'number':
      return schema.minimum ?? 0;
    case 'boolean':
      return false;
    case 'string':
      return textFor(schema.pattern).padEnd(schema.minLength ?? 0, 'a');
    default:
      return null;
  }
}

/** A text for the patterns of `events/fields.ts`: so many of its first character as it asks for at least. */
function textFor(pattern: string | undefined): string {
  const parts = /^\^([a-z-]*)\[([^\]])[^\]]*\](?:\{(\d+)(?:,\d+)?\})?\$$/.exec(pattern ?? '');
  return parts === null ? '' : `${parts[1] ?? ''}${(parts[2] ?? '').repeat(Number(parts[3] ?? 1))}`;
}

function fieldOf(known: Json, name: string): Json | undefined {
  const value = isJsonObject(known) && Object.hasOwn(known, name) ? known[name] : undefined;
  return value === '' || value === null ? undefined : value;
}
