import { Command } from 'commander';
import { charging } from './commands/charging.ts';
import { charts } from './commands/charts.ts';
import { demo } from './commands/demo.ts';
import { erase } from './commands/erase.ts';
import { events } from './commands/events.ts';
import { gateway } from './commands/gateway.ts';
import { inspect } from './commands/inspect.ts';
import { inventory } from './commands/inventory.ts';
import { keys } from './commands/keys.ts';
import { journal } from './commands/journal.ts';
import { pn } from './commands/pn.ts';
import { pne } from './commands/pne.ts';
import { projections } from './commands/projections.ts';
import { provision } from './commands/provision.ts';
import { replay } from './commands/replay.ts';
import { server } from './commands/server.ts';
import { service } from './commands/service.ts';
import { EXIT } from './errors.ts';
import { processHost, type Host } from './host.ts';
import type { Register } from './options.ts';
import { report } from './report.ts';
import { programVersion } from './version.ts';

const COMMANDS: readonly Register[] = [
  provision,
  server,
  gateway,
  pne,
  service,
  inventory,
  pn,
  charging,
  events,
  projections,
  journal,
  replay,
  keys,
  erase,
  inspect,
  charts,
  demo,
];

const NOTES = `
Settings come from flags, then CPNS_* variables, then the file that --config names, then defaults.
Exit codes: 0 done, 1 failed, 2 wrong use or wrong input. CPNS_DEBUG=1 shows stack traces.`;

/**
 * The `cpns` command.
 * @param argv what follows the name of the command
 * @returns the exit code
 */
export async function main(argv: readonly string[], host: Host = processHost()): Promise<number> {
  let code: number = EXIT.ok;
  const written: Promise<boolean>[] = [];
  const program = new Command('cpns')
    .description('Registers the devices of Personal Networks with an operator (OMA CPNS, PNE registration).')
    .version(programVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    // Options belong to the command whose name they follow: `cpns pne` and `cpns pne send` have some of the same.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void written.push(host.out(text)),
      writeErr: (text) => host.err(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'cpns: ')),
    })
    .showHelpAfterError('Add --help to see how it is used.')
    .addHelpText('after', NOTES);
  for (const register of COMMANDS) register(program, host, (finished) => void (code = finished));
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    code = report(host, error);
  }
  await Promise.all(written);
  return code;
}
