import {
  inventoriesAt,
  positionAt,
  stateAt,
  stateDifference,
  type Selection,
  type StateAt,
  type When,
} from '../../replay/state.ts';
import { viewOf } from '../../replay/view.ts';
import type { JournalView } from '../../replay/state.ts';
import type { Command } from 'commander';
import { id } from '../config/fields.ts';
import { EXIT, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { archiveOption, examples, jsonOption, parseJournal, parser } from '../options.ts';
import { run, type Running } from '../run.ts';
import type { AddReplay } from './add.ts';
import { openSources, tellMissing } from './open.ts';
import { differenceText, stateText } from './state-text.ts';
import { END, momentOption } from './when.ts';

interface SelectionFlags {
  readonly stream?: string;
  readonly pn?: string;
  readonly pne?: string;
  readonly snapshots: boolean;
  readonly archive?: readonly string[];
  readonly json?: true;
}

interface StateFlags extends SelectionFlags {
  readonly at: When;
}

interface DiffFlags extends SelectionFlags {
  readonly from: When;
  readonly to: When;
}

const SOURCES = 'SQLite files, postgres:// addresses, exports';

export const addState: AddReplay = (group, host, finish) => {
  selecting(group.command('state').summary('show the PN Inventory, or any actor, as of a moment'))
    .description(
      'Folds events up to a position, or a time, through their charts. Without a selection: the PN Inventories of the journal. ' +
        'With several journals, a moment is a time: each counts positions of its own.',
    )
    .addOption(
      momentOption('--at <moment>', 'a position, or a time such as 2026-11-25T09:30:00Z').default(END, 'the end'),
    )
    .addHelpText(
      'after',
      examples(
        'cpns replay state operator/server.sqlite --at 120',
        'cpns replay state operator/server.sqlite operator/gateways/hub-hall.sqlite --at 2026-11-25T09:30:00Z --pne hall-motion',
      ),
    )
    .action(async (journals: readonly string[], flags: StateFlags) => {
      finish(await run(host, (running) => state(host, running, journals, flags)));
    });
};

export const addDiff: AddReplay = (group, host, finish) => {
  selecting(group.command('diff').summary('show what changed between two moments'))
    .description(
      'Shows which members, states and values of actors are others at the later moment than at the earlier one.',
    )
    .addOption(momentOption('--from <moment>', 'a position, or a time').makeOptionMandatory())
    .addOption(momentOption('--to <moment>', 'a position, or a time').default(END, 'the end'))
    .addHelpText('after', examples('cpns replay diff operator/server.sqlite --from 120 --to 180 --pn home'))
    .action(async (journals: readonly string[], flags: DiffFlags) => {
      finish(await run(host, (running) => diff(host, running, journals, flags)));
    });
};

function selecting(command: Command): Command {
  return command
    .argument('<journal...>', SOURCES)
    .option('--pn <id>', 'actors of this PN', parser(id))
    .option('--pne <id>', 'actors of this device', parser(id))
    .option('--stream <name>', 'the actor of this stream, e.g. pn/home')
    .option('--no-snapshots', 'fold from the first event, and trust no state that the journal keeps')
    .addOption(archiveOption())
    .addOption(jsonOption());
}

async function viewsOf(
  host: Host,
  running: Running,
  journals: readonly string[],
  moments: readonly When[],
  { snapshots, archive }: SelectionFlags,
): Promise<readonly JournalView[]> {
  if (journals.length > 1 && moments.some((when) => 'position' in when && when !== END))
    throw new UsageError('A position is one of a single journal', 'Give a time, or one journal.');
  const sources = await openSources(host, running, { journals: journals.map(parseJournal), archives: archive });
  tellMissing(host, sources);
  return sources.map((source) => viewOf(source, snapshots ? 'fromSnapshots' : 'fromEvents'));
}

const isEmpty = ({ stream, pn, pne }: Selection): boolean =>
  stream === undefined && pn === undefined && pne === undefined;

/** Without a selection, the inventories alone: there may be a million actors. */
async function stood(view: JournalView, when: When, selection: Selection): Promise<StateAt> {
  const position = await positionAt(view, when);
  return isEmpty(selection) ? inventoriesAt(view, position) : stateAt(view, position, selection);
}

async function state(host: Host, running: Running, journals: readonly string[], flags: StateFlags): Promise<number> {
  const { at, json } = flags;
  for (const view of await viewsOf(host, running, journals, [at], flags)) {
    const found = await stood(view, at, flags);
    if (!(await host.out(json === true ? `${JSON.stringify(found)}\n` : stateText(found)))) break;
  }
  return EXIT.ok;
}

async function diff(host: Host, running: Running, journals: readonly string[], flags: DiffFlags): Promise<number> {
  const { from, to, json } = flags;
  for (const view of await viewsOf(host, running, journals, [from, to], flags)) {
    const found = stateDifference(await stood(view, from, flags), await stood(view, to, flags));
    if (!(await host.out(json === true ? `${JSON.stringify(found)}\n` : differenceText(found)))) break;
  }
  return EXIT.ok;
}
