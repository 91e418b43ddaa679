import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { isPostgresUrl, schemaOf } from '../../journal/postgres/address.ts';
import type { Source } from '../../inspector/server/source.ts';
import { journalName, openJournalReader } from '../journal/open.ts';
import type { Running } from '../run.ts';

/**
 * Journals as the inspector reads them, beside whoever writes them. One that is not there yet is waited for.
 * @param journals paths and addresses
 */
export function journalSources({ onClose }: Running, journals: readonly string[]): readonly Source[] {
  const names = shortNames(journals);
  return journals.map((journal, index) => {
    return {
      name: names[index] ?? journal,
      kind: 'file',
      async open() {
        if (!isPostgresUrl(journal) && !existsSync(journal)) return null;
        const reader = await openJournalReader(journal);
        onClose(`the journal ${journalName(journal)}`, () => reader.close());
        return reader;
      },
    };
  });
}

const MAX_NAME = 40;

/** A name of its own for each: what its moments and links call it. */
export function shortNames(journals: readonly string[]): readonly string[] {
  const names = new Set<string>();
  return journals.map((journal) => uniqueName(shortName(journal), names));
}

/** What people know it by: the name of its file without its ending, or of its schema, else of its database. */
function shortName(journal: string): string {
  const schema = isPostgresUrl(journal) ? schemaOf(journal) : null;
  const last = schema ?? basename(journalName(journal)).replace(/\.(sqlite|db|jsonl)$/, '');
  const name = last
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '-')
    .slice(-MAX_NAME);
  return name === '' ? 'journal' : name;
}

function uniqueName(name: string, taken: Set<string>): string {
  let unique = name;
  for (let number = 2; taken.has(unique); number += 1) unique = `${name}-${number}`;
  taken.add(unique);
  return unique;
}
