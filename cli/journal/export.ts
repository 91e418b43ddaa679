import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { exportJournal, type ExportRange } from '../../journal/export/write.ts';
import type { SqlReader } from '../../journal/sql/reader.ts';
import { latestNote } from '../../replay/latest-note.ts';
import { FailedError, fileReason, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Running } from '../run.ts';
import { progressOf } from './progress.ts';

/** The events tell who owns which device. */
const OWNER_ONLY = 0o600;

/** Positions that may be left out: the first event, and the last one of now. @throws UsageError where they are not there */
export async function rangeOf(
  journal: SqlReader,
  given: { readonly from?: number; readonly to?: number },
): Promise<ExportRange> {
  const head = await journal.head();
  const archived = (await journal.archived())?.upTo ?? 0;
  const { from = archived + 1, to = head } = given;
  if (from <= archived)
    throw new UsageError(
      `Events 1 to ${archived} are in an archive already`,
      'The archive is an export of its own; begin behind it.',
    );
  if (from >= 1 && to <= head && from <= to + 1) return { from, to };
  throw new UsageError(
    `The journal has events 1 to ${head}, not ${from} to ${to}`,
    'Give --from and --to within that, or leave them out.',
  );
}

/**
 * Writes an export, page by page; it is stopped by a signal, or when nobody reads it any more.
 * @param path null: standard output
 */
export async function writeExport(
  host: Host,
  { stopped }: Pick<Running, 'stopped'>,
  journal: SqlReader,
  range: ExportRange,
  path: string | null,
): Promise<void> {
  const target = path === null ? { write: (text: string) => host.out(text), end: () => {} } : draftOf(path);
  const tell = progressOf(host, 'exported');
  let written: 'whole' | 'part' = 'part';
  try {
    const signed = await latestNote(journal, range.to);
    for await (const { text, position } of exportJournal(journal, range, signed)) {
      if (!(await target.write(text))) return;
      if (stopped.aborted) throw new FailedError('The export was stopped before its end', 'Run it again.');
      tell(position - range.from + 1, range.to - range.from + 1);
    }
    written = 'whole';
  } finally {
    target.end(written);
  }
}

/** A file that is in place once it is whole. @throws UsageError where it cannot be written */
function draftOf(path: string) {
  const draft = `${path}.part`;
  const attempt = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw new UsageError(`${path} cannot be written: ${fileReason(error)}`, 'Name another file with -o.');
    }
  };
  const file = attempt(() => openSync(draft, 'w', OWNER_ONLY));
  return {
    write: async (text: string): Promise<boolean> =>
      attempt(() => {
        const bytes = Buffer.from(text);
        for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
        return true;
      }),
    end(written: 'whole' | 'part'): void {
      try {
        if (written === 'whole') attempt(() => fsyncSync(file));
      } finally {
        closeSync(file);
      }
      if (written === 'whole') attempt(() => renameSync(draft, path));
      else rmSync(draft, { force: true });
    },
  };
}
