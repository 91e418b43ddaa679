import type { ConfigDocument } from './document.ts';
import { suggestion } from './nearest.ts';
import { pathText, type Problem } from './problems.ts';

/** A name and where it stands in the document. */
export interface Named {
  readonly name: string | undefined;
  readonly path: readonly PropertyKey[];
}

/** Every name that came before in the same list. */
export function duplicates(document: ConfigDocument, what: string, named: readonly Named[]): readonly Problem[] {
  const first = new Map<string, Named>();
  return named.flatMap(({ name, path }) => {
    if (name === undefined) return [];
    const earlier = first.get(name);
    if (earlier === undefined) {
      first.set(name, { name, path });
      return [];
    }
    const { line } = document.at(earlier.path);
    const message = `duplicate ${what} ${JSON.stringify(name)}, first in line ${line}`;
    return [{ position: document.at(path), path: pathText(path), message, remedy: 'Give each its own.' }];
  });
}

/** Every reference to a name that is not there. */
export function dangling(
  document: ConfigDocument,
  what: string,
  references: readonly Named[],
  names: readonly (string | undefined)[],
): readonly Problem[] {
  const known = names.filter((name) => name !== undefined);
  const there = new Set(known);
  return references.flatMap(({ name, path }) => {
    if (name === undefined || there.has(name)) return [];
    const message = `unknown ${what} ${JSON.stringify(name)}`;
    return [{ position: document.at(path), path: pathText(path), message, remedy: suggestion(name, known) }];
  });
}
