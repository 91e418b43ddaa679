import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { audit } from '../../replay/audit.ts';
import { canonicalJson } from '../../fold/canonical.ts';
import { FactsGatherer } from '../../replay/report/facts.ts';
import { reportPage, type InventoryPair } from '../../replay/report/page.ts';
import { recordedOf, walk, type JournalSource, type Pass } from '../../replay/source.ts';
import { inventoriesAt, positionAt, type When } from '../../replay/state.ts';
import { judge, verdictJson, type Judged } from '../../replay/verdict.ts';
import { viewOf } from '../../replay/view.ts';
import { path } from '../config/fields.ts';
import { fileReason, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { progressOf } from '../journal/progress.ts';
import { archiveOption, examples, parseJournal, parser } from '../options.ts';
import { run, type Running } from '../run.ts';
import { programVersion } from '../version.ts';
import type { AddReplay } from './add.ts';
import { VERDICT_EXIT } from './exit.ts';
import { readAuditorsFiles } from './keys.ts';
import { openSources } from './open.ts';
import { openOutput } from './output.ts';
import { momentOption, whenText } from './when.ts';

interface Flags {
  readonly output: string;
  readonly key?: readonly string[];
  readonly checkpoint?: readonly string[];
  readonly archive?: readonly string[];
  readonly from: When;
}

export const addReport: AddReplay = (group, host, finish) => {
  group
    .command('report')
    .summary('write a report that opens from disk in a browser')
    .description(
      'Judges the journals as `verify` does, and writes DIR/index.html, a page that needs nothing but itself and prints well, ' +
        'and DIR/verdict.json. Exit codes are those of `verify`.',
    )
    .argument('<journal...>', 'SQLite files, postgres:// addresses, exports')
    .requiredOption('-o, --output <dir>', 'folder of the report; made when it is not there', parser(path))
    .option('--key <file...>', 'public keys that sign the checkpoints')
    .option('--checkpoint <file...>', 'checkpoints that you kept')
    .addOption(archiveOption())
    .addOption(
      momentOption('--from <moment>', 'the moment `before`, for the PN Inventory').default(
        { position: 0 },
        'before the first event',
      ),
    )
    .addHelpText(
      'after',
      examples(
        'cpns replay report operator/server.sqlite operator/gateways/hub-hall.sqlite --key operator/checkpoint.key.pub -o report',
      ),
    )
    .action(async (journals: readonly string[], flags: Flags) => {
      finish(await run(host, (running) => write(host, running, journals, flags)));
    });
};

async function write(host: Host, running: Running, journals: readonly string[], flags: Flags): Promise<number> {
  const files = readAuditorsFiles(host, flags);
  const sources = await openSources(host, running, { journals: journals.map(parseJournal), archives: flags.archive });
  const folder = folderOf(resolve(host.cwd, flags.output));
  const bars = new Map(sources.map(({ name }) => [name, progressOf(host, `${name}, judged`)]));
  const onProgress = (name: string, { done, all }: { readonly done: number; readonly all: number }): void =>
    bars.get(name)?.(done, all);
  const judged = judge(await audit(sources, { ...files, onProgress }), programVersion());
  const once = withoutCopies(sources, judged);
  const facts = await gather(host, once);
  const inventories = await Promise.all(once.map((source) => pairOf(source, flags.from)));
  const page = reportPage({ judged, facts, inventories, commands: commandsOf(journals, flags) });
  await put(host, join(folder, 'verdict.json'), `${canonicalJson(verdictJson(judged.verdict))}\n`);
  await put(host, join(folder, 'index.html'), page);
  await host.out(`${judged.verdict.verdict}: ${join(flags.output, 'index.html')}\n`);
  return VERDICT_EXIT[judged.verdict.verdict];
}

/** What a copy holds is told of the journal that it is of. */
function withoutCopies(sources: readonly JournalSource[], { verdict, names }: Judged): readonly JournalSource[] {
  const judgedNames = new Set(names.filter((_, index) => verdict.journals[index]?.copyOf === null));
  return sources.filter(({ name }) => judgedNames.delete(name));
}

function folderOf(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true });
    return folder;
  } catch (error) {
    throw new UsageError(`${folder} cannot be made: ${fileReason(error)}`, 'Name another folder with -o.');
  }
}

async function put(host: Host, file: string, text: string): Promise<void> {
  const output = openOutput(host, file);
  try {
    await output.write(text);
    output.finish();
  } finally {
    output.abandon();
  }
}

/** The journal of the server first: its word on outcomes counts. */
async function gather(host: Host, sources: readonly JournalSource[]) {
  const ends = (await Promise.all(sources.map(spanOf))).flat();
  const gatherer = new FactsGatherer({ from: Math.min(...ends), to: Math.max(...ends) });
  for (const source of await serverFirst(sources)) {
    const progress = progressOf(host, `${source.name}, counted`);
    const page: Pass['page'] = (rows) => {
      for (const row of rows) {
        const event = recordedOf(row);
        if (event !== null) gatherer.take({ journal: source.name, event });
      }
    };
    await walk(source, [{ page }], ({ done, all }) => progress(done, all));
  }
  return gatherer.facts();
}

async function spanOf(source: JournalSource): Promise<readonly number[]> {
  const view = viewOf(source);
  const ends = await Promise.all([view.eventFrom(0), view.eventFrom(view.last)]);
  return ends.flatMap((event) => {
    const at = Date.parse(event?.meta.recordedAt ?? '');
    return Number.isNaN(at) ? [] : [at];
  });
}

async function serverFirst(sources: readonly JournalSource[]): Promise<readonly JournalSource[]> {
  const roles = await Promise.all(sources.map(async (source) => (await viewOf(source).eventFrom(0))?.meta.role));
  const isServer = (index: number): boolean => roles[index] === 'cpns-server';
  return [...sources.filter((_, index) => isServer(index)), ...sources.filter((_, index) => !isServer(index))];
}

async function pairOf(source: JournalSource, from: When): Promise<InventoryPair> {
  const view = viewOf(source);
  const before = await positionAt(view, from);
  return {
    journal: source.name,
    positions: [before, view.last],
    before: (await inventoriesAt(view, before)).inventories,
    after: (await inventoriesAt(view, view.last)).inventories,
  };
}

function commandsOf(journals: readonly string[], { key = [], checkpoint = [], archive = [], from, output }: Flags) {
  const archives = archive.map((file) => ` --archive ${quoted(file)}`).join('');
  const given = [
    ...journals.map(quoted),
    ...key.map((file) => `--key ${quoted(file)}`),
    ...checkpoint.map((file) => `--checkpoint ${quoted(file)}`),
  ].join(' ');
  const all = journals.map(quoted).join(' ');
  return [
    { says: 'The verdict', command: `cpns replay verify ${given}${archives} --json` },
    {
      says: 'This report',
      command: `cpns replay report ${given}${archives} --from ${whenText(from)} -o ${quoted(output)}`,
    },
    { says: 'One registration, step by step', command: `cpns replay trace ${all}${archives} --device ID` },
    {
      says: 'Any actor at any moment',
      command: `cpns replay state ${quoted(journals[0] ?? '')} --at POSITION --pne ID${archives}`,
    },
    {
      says: 'All events, for process mining',
      command: `cpns replay export ${all}${archives} --format ocel-sqlite -o cpns.sqlite`,
    },
  ];
}

/** As a shell takes it. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
