import { resolve } from 'node:path';
import { Option } from 'commander';
import { registrationsOf, type FoundRegistration } from '../../replay/trace/find.ts';
import { traceToMermaid } from '../../replay/trace/mermaid.ts';
import { traceToSvg } from '../../replay/trace/svg.ts';
import { traceToText } from '../../replay/trace/text.ts';
import { traceOf, type Trace } from '../../replay/trace/trace.ts';
import { viewOf } from '../../replay/view.ts';
import { id, path } from '../config/fields.ts';
import { EXIT, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { archiveOption, examples, parseJournal, parser } from '../options.ts';
import { run, type Running } from '../run.ts';
import type { AddReplay } from './add.ts';
import { openSources, tellMissing } from './open.ts';
import { openOutput } from './output.ts';

const FORMATS = {
  text: traceToText,
  mermaid: traceToMermaid,
  svg: traceToSvg,
  json: (trace: Trace) => `${JSON.stringify(trace)}\n`,
} as const;

interface Flags {
  readonly correlation?: string;
  readonly device?: string;
  readonly format: keyof typeof FORMATS;
  readonly output?: string;
  readonly archive?: readonly string[];
}

/** Earlier registrations of a device that are named at the end. */
const MAX_NAMED = 10;

export const addTrace: AddReplay = (group, host, finish) => {
  group
    .command('trace')
    .summary('tell one registration as a story, over the journals of all who took part')
    .description(
      'Joins what the journals say of one registration: each step with its number in the change request, who took it, when, ' +
        'how long each message took, which were lost, and how it ended. With --device, the newest registration of a device.',
    )
    .argument('<journal...>', 'SQLite files, postgres:// addresses, exports')
    .option('--correlation <id>', 'the registration with this correlation id')
    .option('--device <id>', 'the newest registration of this device', parser(id))
    .addOption(
      new Option('--format <format>', 'a story, or a sequence picture')
        .choices(['text', 'mermaid', 'svg', 'json'])
        .default('text'),
    )
    .option('-o, --output <file>', 'write it to a file', parser(path))
    .addOption(archiveOption())
    .addHelpText(
      'after',
      examples(
        'cpns replay trace operator/*.sqlite operator/*/*.sqlite --device hall-motion',
        'cpns replay trace operator/server.sqlite --device hall-motion --format svg -o hall-motion.svg',
      ),
    )
    .action(async (journals: readonly string[], flags: Flags) => {
      finish(await run(host, (running) => trace(host, running, journals, flags)));
    });
};

async function trace(host: Host, running: Running, journals: readonly string[], flags: Flags): Promise<number> {
  const { correlation, device, format, output } = flags;
  if ((correlation === undefined) === (device === undefined))
    throw new UsageError('Say which registration', 'Give one of --correlation and --device.');
  const sources = await openSources(host, running, { journals: journals.map(parseJournal), archives: flags.archive });
  tellMissing(host, sources);
  const views = sources.map((source) => viewOf(source));
  const found = device === undefined ? [] : await registrationsOf(views, device);
  const wanted = correlation ?? found.at(-1)?.correlationId;
  const named = views.map((view) => ({ name: view.name, journal: view }));
  const told = wanted === undefined ? null : await traceOf(named, wanted);
  if (told === null)
    throw new UsageError(
      device === undefined
        ? `No journal here has the correlation id ${correlation}`
        : `No journal here has a registration of ${device}`,
      'Give the journals of all who took part; `cpns events` lists what a journal has.',
    );
  const to = openOutput(host, output === undefined ? null : resolve(host.cwd, output));
  running.onClose('the output', () => to.abandon());
  await to.write(FORMATS[format](told));
  if (format === 'text') await to.write(earlierText(found.slice(0, -1)));
  to.finish();
  return EXIT.ok;
}

function earlierText(earlier: readonly FoundRegistration[]): string {
  if (earlier.length === 0) return '';
  const lines = earlier.slice(-MAX_NAMED).map(({ correlationId, at }) => `  ${at}  --correlation ${correlationId}`);
  const more = earlier.length - lines.length;
  return `Earlier registrations:\n${lines.join('\n')}\n${more > 0 ? `and ${more} before these\n` : ''}`;
}
