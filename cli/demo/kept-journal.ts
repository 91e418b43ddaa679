import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { rangeOf, writeExport } from '../journal/export.ts';
import { importExport } from '../journal/import.ts';
import { openJournal } from '../journal/open.ts';
import type { Running } from '../run.ts';

/** What is kept of a PostgreSQL server that ends with the demo: its journal as an export. */
export const KEPT_EXPORT = 'server.jsonl';
const KEPT_FILE = 'server.sqlite';

/**
 * PN GWs and PNEs that go on from their journals need the server's: without it they know more than the server does.
 * @throws UsageError where a directory was used with the other kind of journal
 */
export function checkKept(dir: string, journal: string): void {
  const wrong = journal === 'sqlite' ? KEPT_EXPORT : KEPT_FILE;
  if (!existsSync(join(dir, wrong))) return;
  throw new UsageError(
    `${dir} has the journal of the CPNS Server in ${wrong}, which a demo with --journal ${journal} does not use`,
    'Name another directory with --keep, or the journal that the directory was used with.',
  );
}

/** Puts what an earlier demo kept into the journal, before its servers are started. @throws UsageError, JournalError */
export async function bringBack(host: Host, { stopped }: Running, dir: string, journal: string): Promise<void> {
  const file = join(dir, KEPT_EXPORT);
  if (!existsSync(file)) return;
  const opened: (() => void | Promise<void>)[] = [];
  try {
    await importExport(host, { stopped, onClose: (_, close) => void opened.push(close) }, file, journal);
  } finally {
    for (const close of opened) await close();
  }
}

/** Keeps the journal, once its servers have ended. @throws UsageError, JournalError */
export async function keepJournal(host: Host, dir: string, journal: string): Promise<void> {
  const opened = await openJournal(journal);
  try {
    const range = await rangeOf(opened, {});
    // A demo that was stopped is kept as well.
    const { signal: stopped } = new AbortController();
    if (range.to > 0) await writeExport(host, { stopped }, opened, range, join(dir, KEPT_EXPORT));
  } finally {
    await opened.close();
  }
}
