import { hash } from 'node:crypto';
import type { Json } from '../journal/port.ts';

/** A value in the one spelling that RFC 8785 gives it: no white space, keys by code unit. */
export function canonicalJson(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join()}]`;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join()}}`;
}

/** SHA-256 of the canonical form, hex: equal for equal values. */
export const canonicalHash = (value: Json): string => hash('sha256', canonicalJson(value));

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
