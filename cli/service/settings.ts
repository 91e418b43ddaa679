import type { Command } from 'commander';
import { setting } from '../options.ts';

/** The settings of a service, for each command that is one. */
export function addServiceSettings(command: Command): Command {
  return command
    .addOption(setting('config'))
    .addOption(setting('nats'))
    .addOption(setting('natsSeedFile'))
    .addOption(setting('natsCa'))
    .addOption(setting('keyFile', 'file of the key that the secret is encrypted under'))
    .addOption(setting('serviceId'))
    .addOption(setting('pskFile', 'file of the secret that the service shares with the server'));
}
