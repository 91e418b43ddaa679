import type { Command } from 'commander';
import type { SnapshotName } from '../../journal/port.ts';
import type { SqlReader } from '../../journal/sql/reader.ts';
import { EXIT } from '../errors.ts';
import type { Host } from '../host.ts';
import { existingJournal, givenJournal, openJournal, openJournalReader } from '../journal/open.ts';
import { examples, jsonOption, setting } from '../options.ts';
import { run, type Running } from '../run.ts';

interface Flags {
  readonly journal?: string;
  readonly stream?: string;
  readonly json?: true;
}

const JOURNAL = 'operator/server.sqlite';
const PAGE = 64;

export function addSnapshots(group: Command, host: Host, finish: (code: number) => void): void {
  const snapshots = group
    .command('snapshots')
    .summary('list or drop the states that a role folds on from')
    .description(
      'A role keeps the state of an actor at every so many events of its stream (snapshotEvery, default 100), so that it ' +
        'need not fold all of them again. Snapshots are a cache: without them a role does the same, later. ' +
        '`cpns journal verify --snapshots` folds the streams and compares.',
    )
    .addHelpText(
      'after',
      examples(
        `cpns journal snapshots ls --journal ${JOURNAL} --stream pn/home`,
        `cpns journal snapshots drop --journal ${JOURNAL}`,
      ),
    );
  snapshots
    .command('ls')
    .summary('list them by stream and version')
    .addOption(setting('journal', 'the journal; also while its role runs'))
    .option('--stream <stream>', 'those of this stream only')
    .addOption(jsonOption())
    .addHelpText('after', examples(`cpns journal snapshots ls --journal ${JOURNAL} --json`))
    .action(async (flags: Flags) => finish(await run(host, (running) => list(host, running, flags))));
  snapshots
    .command('drop')
    .summary('drop all of them, or those of a stream; the role must be stopped')
    .addOption(setting('journal', 'the journal'))
    .option('--stream <stream>', 'those of this stream only')
    .addOption(jsonOption())
    .addHelpText('after', examples(`cpns journal snapshots drop --journal ${JOURNAL}`))
    .action(async (flags: Flags) => finish(await run(host, (running) => drop(host, running, flags))));
}

async function list(host: Host, running: Running, flags: Flags): Promise<number> {
  const reader = await openJournalReader(givenJournal(host.cwd, flags));
  running.onClose('the journal', () => reader.close());
  for await (const page of pagesOf(reader, flags.stream)) {
    const lines = page.map(({ stream, version, position, chart, stateHash, state }) => {
      const facts = { stream, version, position, chart, stateHash, sizeBytes: Buffer.byteLength(state) };
      if (flags.json === true) return JSON.stringify(facts);
      const columns = [String(version).padStart(8), String(position).padStart(10), `${facts.sizeBytes}`.padStart(8)];
      return `${columns.join('  ')}  ${stateHash.slice(0, 16)}  ${chart.id}  ${stream}`;
    });
    if (!(await host.out(`${lines.join('\n')}\n`))) break;
  }
  return EXIT.ok;
}

async function drop(host: Host, running: Running, flags: Flags): Promise<number> {
  const journal = await openJournal(existingJournal(givenJournal(host.cwd, flags)));
  running.onClose('the journal', () => journal.close());
  let dropped = 0;
  if (flags.stream === undefined) dropped = await journal.dropSnapshots('all');
  else for await (const page of pagesOf(journal, flags.stream)) dropped += await journal.dropSnapshots(page);
  await host.out(flags.json === true ? `${JSON.stringify({ dropped })}\n` : `${dropped} snapshots dropped\n`);
  return EXIT.ok;
}

async function* pagesOf(reader: SqlReader, stream: string | undefined) {
  let after: SnapshotName | undefined = stream === undefined ? undefined : { stream, version: 0 };
  for (;;) {
    const page = await reader.snapshots(after === undefined ? { limit: PAGE } : { after, limit: PAGE });
    const wanted = stream === undefined ? page : page.filter((one) => one.stream === stream);
    if (wanted.length > 0) yield wanted;
    after = wanted.at(-1);
    if (after === undefined || wanted.length < PAGE) return;
  }
}
