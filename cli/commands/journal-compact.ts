import { resolve } from 'node:path';
import type { Command } from 'commander';
import { EXIT, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { withArchives } from '../journal/archives.ts';
import { compactJournal, refoldBases } from '../journal/compact.ts';
import { existingJournal, givenJournal, openJournal } from '../journal/open.ts';
import { count, examples, jsonOption, setting } from '../options.ts';
import { run, type Running } from '../run.ts';

interface Flags {
  readonly journal?: string;
  readonly archive: readonly string[];
  readonly before?: number;
  readonly keep?: number;
  readonly refold?: true;
  readonly json?: true;
}

const JOURNAL = 'operator/server.sqlite';

export function addCompact(group: Command, host: Host, finish: (code: number) => void): void {
  group
    .command('compact')
    .summary('move the first events into an archive')
    .description(
      'Writes the events before a position into a new FILE (an export, mode 0600), reads it again, and only then takes their ' +
        'rows out of the journal, all in one transaction. Positions, versions, checkpoints and proofs stay as they are; answers ' +
        'to repeated requests stay. Keep FILE: it is part of the record. What was broken off is done by running it again. ' +
        'The role must be stopped. Where a chart has changed since, --refold folds the archives anew.',
    )
    .addOption(setting('journal', 'the journal'))
    .requiredOption('--archive <file...>', 'the file to write; with --refold, every archive of the journal')
    .option('--before <position>', 'archive the events before this one', count)
    .option('--keep <number>', 'archive all but so many of the last', count)
    .option('--refold', 'fold the archives through the charts of this program')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        `cpns journal compact --journal ${JOURNAL} --keep 1000000 --archive server-1.jsonl`,
        `cpns journal verify --journal ${JOURNAL} --archive server-1.jsonl --key operator/checkpoint.key.pub`,
      ),
    )
    .action(async (flags: Flags) => finish(await run(host, (running) => compact(host, running, flags))));
}

async function compact(host: Host, running: Running, flags: Flags): Promise<number> {
  const { before, keep, refold, archive } = flags;
  if ([before, keep, refold].filter((given) => given !== undefined).length !== 1)
    throw new UsageError('Say what to archive', 'Give one of --before, --keep and --refold.');
  const name = givenJournal(host.cwd, flags);
  const journal = await openJournal(existingJournal(name));
  running.onClose('the journal', () => journal.close());
  if (refold === true) {
    const bases = await refoldBases(host, journal, await withArchives(host, 'the journal', journal, archive));
    await host.out(flags.json === true ? `${JSON.stringify({ refolded: bases })}\n` : `${bases} bases folded anew\n`);
    return EXIT.ok;
  }
  const [file, ...more] = archive;
  if (file === undefined || more.length > 0) throw new UsageError('An archive is one file', 'Name one with --archive.');
  const head = await journal.head();
  const upTo = before === undefined ? head - (keep ?? 0) : before - 1;
  if (upTo < 1 || upTo >= head)
    throw new UsageError(
      `The journal has ${head} events; to archive up to position ${upTo} is none or all of them`,
      'The last event stays: give --before or --keep so that some go and some stay.',
    );
  const done = await compactJournal(host, running, journal, upTo, resolve(host.cwd, file));
  const { outcome, from, to, removed } = done;
  const text =
    outcome === 'already'
      ? `nothing to do: events up to ${to} are in an archive already\n`
      : `events ${from} to ${to} are in ${file}; ${removed} rows went. Keep that file: it is part of the record.\n`;
  await host.out(flags.json === true ? `${JSON.stringify(done)}\n` : text);
  return EXIT.ok;
}
