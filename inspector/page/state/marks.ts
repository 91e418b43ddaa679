import type { Marks } from '../../charts/picture.ts';
import type { StateAnswer } from '../../protocol/answers.ts';

/** What of a chart is marked for an actor's state. */
export function marksOf({ standing, transitions }: StateAnswer): Marks {
  return {
    active: activeIds(standing?.state ?? ''),
    fired: new Set(standing?.fired ?? []),
    possible: new Set(transitions),
  };
}

/** `a.b|a.c` names a, a.b and a.c. */
export function activeIds(state: string): ReadonlySet<string> {
  const ids = state.split('|').flatMap((innermost) => {
    const names = innermost === '' ? [] : innermost.split('.');
    return names.map((_, index) => names.slice(0, index + 1).join('.'));
  });
  return new Set(ids);
}
