import { Option } from 'commander';
import { path } from '../config/fields.ts';
import { loadHousehold } from '../config/household.ts';
import { NotBuiltError } from '../errors.ts';
import { examples, jsonOption, parser, type Register } from '../options.ts';

interface DemoFlags {
  readonly keep?: string;
  readonly natsServer: string;
  readonly json?: true;
}

export const demo: Register = (program) => {
  program
    .command('demo')
    .summary('register a household, from start to end, on this machine')
    .description(
      'Starts a NATS server on a free loopback port, the CPNS Server, each PN GW and the PNEs as processes of their own,\n' +
        'registers the household, prints each step and the inventories, checks the expected codes, and ends all of them.',
    )
    .argument('<household>', 'YAML file of gateways, PNs and PNEs')
    .option('--keep <dir>', 'keep configuration and journals in this directory', parser(path))
    .addOption(
      new Option('--nats-server <path>', 'the nats-server program').default('nats-server').env('CPNS_NATS_SERVER'),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('cpns demo examples/household.yaml', 'cpns demo examples/household.yaml --keep /tmp/cpns --json'),
    )
    .action(async (household: string, _flags: DemoFlags) => {
      loadHousehold(household);
      throw new NotBuiltError('demo');
    });
};
