import { CHART_IDS, vocabularyOf } from '../../machines/catalogue.ts';
import { nearest } from '../config/nearest.ts';
import { EXIT, UsageError } from '../errors.ts';
import { matchingEvents, type EventQuery } from '../events/query.ts';
import { EventTable } from '../events/text.ts';
import type { Host } from '../host.ts';
import { readerWith } from '../journal/archives.ts';
import { givenJournal, openJournalReader } from '../journal/open.ts';
import { archiveOption, count, examples, jsonOption, setting, type Register } from '../options.ts';
import { pause, run, type Running } from '../run.ts';

interface EventsFlags {
  readonly journal?: string;
  readonly stream?: string;
  readonly type?: string;
  readonly correlation?: string;
  readonly follow?: true;
  readonly after: number;
  readonly limit?: number;
  readonly archive?: readonly string[];
  readonly json?: true;
}

/** How soon `--follow` sees an event: one indexed read each time. */
const FOLLOW_INTERVAL_MS = 500;

export const events: Register = (program, host, finish) => {
  program
    .command('events')
    .summary('print the events of a journal')
    .description('Reads a journal, also while its role is running, and changes nothing. Conditions hold together.')
    .addOption(setting('journal', 'the journal'))
    .option('--stream <name>', 'events of this stream, e.g. pn/home')
    .option('--type <type>', 'events of this type, e.g. PneAuthenticated')
    .option('--correlation <id>', 'events of one registration, whichever stream they are in')
    .option('--after <position>', 'events after this position', count, 0)
    .option('--limit <n>', 'at most so many events, counted after the conditions', count)
    .option('--follow', 'go on with new events until Ctrl-C')
    .addOption(archiveOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'cpns events --journal operator/server.sqlite --type PneAuthenticated',
        'cpns events --journal operator/server.sqlite --stream pn/home --follow --json',
        'PGPASSFILE=operator/pgpass cpns events --journal postgres://cpns@db.example/cpns --after 1000',
      ),
    )
    .action(async (flags: EventsFlags) => {
      finish(await run(host, (running) => print(host, running, flags)));
    });
};

async function print(host: Host, { stopped, onClose }: Running, flags: EventsFlags): Promise<number> {
  const reader = await openJournalReader(givenJournal(host.cwd, flags));
  onClose('the journal', () => reader.close());
  if (flags.archive !== undefined && flags.follow === true)
    throw new UsageError('What is archived does not go on', 'Leave out --follow, or --archive.');
  const archived = await reader.archived();
  if (flags.archive === undefined && flags.correlation !== undefined && archived !== null)
    host.err(`cpns: events 1 to ${archived.upTo} are in an archive and were not searched: give --archive FILE\n`);
  const whole = await readerWith(host, reader, flags.archive);
  const waitForMore = async (): Promise<boolean> => {
    if (flags.follow !== true) return false;
    await pause(host, FOLLOW_INTERVAL_MS, stopped);
    return !stopped.aborted;
  };
  const table = new EventTable();
  let found = 0;
  for await (const page of matchingEvents(whole, toQuery(flags), waitForMore)) {
    found += page.length;
    const lines = flags.json === true ? page.map((event) => JSON.stringify(event)) : table.lines(page);
    if (!(await host.out(`${lines.join('\n')}\n`)) || stopped.aborted) break;
  }
  if (found === 0 && flags.limit !== 0 && flags.follow !== true) host.err(`cpns: ${noneFound(flags.type)}\n`);
  return EXIT.ok;
}

/** Mistyped conditions hold for nothing: said beside the output, which stays empty. */
function noneFound(type: string | undefined): string {
  const types = CHART_IDS.flatMap((id) => Object.keys(vocabularyOf(id)));
  if (type === undefined || types.includes(type)) return 'no event is as was asked for.';
  const near = nearest(type, types);
  return `no event is of the type ${type}${near === null ? '.' : `. Did you mean ${near}?`}`;
}

function toQuery({ stream, type, correlation, after, limit }: EventsFlags): EventQuery {
  return {
    after,
    limit: limit ?? Number.POSITIVE_INFINITY,
    ...(stream === undefined ? {} : { stream }),
    ...(type === undefined ? {} : { type }),
    ...(correlation === undefined ? {} : { correlation }),
  };
}
