import { Option } from 'commander';
import { OBSERVERS_HEAR } from '../../messages/subjects.ts';
import type { NatsFlags } from '../config/nats.ts';
import type { Wire } from '../../wire/port.ts';
import { EXIT } from '../errors.ts';
import type { Host } from '../host.ts';
import { addressOptions, readAddress, tellAddress, type AddressFlags } from '../inspect/address.ts';
import { journalSources } from '../inspect/sources.ts';
import { inspect as start } from '../inspect/start.ts';
import { existingJournal, resolveJournal } from '../journal/open.ts';
import { examples, parseJournal, setting, type Register } from '../options.ts';
import { connectToAsk, wireToAsk } from '../query/ask.ts';
import { run, untilStopped, type Running } from '../run.ts';

interface InspectFlags extends NatsFlags, AddressFlags {
  readonly journal: readonly string[];
}

export const inspect: Register = (program, host, finish) => {
  const command = program
    .command('inspect')
    .summary('see the roles: their state charts, messages and events, now and at any earlier moment')
    .description(
      'Serves a page on this machine alone and prints its address; it reads, and changes nothing. It shows journals, also ' +
        'while their roles run, several side by side; without a journal it shows the copies of events that it hears over ' +
        'NATS from then on. With both, NATS only tells it when to read.',
    )
    .addOption(
      new Option('--journal <file>', 'a journal: a file or a PostgreSQL database; repeat it for several')
        .argParser((value: string, before: readonly string[]) => [...before, parseJournal(value)])
        .default([], 'none'),
    )
    .addOption(setting('nats'))
    .addOption(setting('natsSeedFile'))
    .addOption(setting('natsCa'));
  addressOptions(command)
    .addHelpText(
      'after',
      examples(
        'cpns inspect --journal operator/server.sqlite',
        'cpns inspect --journal server.sqlite --journal gateways/hub-hall.sqlite --journal pnes.sqlite --port 7070',
        'cpns inspect --nats nats://127.0.0.1:4222 --nats-seed-file nats/observer.nk',
      ),
    )
    .action(async (flags: InspectFlags) => {
      finish(await run(host, (running) => serve(host, running, flags)));
    });
};

async function serve(host: Host, running: Running, flags: InspectFlags): Promise<number> {
  const address = readAddress(host, flags);
  const journals = flags.journal.map((journal) => existingJournal(resolveJournal(host.cwd, journal)));
  const wire = await wireOf(host, running, flags);
  if (running.stopped.aborted) return EXIT.ok;
  if (journals.length > 0) host.err('Reading the journals ...\n');
  const started = await start(host, running, { sources: journalSources(running, journals), wire, ...address });
  const what = journals.length === 0 ? `what is heard on ${OBSERVERS_HEAR[0]}` : `${started.total} events`;
  await tellAddress(host, started, what, flags);
  await untilStopped(running.stopped);
  return EXIT.ok;
}

/** Journals are shown whether NATS is there or not; without one there is nothing to show until it is. */
async function wireOf(host: Host, running: Running, flags: InspectFlags): Promise<Wire | null> {
  if (flags.journal.length === 0) return connectToAsk(host, running, 'inspect', flags);
  return flags.nats === undefined ? null : wireToAsk(host, running, 'inspect', flags).wire;
}
