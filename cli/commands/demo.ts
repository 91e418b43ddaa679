import { resolve } from 'node:path';
import { Option } from 'commander';
import { z } from 'zod';
import { path } from '../config/fields.ts';
import { loadHousehold } from '../config/household.ts';
import { runDemo } from '../demo/run.ts';
import { checkServers, MAX_SERVERS } from '../demo/servers.ts';
import { examples, jsonOption, number, parseJournal, parser, type Register } from '../options.ts';
import { run } from '../run.ts';

interface DemoFlags {
  readonly servers: number;
  readonly journal: string;
  readonly keep?: string;
  readonly natsServer?: string;
  readonly inspect?: true;
  readonly json?: true;
}

export const demo: Register = (program, host, finish) => {
  program
    .command('demo')
    .summary('register a household, from start to end, on this machine')
    .description(
      'Starts a NATS server on a free loopback port, the CPNS Server, each PN GW and the PNEs as processes of their own, ' +
        'registers the household, sends messages to its echo service and back, prints each step and the inventories, checks ' +
        'the expected codes, and ends all of them.',
    )
    .argument('<household>', 'YAML file of gateways, PNs and PNEs')
    .option('--keep <dir>', 'keep configuration and journals in this directory', parser(path))
    .addOption(
      new Option('--nats-server <path>', 'the nats-server program (default: the one on PATH)').env('CPNS_NATS_SERVER'),
    )
    .option('--inspect', 'serve the page of cpns inspect on the running demo, until Ctrl-C')
    .addOption(
      new Option('--servers <number>', `CPNS Servers that share the work, at most ${MAX_SERVERS}`)
        .argParser(number(z.int().min(1).max(MAX_SERVERS)))
        .default(1),
    )
    .addOption(
      new Option(
        '--journal <journal>',
        'journal of the CPNS Servers: sqlite; postgres, a PostgreSQL server for the demo alone; or postgres://..., an empty schema',
      )
        .argParser(parseJournal)
        .default('sqlite'),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'cpns demo examples/household.yaml',
        'cpns demo examples/household.yaml --servers 3 --journal postgres',
        'cpns demo examples/household.yaml --keep /tmp/cpns --json',
        'cpns demo examples/household.yaml --inspect',
      ),
    )
    .action(async (file: string, { keep, natsServer, inspect, json, servers: count, journal }: DemoFlags) => {
      const household = loadHousehold(resolve(host.cwd, file));
      const format = json === true ? 'json' : 'text';
      const where = {
        inspector: inspect === true ? ('served' as const) : ('none' as const),
        ...(keep === undefined ? {} : { keep: resolve(host.cwd, keep) }),
        ...(natsServer === undefined ? {} : { natsServer }),
      };
      const shared = checkServers({ count, journal });
      finish(await run(host, (running) => runDemo(host, running, { household, format, servers: shared, ...where })));
    });
};
