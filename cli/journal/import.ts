import { createReadStream } from 'node:fs';
import { importJournal, type Imported } from '../../journal/export/import.ts';
import { ExportError, readExport, type ExportPart } from '../../journal/export/read.ts';
import type { ExportEnd, ExportHeader } from '../../journal/export/format.ts';
import { Scratch } from '../../replay/scratch/scratch.ts';
import { NUMBER } from '../../replay/scratch/shelf.ts';
import { FailedError, fileReason, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Running } from '../run.ts';
import { openJournal } from './open.ts';
import { progressOf } from './progress.ts';

/** Two thousand short events at once. */
const READ_BYTES = 1_048_576;

/** Parts of a file as they are read. @throws UsageError where it is no whole export, or cannot be read */
export async function* readExportFile(path: string): AsyncGenerator<ExportPart> {
  const scratch = new Scratch();
  try {
    yield* readExport(createReadStream(path, { highWaterMark: READ_BYTES }), scratch.shelf(NUMBER));
  } catch (error) {
    if (error instanceof ExportError)
      throw new UsageError(
        `${path}, ${error.message}`,
        'Export the journal again, or bring the file back from a copy.',
      );
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new UsageError(`The export ${path} cannot be read: ${fileReason(error)}`, 'Check the path.');
  } finally {
    scratch.close();
  }
}

/** What a whole file holds. */
export interface ExportSummary {
  readonly header: ExportHeader;
  readonly end: ExportEnd;
}

/** Reads a file to its end: nothing else tells whether it is right. @throws UsageError */
export async function checkExport(host: Host, { stopped }: Running, path: string): Promise<ExportSummary> {
  const tell = progressOf(host, 'checked');
  let header: ExportHeader | null = null;
  for await (const part of readExportFile(path)) {
    if (part.kind === 'header') ({ header } = part);
    else if (header === null) break;
    else if (part.kind === 'end') return { header, end: part.end };
    else tell(part.tree.size - header.from + 1, header.to - header.from + 1);
    if (stopped.aborted) throw new FailedError('The file was not read to its end', 'Run it again.');
  }
  throw new UsageError(`${path} has no end`, 'Export the journal again.');
}

/**
 * Checks a file, then puts its events into an empty journal, which is made when it is not there.
 * @throws UsageError for a file that is not right, JournalError for a journal that is not empty
 */
export async function importExport(
  host: Host,
  running: Running,
  path: string,
  journal: string,
): Promise<{ readonly how: Imported } & ExportSummary> {
  const summary = await checkExport(host, running, path);
  const { from, to } = summary.header;
  if (from !== 1)
    throw new UsageError(`${path} begins at position ${from}`, 'A journal is imported from its first event on.');
  const opened = await openJournal(journal);
  running.onClose('the journal', () => opened.close());
  const tell = progressOf(host, 'imported');
  const how = await importJournal(opened, readExportFile(path), (position) => {
    if (running.stopped.aborted)
      throw new FailedError(
        'The import was stopped before its end',
        'Run it again with the same file: it goes on there.',
      );
    tell(position, to);
  });
  return { how, ...summary };
}
