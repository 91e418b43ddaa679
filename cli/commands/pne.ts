import { Option } from 'commander';
import { devicePairing } from '../config/fields.ts';
import { loadPneOptions } from '../config/pne.ts';
import { SETTINGS, type Given } from '../config/settings.ts';
import { NotBuiltError } from '../errors.ts';
import { examples, jsonOption, logOption, setting, type LogFlags, type Register } from '../options.ts';

interface PneFlags extends LogFlags {
  readonly once?: true;
  readonly json?: true;
}

export const pne: Register = (program, host) => {
  program
    .command('pne')
    .summary('run one PNE or several')
    .description(
      'Registers PNEs through their PN GW, prints CPNS ID and response code of each, and stays until Ctrl-C or SIGTERM.',
    )
    .addOption(setting('config'))
    .addOption(setting('nats'))
    .addOption(setting('journal'))
    .addOption(setting('keyFile'))
    .addOption(setting('deviceId'))
    .addOption(setting('pnId'))
    .addOption(setting('gatewayId', 'id of the PN GW that the device asks'))
    .addOption(setting('pskFile'))
    .addOption(
      new Option(SETTINGS.pairing.flag, 'whether the device is a stranger, to be paired before it asks (default: none)')
        .choices(devicePairing.options)
        .env(SETTINGS.pairing.env),
    )
    .option('--once', 'end after the answers: exit code 0 when all were registered, otherwise 1')
    .addOption(jsonOption())
    .addOption(logOption())
    .addHelpText(
      'after',
      examples('cpns pne --config operator/pnes/hall-motion.yaml', 'cpns pne --config operator/pnes.yaml --once'),
    )
    .action(async (flags: Given & PneFlags) => {
      loadPneOptions(flags, host.cwd);
      throw new NotBuiltError('pne');
    });
};
