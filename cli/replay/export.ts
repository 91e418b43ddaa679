import { resolve } from 'node:path';
import { Option } from 'commander';
import { CSV_HEADER, csvLine } from '../../replay/export/csv.ts';
import { OCEL_JSON_BEGIN, ocelJsonEnd, ocelJsonEvent } from '../../replay/export/ocel-json.ts';
import { OcelLog } from '../../replay/export/ocel.ts';
import { recordedOf, walk, type JournalSource, type Pass } from '../../replay/source.ts';
import type { Recorded } from '../../replay/trace/messages.ts';
import { path } from '../config/fields.ts';
import { EXIT, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { progressOf } from '../journal/progress.ts';
import { archiveOption, examples, parseJournal, parser } from '../options.ts';
import { run, type Running } from '../run.ts';
import type { AddReplay } from './add.ts';
import { OcelFile } from './ocel-file.ts';
import { openSources, tellMissing } from './open.ts';
import { openOutput, type Output } from './output.ts';

type Format = 'ocel-sqlite' | 'ocel-json' | 'csv' | 'jsonl';

interface Flags {
  readonly format: Format;
  readonly output?: string;
  readonly archive?: readonly string[];
}

export const addExport: AddReplay = (group, host, finish) => {
  group
    .command('export')
    .summary('write the record for process mining and spreadsheets')
    .description(
      'Writes the events of one or more journals: as OCEL 2.0 (objects: PNE, PN GW, PN, registration, session, with qualified ' +
        'relations), CSV (RFC 4180), or JSON lines. For an export that can be verified: cpns journal export.',
    )
    .argument('<journal...>', 'SQLite files, postgres:// addresses, exports')
    .addOption(
      new Option('--format <format>', 'form of the log')
        .choices(['ocel-sqlite', 'ocel-json', 'csv', 'jsonl'])
        .makeOptionMandatory(),
    )
    .option('-o, --output <file>', 'write it to a file; ocel-sqlite is always one', parser(path))
    .addOption(archiveOption())
    .addHelpText(
      'after',
      examples(
        'cpns replay export operator/server.sqlite --format ocel-sqlite -o cpns.sqlite',
        'cpns replay export operator/server.sqlite operator/gateways/*.sqlite --format csv > events.csv',
      ),
    )
    .action(async (journals: readonly string[], flags: Flags) => {
      finish(await run(host, (running) => write(host, running, journals, flags)));
    });
};

/** Takes every event of every journal, then the end. */
interface Sink {
  event(recorded: Recorded): Promise<boolean> | boolean;
  end(): Promise<void> | void;
}

async function write(host: Host, running: Running, journals: readonly string[], flags: Flags): Promise<number> {
  const output = flags.output === undefined ? null : resolve(host.cwd, flags.output);
  const sources = await openSources(host, running, { journals: journals.map(parseJournal), archives: flags.archive });
  tellMissing(host, sources);
  const sink = openSink(host, running, flags.format, output);
  for (const source of sources) if (!(await tell(host, running, source, sink))) return EXIT.ok;
  await sink.end();
  return EXIT.ok;
}

/** @returns false where nobody reads it any more */
async function tell(host: Host, { stopped }: Running, source: JournalSource, sink: Sink): Promise<boolean> {
  const progress = progressOf(host, source.name);
  let isRead = true;
  const page: Pass['page'] = async (rows) => {
    for (const row of rows) {
      if (stopped.aborted || !isRead) return;
      const event = recordedOf(row);
      if (event === null)
        throw new UsageError(
          `${source.name}: the event at position ${row.position} is no JSON object`,
          'The journal was changed by hand: cpns replay verify says where.',
        );
      isRead = await sink.event({ journal: source.name, event });
    }
  };
  await walk(source, [{ page }], ({ done, all }) => progress(done, all));
  return isRead && !stopped.aborted;
}

function openSink(host: Host, running: Running, format: Format, path: string | null): Sink {
  if (format === 'ocel-sqlite') return sqliteSink(running, path);
  const output = openOutput(host, path);
  running.onClose('the output', () => output.abandon());
  if (format === 'ocel-json') return ocelJsonSink(output);
  return linesSink(output, format);
}

function sqliteSink({ onClose }: Running, path: string | null): Sink {
  if (path === null) throw new UsageError('A SQLite file cannot go to standard output', 'Name a file with -o.');
  const [log, file] = [new OcelLog(), new OcelFile(path)];
  onClose('the log', () => file.abandon());
  return {
    event(recorded) {
      const event = log.take(recorded);
      if (event !== null) file.event(event);
      return true;
    },
    end: () => file.finish(log.objects()),
  };
}

function ocelJsonSink(output: Output): Sink {
  const log = new OcelLog();
  let count = 0;
  return {
    async event(recorded) {
      if (count === 0) await output.write(OCEL_JSON_BEGIN);
      const event = log.take(recorded);
      return event === null || output.write(ocelJsonEvent(event, count++));
    },
    async end() {
      if (count === 0) await output.write(OCEL_JSON_BEGIN);
      for (const part of ocelJsonEnd(log)) await output.write(part);
      output.finish();
    },
  };
}

function linesSink(output: Output, format: 'csv' | 'jsonl'): Sink {
  let state: 'new' | 'begun' = 'new';
  const begin = async (): Promise<void> => {
    if (state === 'new' && format === 'csv') await output.write(CSV_HEADER);
    state = 'begun';
  };
  return {
    async event(recorded) {
      await begin();
      const { journal, event } = recorded;
      return output.write(format === 'csv' ? csvLine(recorded) : `${JSON.stringify({ journal, ...event })}\n`);
    },
    async end() {
      await begin();
      output.finish();
    },
  };
}
