import type { JournalSeams } from '../../actors/roles/journal/journal-actor.ts';
import { isRoleName, type RoleName } from '../../events/parties.ts';
import type { ArchiveReader, JournalReader } from '../../journal/port.ts';
import { UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { existingJournal, openJournal } from '../journal/open.ts';
import type { Running } from '../run.ts';
import { KEYRING_STREAM } from '../../machines/streams.ts';

/** @param config of its role, if that was given @throws UsageError where no journal is named */
export function namedJournal(journal: string | null, config?: string): string {
  if (journal !== null) return journal;
  if (config !== undefined)
    throw new UsageError(
      `${config} names no journal, and so no keys in one`,
      'Name the journal with --journal. A service has none: its secret is changed by cpns keys rotate and cpns keys wrap.',
    );
  throw new UsageError(
    'No journal is given',
    'Name it with --journal, CPNS_JOURNAL, or the file of its role with --config.',
  );
}

/**
 * A journal for a change of its keys: its role must be stopped.
 * @throws JournalError `locked` while its role runs, UsageError where there is none
 */
export async function openForChange(host: Host, { onClose }: Running, file: string): Promise<JournalSeams> {
  const journal = await openJournal(existingJournal(file));
  onClose('the journal', () => journal.close());
  return { journal, clock: host.clock, entropy: host.entropy, role: await roleOf(journal) };
}

/** Whose journal it is: events of its keyring are of that role. */
export async function roleOf(journal: JournalReader & ArchiveReader): Promise<RoleName> {
  const [own] = await journal.readStream(KEYRING_STREAM, { limit: 1 });
  const after = (await journal.archived())?.upTo ?? 0;
  const [first] = own === undefined ? await journal.readAll({ after, limit: 1 }) : [own];
  const role = first?.meta.role ?? '';
  return isRoleName(role) ? role : 'cpns-server';
}
