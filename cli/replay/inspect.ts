import type { Source } from '../../inspector/server/source.ts';
import type { JournalSource } from '../../replay/source.ts';
import { archiveReaderOf, readerOf } from '../../replay/sources/reader.ts';
import { EXIT } from '../errors.ts';
import type { Host } from '../host.ts';
import { addressOptions, readAddress, tellAddress, type AddressFlags } from '../inspect/address.ts';
import { shortNames } from '../inspect/sources.ts';
import { inspect } from '../inspect/start.ts';
import { archiveOption, examples, parseJournal } from '../options.ts';
import { run, untilStopped, type Running } from '../run.ts';
import type { AddReplay } from './add.ts';
import { openSources, tellMissing } from './open.ts';

interface Flags extends AddressFlags {
  readonly archive?: readonly string[];
}

export const addOpen: AddReplay = (group, host, finish) => {
  const command = group
    .command('open')
    .summary('look at journals in a browser: charts, messages, events, any moment')
    .description(
      'Serves the page of `cpns inspect` on this machine alone, on the journals as they are when it starts, and prints its ' +
        'address. Nothing is written, into a journal or beside it; no snapshot is trusted.',
    )
    .argument('<journal...>', 'SQLite files, postgres:// addresses, exports')
    .addOption(archiveOption());
  addressOptions(command)
    .addHelpText(
      'after',
      examples(
        'cpns replay open operator/server.sqlite operator/gateways/hub-hall.sqlite operator/pnes/hall-motion.sqlite',
        'cpns replay open server.jsonl --port 7070',
      ),
    )
    .action(async (journals: readonly string[], flags: Flags) => {
      finish(await run(host, (running) => open(host, running, journals, flags)));
    });
};

async function open(host: Host, running: Running, journals: readonly string[], flags: Flags): Promise<number> {
  const address = readAddress(host, flags);
  const named = { journals: journals.map(parseJournal), archives: flags.archive };
  const opened = await openSources(host, running, named);
  tellMissing(host, opened);
  host.err('Reading the journals ...\n');
  const started = await inspect(host, running, { sources: shown(opened), wire: null, ...address });
  await tellAddress(host, started, `${started.total} events`, flags);
  await untilStopped(running.stopped);
  return EXIT.ok;
}

function shown(opened: readonly JournalSource[]): readonly Source[] {
  const names = shortNames(opened.map(({ name }) => name));
  return opened.map((source, index) => ({
    name: names[index] ?? source.name,
    kind: 'file',
    open: async () => ({ ...readerOf(source), ...archiveReaderOf(source) }),
  }));
}
