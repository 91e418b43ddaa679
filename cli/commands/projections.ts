import type { Command } from 'commander';
import { rebuild } from '../../projections/rebuild.ts';
import { setUp, SqlStore } from '../../projections/sql-store.ts';
import { verify } from '../../projections/verify.ts';
import { EXIT, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { readerWith } from '../journal/archives.ts';
import { existingJournal, givenJournal, openJournal, openJournalReader } from '../journal/open.ts';
import { progressOf } from '../journal/progress.ts';
import { archiveOption, examples, jsonOption, setting, type Register } from '../options.ts';
import { listProjections, listText } from '../projections/list.ts';
import { modelsOf } from '../projections/models.ts';
import { isRight, verifiedJson, verifiedText } from '../projections/verified.ts';
import { run, type Running } from '../run.ts';

interface Flags {
  readonly journal?: string;
  readonly archive?: readonly string[];
  readonly json?: true;
}

const JOURNAL = 'operator/server.sqlite';

export const projections: Register = (program, host, finish) => {
  const group = program
    .command('projections')
    .summary('list, rebuild and verify what is folded from a journal')
    .description(
      'Projections are tables that follow a journal: pn-inventory (server and PN GW), charging (server). Each has a ' +
        'checkpoint of its own. One that meets an event it cannot apply stops right before it, the others go on.',
    )
    .addHelpText(
      'after',
      examples(
        `cpns projections ls --journal ${JOURNAL}`,
        `cpns projections rebuild charging --journal ${JOURNAL}`,
        `cpns projections verify --journal ${JOURNAL}`,
      ),
    );
  addList(group, host, finish);
  addRebuild(group, host, finish);
  addVerify(group, host, finish);
};

type Add = (group: Command, host: Host, finish: (code: number) => void) => void;

const addList: Add = (group, host, finish) => {
  group
    .command('ls')
    .summary('print how far each projection is, and which one stopped at which event')
    .description('Exit code 1 when a projection has stopped.')
    .addOption(setting('journal', 'the journal; also while its role runs'))
    .addOption(jsonOption())
    .addHelpText('after', examples(`cpns projections ls --journal ${JOURNAL} --json`))
    .action(async (flags: Flags) => finish(await run(host, (running) => list(host, running, flags))));
};

const addRebuild: Add = (group, host, finish) => {
  group
    .command('rebuild')
    .summary('fold projections anew from the first event')
    .description(
      'All from one read of the journal; readers see the former rows until the new ones are there. A journal that is a ' +
        'file belongs to its role: stop that first. Exit code 1 when an event cannot be applied; rows are then as before.',
    )
    .argument('[names...]', 'these only')
    .addOption(setting('journal', 'the journal'))
    .addOption(archiveOption())
    .addOption(jsonOption())
    .addHelpText('after', examples(`cpns projections rebuild --journal ${JOURNAL}`))
    .action(async (names: readonly string[], flags: Flags) =>
      finish(await run(host, (running) => rebuildThem(host, running, names, flags))),
    );
};

const addVerify: Add = (group, host, finish) => {
  group
    .command('verify')
    .summary('fold projections anew and compare them, row by row, with what is stored')
    .description('Changes nothing. Exit code 1 when a row differs, or an event cannot be applied.')
    .argument('[names...]', 'these only')
    .addOption(setting('journal', 'the journal; also while its role runs'))
    .addOption(archiveOption())
    .addOption(jsonOption())
    .addHelpText('after', examples(`cpns projections verify pn-inventory --journal ${JOURNAL}`))
    .action(async (names: readonly string[], flags: Flags) =>
      finish(await run(host, (running) => verifyThem(host, running, names, flags))),
    );
};

const fileOf = (host: Host, flags: Flags): string => givenJournal(host.cwd, flags);

async function openReader(host: Host, { onClose }: Running, flags: Flags) {
  const reader = await openJournalReader(fileOf(host, flags));
  onClose('the journal', () => reader.close());
  return reader;
}

async function list(host: Host, running: Running, flags: Flags): Promise<number> {
  const listed = await listProjections(await openReader(host, running, flags));
  await host.out(flags.json === true ? listed.map((one) => `${JSON.stringify(one)}\n`).join('') : listText(listed));
  return listed.some(({ stopped }) => stopped !== null) ? EXIT.failure : EXIT.ok;
}

async function rebuildThem(host: Host, running: Running, names: readonly string[], flags: Flags): Promise<number> {
  const journal = await openJournal(existingJournal(fileOf(host, flags)));
  running.onClose('the journal', () => journal.close());
  const models = await modelsOf(journal, names);
  for (const model of models) await setUp(journal, model);
  const startedAt = host.clock.now();
  const tell = progressOf(host, 'rebuilt');
  const targets = models.map((model) => ({ model, store: new SqlStore(journal, model) }));
  const whole = await readerWith(host, journal, flags.archive);
  const rebuilt = await rebuild(whole, targets, ({ position, head }) => tell(position, head));
  const seconds = Math.max(1, host.clock.now() - startedAt) / 1_000;
  for (const { name, position, failure } of rebuilt) {
    const perSecond = Math.round(position / seconds);
    const says = failure === null ? `${name}: ${position} events, ${perSecond}/s` : failure.message;
    const json = { name, position, perSecond, failure: failure?.message ?? null };
    await host.out(flags.json === true ? `${JSON.stringify(json)}\n` : `${says}\n`);
  }
  return rebuilt.every(({ failure }) => failure === null) ? EXIT.ok : EXIT.failure;
}

async function verifyThem(host: Host, running: Running, names: readonly string[], flags: Flags): Promise<number> {
  const reader = await openReader(host, running, flags);
  const models = await modelsOf(reader, names);
  const missing = (await listProjections(reader)).find(
    ({ name, state }) => (state === 'absent' || state === 'outdated') && models.some((model) => model.name === name),
  );
  if (missing !== undefined)
    throw new UsageError(
      `The projection ${missing.name} is ${missing.state}: there are no rows to compare`,
      'Start the role of the journal, or run cpns projections rebuild.',
    );
  const tell = progressOf(host, 'verified');
  const verified = await verify(await readerWith(host, reader, flags.archive), models, ({ position, head }) =>
    tell(position, head),
  );
  for (const one of verified) {
    await host.out(flags.json === true ? `${JSON.stringify(verifiedJson(one))}\n` : verifiedText(one));
  }
  return verified.every(isRight) ? EXIT.ok : EXIT.failure;
}
