import type { Given } from '../config/settings.ts';
import { loadServerOptions } from '../config/server.ts';
import { NotBuiltError } from '../errors.ts';
import { examples, logOption, setting, type LogFlags, type Register } from '../options.ts';

export const server: Register = (program, host) => {
  program
    .command('server')
    .summary('run the CPNS Server')
    .description(
      'Runs the CPNS Server: authenticates PNEs, allocates CPNS IDs, owns the PN Inventory. Ends on Ctrl-C or SIGTERM.',
    )
    .addOption(setting('config', 'YAML file with the settings and the PNs; relative paths in it start at its folder'))
    .addOption(setting('nats'))
    .addOption(setting('journal'))
    .addOption(setting('keyFile'))
    .addOption(setting('idKeyFile'))
    .addOption(setting('credentialsFile'))
    .addOption(logOption())
    .addHelpText(
      'after',
      examples(
        'cpns server --config operator/server.yaml',
        'CPNS_NATS=nats://10.0.0.5:4222 cpns server --config operator/server.yaml',
      ),
    )
    .action(async (flags: Given & LogFlags) => {
      loadServerOptions(flags, host.cwd);
      throw new NotBuiltError('server');
    });
};
