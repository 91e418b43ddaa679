import { z } from 'zod';
import type { ConfigDocument } from './document.ts';
import { ID_PATTERN } from './fields.ts';
import { suggestion } from './nearest.ts';
import { ConfigError, pathText, type Problem } from './problems.ts';

/** Finds what a schema cannot: duplicate ids, references to nothing. Sees the raw value, so it works beside other mistakes. */
export type CrossCheck = (document: ConfigDocument) => readonly Problem[];

/** @throws ConfigError with every problem of the document */
export function check<T>(document: ConfigDocument, schema: z.ZodType<T>, crossCheck: CrossCheck = () => []): T {
  const result = schema.safeParse(document.value);
  const problems = result.success ? [] : result.error.issues.flatMap((issue) => toProblems(document, schema, issue));
  const all = [...problems, ...crossCheck(document)];
  if (!result.success || all.length > 0) throw new ConfigError(document.file, all);
  return result.data;
}

type Issue = z.core.$ZodIssue;

function toProblems(document: ConfigDocument, schema: z.ZodType, issue: Issue): readonly Problem[] {
  if (issue.code === 'unrecognized_keys') {
    const known = fieldNames(schema, issue.path);
    return issue.keys.map((key) => ({
      position: document.atKey(issue.path, key),
      path: safePath(document, issue.path),
      message: document.contents === 'secret' ? 'unknown field' : `unknown field ${JSON.stringify(key)}`,
      remedy: suggestion(document.contents === 'secret' ? '' : key, known),
    }));
  }
  const found = valueAt(document.value, issue.path);
  return [
    { position: document.at(issue.path), path: safePath(document, issue.path), ...explain(document, issue, found) },
  ];
}

/** In a file of secrets a name may be a secret that lost its place: only ids are shown. */
function safePath({ contents }: ConfigDocument, path: readonly PropertyKey[]): string {
  const safe = (key: PropertyKey): boolean => typeof key === 'number' || ID_PATTERN.test(String(key));
  return pathText(contents === 'secret' ? path.map((key) => (safe(key) ? key : '?')) : path);
}

function explain(document: ConfigDocument, issue: Issue, found: unknown): { message: string; remedy: string } {
  if (found === undefined) return { message: 'is missing', remedy: `Add ${expected(issue)}.` };
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map(String);
    const hint = typeof found === 'string' ? suggestion(found, allowed) : `There are: ${allowed.join(', ')}.`;
    return { message: `must be one of ${allowed.join(', ')}`, remedy: hint };
  }
  if (issue.code === 'invalid_type') {
    const message = `must be ${expected(issue)}, but is ${kind(found)}`;
    const quote = issue.expected === 'string' && (typeof found === 'number' || typeof found === 'boolean');
    return { message, remedy: quote ? 'Put it in quotes.' : `Write ${expected(issue)}.` };
  }
  if (issue.code === 'invalid_key') {
    const message = issue.issues[0]?.message ?? 'is not a valid name';
    return { message: document.contents === 'secret' ? 'has a name that is not an id' : message, remedy: 'Rename it.' };
  }
  return { message: issue.message, remedy: 'Correct the value.' };
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of fields',
  record: 'a map of fields',
};

function expected(issue: Issue): string {
  if (issue.code === 'invalid_type') return KINDS[issue.expected] ?? issue.expected;
  return issue.code === 'invalid_value' ? `one of ${issue.values.map(String).join(', ')}` : 'it';
}

function kind(value: unknown): string {
  if (value === null) return 'empty';
  return KINDS[Array.isArray(value) ? 'array' : typeof value] ?? typeof value;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => {
    if (typeof at !== 'object' || at === null) return undefined;
    const found: unknown = Object.getOwnPropertyDescriptor(at, key)?.value;
    return found;
  }, value);
}

/** Fields that the schema knows at a path. */
function fieldNames(schema: unknown, path: readonly PropertyKey[]): readonly string[] {
  if (schema instanceof z.ZodOptional) return fieldNames(schema.unwrap(), path);
  const [key, ...rest] = path;
  if (key === undefined) return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  if (schema instanceof z.ZodArray) return fieldNames(schema.element, rest);
  if (schema instanceof z.ZodObject) return fieldNames(schema.shape[String(key)], rest);
  return [];
}
