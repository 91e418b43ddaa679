import { Option, type Command } from 'commander';
import { devicePairing } from '../config/fields.ts';
import { SETTINGS } from '../config/settings.ts';
import { suggestion } from '../config/nearest.ts';
import { UsageError } from '../errors.ts';
import { setting } from '../options.ts';
import type { PneDevice } from '../../actors/roles/pne/device.ts';

/** The settings of PNEs, for each command that runs them. */
export function addPneSettings(command: Command): Command {
  return command
    .addOption(setting('config'))
    .addOption(setting('nats'))
    .addOption(setting('natsSeedFile'))
    .addOption(setting('natsCa'))
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
    .addOption(setting('rekeyAfterMessages'))
    .addOption(setting('rekeyAfterMs'))
    .addOption(setting('graceMs'))
    .addOption(setting('checkpointKeyFile'))
    .addOption(setting('checkpointEvents'))
    .addOption(setting('checkpointIntervalMs'));
}

export const DEVICE_SAYS = 'which of the devices of the file (default: the only one)';

/** @throws UsageError when none is meant, or several could be */
export function chosenDevice(devices: readonly PneDevice[], wanted: string | undefined): PneDevice {
  const ids = devices.map(({ deviceId }) => deviceId);
  const found = devices.find(({ deviceId }) => deviceId === (wanted ?? ids[0]));
  if (wanted !== undefined && found === undefined)
    throw new UsageError(`The configuration has no device '${wanted}'`, suggestion(wanted, ids));
  if (found === undefined || (wanted === undefined && devices.length > 1))
    throw new UsageError(`The configuration has ${devices.length} devices`, 'Name one with --device.');
  return found;
}
