import type { Entry } from '../protocol/answers.ts';
import type { ReadJournal } from './source.ts';

/** Events that are read at once. */
const PAGE = 1_000;

/** Events as their journals have them, a JSON line each, one journal after the other. @param wanted ascending in each journal */
export async function* jsonLines(
  wanted: readonly Entry[],
  journalOf: (name: string) => ReadJournal | null,
): AsyncGenerator<string> {
  for (const [name, entries] of Map.groupBy(wanted, ({ journal }) => journal)) {
    const journal = journalOf(name);
    let next = 0;
    while (journal !== null && next < entries.length) {
      const page = await journal.readAll({ after: (entries[next]?.position ?? 1) - 1, limit: PAGE });
      if (page.length === 0) break;
      for (const event of page) {
        if (event.position !== entries[next]?.position) continue;
        next += 1;
        yield `${JSON.stringify({ journal: name, ...event })}\n`;
      }
    }
  }
}
