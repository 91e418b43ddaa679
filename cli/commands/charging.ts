import type { ChargingRow } from '../../messages/queries.ts';
import { isDifferent } from '../../projections/charging/reconcile.ts';
import { askCharging } from '../charging/ask.ts';
import { readCharging } from '../charging/read.ts';
import { chargingText } from '../charging/text.ts';
import { id } from '../config/fields.ts';
import type { NatsFlags } from '../config/nats.ts';
import { EXIT } from '../errors.ts';
import type { Host } from '../host.ts';
import { existingJournal, resolveJournal } from '../journal/open.ts';
import { archiveOption, examples, jsonOption, parseJournal, parser, setting, type Register } from '../options.ts';
import { connectToAsk } from '../query/ask.ts';
import { run, type Running } from '../run.ts';

interface ChargingFlags extends NatsFlags {
  readonly pn?: string;
  readonly device?: string;
  readonly journal?: string;
  readonly check?: true;
  readonly archive?: readonly string[];
  readonly json?: true;
}

export const charging: Register = (program, host, finish) => {
  program
    .command('charging')
    .summary('print what each PNE used, as the server and as its PN GW counted it')
    .description(
      'Asks the running server for its charging records, or folds them from its journal. Server and PN GW count on their ' +
        'own; a difference is shown, never corrected. It is settled, and marked !, once the session is over and the PN GW ' +
        'had 15 minutes to report.',
    )
    .option('--pn <id>', 'this PN only', parser(id))
    .option('--device <id>', 'this PNE only', parser(id))
    .option('--journal <file>', "a server's journal to fold instead of asking; it may be in use", parseJournal)
    .addOption(archiveOption())
    .option('--check', 'exit code 1 when a settled record has a difference')
    .addOption(setting('nats'))
    .addOption(setting('natsSeedFile'))
    .addOption(setting('natsCa'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'cpns charging',
        'cpns charging --pn home --device hall-motion --json',
        'cpns charging --check --journal operator/server.sqlite',
      ),
    )
    .action(async (flags: ChargingFlags) => {
      finish(await run(host, (running) => print(host, running, flags)));
    });
};

async function print(host: Host, running: Running, flags: ChargingFlags): Promise<number> {
  const rows = await recordsOf(host, running, flags);
  await host.out(flags.json === true ? rows.map((row) => `${JSON.stringify(row)}\n`).join('') : chargingText(rows));
  const isWrong = rows.some((row) => row.standing === 'settled' && isDifferent(row));
  return flags.check === true && isWrong ? EXIT.failure : EXIT.ok;
}

async function recordsOf(host: Host, running: Running, flags: ChargingFlags): Promise<readonly ChargingRow[]> {
  const about = { pnId: flags.pn ?? null, deviceId: flags.device ?? null };
  if (flags.journal !== undefined) {
    const journal = existingJournal(resolveJournal(host.cwd, flags.journal));
    return readCharging(host, running, { name: journal, archive: flags.archive }, about, host.clock.now());
  }
  const rows: ChargingRow[] = [];
  for await (const page of askCharging(await connectToAsk(host, running, 'charging', flags), about)) rows.push(...page);
  return rows;
}
