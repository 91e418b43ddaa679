/** Subjects by their patterns: `cpns.wan.up.{gatewayId}.{type}`. Ids are one token each (design, section 8). */

/** The names of what is left open in a pattern. */
export type NamesIn<Pattern extends string> = Pattern extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

/** In the place of an id or a message type: any of them. */
export const ANY = '*';

/** What fills a pattern. */
export type Names = { readonly [name: string]: string | undefined };

const OPEN = /\{(\w+)\}/;
const TOKEN = /^[a-z0-9_-]{1,64}$/;

/** Patterns come from our tables: a handful, each split once. Text at even places, names between. */
const split = new Map<string, readonly string[]>();

function piecesOf(pattern: string): readonly string[] {
  const known = split.get(pattern);
  if (known !== undefined) return known;
  const pieces = pattern.split(OPEN);
  split.set(pattern, pieces);
  return pieces;
}

/** The subject, with `*` for every name that is not given. */
export function filled(pattern: string, names: Names): string {
  let subject = '';
  let isName = false;
  for (const piece of piecesOf(pattern)) {
    subject += isName ? (names[piece] ?? ANY) : piece;
    isName = !isName;
  }
  return subject;
}

/** What to subscribe to for all subjects that have these names: `>` stands for the names at the end that are not given. */
export function heard(pattern: string, names: Names): string {
  return filled(pattern, names).replace(/(\.\*)+$/, '.>');
}

/** The names left open in a pattern, in its order. */
export function namesIn(pattern: string): readonly string[] {
  return piecesOf(pattern).filter((_, index) => index % 2 === 1);
}

/** A pattern to read subjects by. */
export interface Reader {
  readonly tokens: readonly { readonly literal: string | null; readonly name: string }[];
}

export function readerOf(pattern: string): Reader {
  const tokens = pattern.split('.').map((token) => {
    const [name] = namesIn(token);
    return name === undefined ? { literal: token, name: '' } : { literal: null, name };
  });
  return { tokens };
}

/** What a subject, split at its dots, has in the place of the names; null when it does not fit. */
export function read({ tokens }: Reader, subject: readonly string[]): { readonly [name: string]: string } | null {
  if (subject.length !== tokens.length) return null;
  const names: { [name: string]: string } = {};
  let index = 0;
  for (const { literal, name } of tokens) {
    const token = subject[index++] ?? '';
    if (literal === null ? !TOKEN.test(token) : token !== literal) return null;
    if (literal === null) names[name] = token;
  }
  return names;
}
