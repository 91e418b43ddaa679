import { Option } from 'commander';
import { gatewayPairing } from '../config/fields.ts';
import { loadGatewayOptions } from '../config/gateway.ts';
import { SETTINGS, type Given } from '../config/settings.ts';
import { NotBuiltError } from '../errors.ts';
import { examples, logOption, setting, type LogFlags, type Register } from '../options.ts';

export const gateway: Register = (program, host) => {
  program
    .command('gateway')
    .summary('run a PN GW')
    .description(
      'Runs a PN GW: registers with the server, establishes its PNs, forwards what PNEs ask. Ends on Ctrl-C or SIGTERM.',
    )
    .addOption(setting('config'))
    .addOption(setting('nats'))
    .addOption(setting('journal'))
    .addOption(setting('keyFile'))
    .addOption(setting('gatewayId'))
    .addOption(setting('pskFile'))
    .addOption(setting('pns'))
    .addOption(
      new Option(SETTINGS.pairing.flag, 'whether strangers may be paired (default: permitted)')
        .choices(gatewayPairing.options)
        .env(SETTINGS.pairing.env),
    )
    .addOption(logOption())
    .addHelpText(
      'after',
      examples(
        'cpns gateway --config operator/gateways/hub-hall.yaml',
        'cpns gateway --config operator/gateways/hub-hall.yaml --pairing forbidden',
      ),
    )
    .action(async (flags: Given & LogFlags) => {
      loadGatewayOptions(flags, host.cwd);
      throw new NotBuiltError('gateway');
    });
};
