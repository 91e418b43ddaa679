import { resolve } from 'node:path';
import type { Command } from 'commander';
import { toBase64 } from '../../security/transparency/base64.ts';
import { EXIT } from '../errors.ts';
import type { Host } from '../host.ts';
import { rangeOf, writeExport } from '../journal/export.ts';
import { importExport } from '../journal/import.ts';
import { givenJournal, openJournalReader } from '../journal/open.ts';
import { count, examples, jsonOption, setting } from '../options.ts';
import { run, type Running } from '../run.ts';

interface ExportFlags {
  readonly journal?: string;
  readonly output: string;
  readonly from?: number;
  readonly to?: number;
}

interface ImportFlags {
  readonly journal?: string;
  readonly json?: true;
}

const JOURNAL = 'operator/server.sqlite';

const CARRIES_NOT =
  'An export is the record, not a running role: it carries no keys (devices and gateways must register again, and what is ' +
  'personal stays sealed), no messages that waited for an answer, no answers kept for repeated requests, and no timers ' +
  '(what waited for one waits on). To move a role with all that, copy its database while it is stopped.';

export function addExport(group: Command, host: Host, finish: (code: number) => void): void {
  group
    .command('export')
    .summary('write the events as JSON lines')
    .description(
      'One line an event, with its leaf hash and its data exactly as hashed; the last line has the root and the newest ' +
        'checkpoint (docs/journal.md). The same events give the same bytes from SQLite and PostgreSQL. Keys, messages that ' +
        'wait and timers are not among them. A file (mode 0600) is in place once it is whole.',
    )
    .addOption(setting('journal', 'the journal; also while its role runs'))
    .option('-o, --output <file>', 'write it to a file; - is standard output', '-')
    .option('--from <position>', 'begin with this event (default: the first)', count)
    .option('--to <position>', 'end with this event (default: the last of now)', count)
    .addHelpText(
      'after',
      examples(
        `cpns journal export --journal ${JOURNAL} -o server.jsonl`,
        `cpns journal export --journal ${JOURNAL} --from 1001 --to 2000 | gzip > second-thousand.jsonl.gz`,
      ),
    )
    .action(async (flags: ExportFlags) => finish(await run(host, (running) => exportTo(host, running, flags))));
}

export function addImport(group: Command, host: Host, finish: (code: number) => void): void {
  group
    .command('import')
    .summary('put the events of an export into an empty journal')
    .description(
      'Reads the file to its end before anything is written, and names its first line that is not right. Positions, versions, ' +
        'leaf hashes and root are those of the file. An import that broke off goes on when it is run again with the same file. ' +
        CARRIES_NOT,
    )
    .argument('<file>', 'what `cpns journal export` wrote')
    .addOption(setting('journal', 'an SQLite file, made when it is not there, or an empty PostgreSQL database'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'cpns journal import server.jsonl --journal copy.sqlite',
        'PGPASSFILE=pgpass cpns journal import server.jsonl --journal postgres://cpns@db.example/copy',
      ),
    )
    .action(async (file: string, flags: ImportFlags) =>
      finish(await run(host, (running) => importFrom(host, running, file, flags))),
    );
}

async function exportTo(host: Host, running: Running, flags: ExportFlags): Promise<number> {
  const reader = await openJournalReader(givenJournal(host.cwd, flags));
  running.onClose('the journal', () => reader.close());
  const range = await rangeOf(reader, flags);
  await writeExport(host, running, reader, range, flags.output === '-' ? null : resolve(host.cwd, flags.output));
  return EXIT.ok;
}

const OUTCOMES = {
  imported: 'imported',
  wentOn: 'imported; an import that had broken off was gone on with',
  already: 'nothing to do: all of it was there',
} as const;

async function importFrom(host: Host, running: Running, file: string, flags: ImportFlags): Promise<number> {
  const journal = givenJournal(host.cwd, flags);
  const { how, end } = await importExport(host, running, resolve(host.cwd, file), journal);
  const facts = { outcome: how, events: end.size, root: toBase64(end.root) };
  if (flags.json === true) await host.out(`${JSON.stringify(facts)}\n`);
  else await host.out(`${OUTCOMES[how]}\n${end.size} events, root ${facts.root}\n${CARRIES_NOT}\n`);
  return EXIT.ok;
}
