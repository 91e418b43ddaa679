import { JournalError } from './port.ts';

const REMEDY = 'Read the archive and the journal together: give --archive FILE where the command takes it.';

/** What was asked for is not in the journal any more: half a history is never given for a whole one. */
export function archivedError(what: string, upTo: number): JournalError {
  return new JournalError('archived', `${what}: events up to position ${upTo} are in an archive.`, REMEDY);
}
