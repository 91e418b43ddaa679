import { existsSync, linkSync } from 'node:fs';
import { resolve } from 'node:path';
import { OBSERVERS_HEAR } from '../../actors/wire/subjects.ts';
import { toBase64url } from '../../security/base64url.ts';
import { path } from '../config/fields.ts';
import type { NatsFlags } from '../config/nats.ts';
import { natsAccess } from '../config/nats.ts';
import { readPrivateText } from '../config/secrets.ts';
import { Settings } from '../config/settings.ts';
import { EXIT, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { inspect as start } from '../inspect/start.ts';
import { existingJournal, resolveJournal } from '../journal/open.ts';
import { count, examples, jsonOption, parseJournal, parser, setting, type Register } from '../options.ts';
import { writePrivately } from '../private-file.ts';
import { connectToAsk } from '../query/ask.ts';
import { connectedSoon, run, untilStopped, type Running } from '../run.ts';

interface InspectFlags extends NatsFlags {
  readonly journal: readonly string[];
  readonly port: number;
  readonly tokenFile?: string;
  readonly json?: true;
}

const MAX_PORT = 65_535;
const TOKEN_BYTES = 24;
const TOKEN = /^[A-Za-z0-9_-]{32,128}$/;

export const inspect: Register = (program, host, finish) => {
  program
    .command('inspect')
    .summary('see the roles: their state charts, messages and events, now and at any earlier moment')
    .description(
      'Serves a page on this machine alone and prints its address; it reads, and changes nothing. It shows journals, also\n' +
        'while their roles run, several side by side; without a journal it shows the copies of events that it hears over\n' +
        'NATS from then on. With both, NATS only tells it when to read.',
    )
    .option(
      '--journal <file>',
      'a journal: a file or a PostgreSQL database; repeat it for several',
      (value: string, before: readonly string[]) => [...before, parseJournal(value)],
      [],
    )
    .addOption(setting('nats'))
    .addOption(setting('natsSeedFile'))
    .addOption(setting('natsCa'))
    .option('--port <number>', 'port on 127.0.0.1 (default: any that is free)', count, 0)
    .option(
      '--token-file <file>',
      'keep the token of the address in this file, made when it is not there: open pages and links outlive a restart',
      parser(path),
    )
    .addOption(jsonOption())
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
  const { port, tokenFile } = flags;
  if (port > MAX_PORT) throw new UsageError(`There is no port ${port}`, `Give one up to ${MAX_PORT}.`);
  const journals = flags.journal.map((journal) => existingJournal(resolveJournal(host.cwd, journal)));
  const wire = journals.length > 0 && flags.nats === undefined ? null : connectToAsk(host, running, 'inspect', flags);
  if (wire !== null && journals.length === 0) {
    const { natsUrls } = natsAccess(new Settings('cpns inspect', null, host.cwd), flags, {});
    await connectedSoon(host, wire, natsUrls, running.stopped);
    if (running.stopped.aborted) return EXIT.ok;
  }
  const token = tokenFile === undefined ? null : keptToken(host, resolve(host.cwd, tokenFile));
  if (journals.length > 0) host.err('Reading the journals ...\n');
  const { url, total } = await start(host, running, { journals, wire, port, token });
  const what = journals.length === 0 ? `what is heard on ${OBSERVERS_HEAR[0]}` : `${total} events`;
  await host.out(
    flags.json === true
      ? `${JSON.stringify({ url, total })}\n`
      : `The inspector shows ${what}. Open\n\n  ${url}\n\nCtrl-C ends it.\n`,
  );
  await untilStopped(running.stopped);
  return EXIT.ok;
}

/** @throws UsageError, ConfigError */
function keptToken(host: Host, file: string): string {
  if (!existsSync(file)) writePrivately(file, `${toBase64url(host.entropy.bytes(TOKEN_BYTES))}\n`, linkSync);
  const token = readPrivateText(file);
  if (TOKEN.test(token)) return token;
  throw new UsageError(`${file} holds no token of an inspector`, 'Remove it, or name another file.');
}
