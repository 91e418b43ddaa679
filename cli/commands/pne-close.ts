import { Option, type Command } from 'commander';
import { pneRegistration } from '../../machines/pne/registration.ts';
import { id } from '../config/fields.ts';
import { loadPneOptions } from '../config/pne.ts';
import type { Given } from '../config/settings.ts';
import type { PneOptions } from '../config/types.ts';
import { EXIT } from '../errors.ts';
import type { Host } from '../host.ts';
import { examples, jsonOption, parser, refuseOptionsBefore, withKeyringKey } from '../options.ts';
import { addPneSettings, chosenDevice, DEVICE_SAYS } from '../pne/settings.ts';
import { openForTask } from '../pne/task.ts';
import { run, type Running } from '../run.ts';
import { streamOf } from '../../machines/streams.ts';
import type { PneDevice } from '../../actors/roles/pne/device.ts';

interface CloseFlags {
  readonly device?: string;
  readonly json?: true;
}

export function addPneClose(pne: Command, host: Host, finish: (code: number) => void): void {
  const command = pne
    .command('close')
    .summary('close the secure session of a device')
    .description(
      'Ends the secure session of a device: both ends destroy its keys, the device even when nobody answers. The device ' +
        'stays registered; a new session comes with the next registration (cpns pne, or cpns pne send).',
    )
    .addOption(new Option('--device <id>', DEVICE_SAYS).argParser(parser(id)))
    .addOption(jsonOption());
  addPneSettings(command)
    .addHelpText('after', examples('cpns pne close --config operator/pnes/hall-motion.yaml'))
    .action(async (flags: Given & CloseFlags, subcommand: Command) => {
      refuseOptionsBefore(subcommand);
      const options = loadPneOptions(withKeyringKey(flags, host), host.cwd);
      const device = chosenDevice(options.devices, flags.device);
      finish(await run(host, (running) => close(host, running, options, device, flags)));
    });
}

async function close(
  host: Host,
  running: Running,
  options: PneOptions,
  { deviceId, pnId }: PneDevice,
  { json }: CloseFlags,
): Promise<number> {
  const format = json === true ? 'json' : 'text';
  const { session, runtime } = await openForTask(host, running, options, { format });
  const { session: open } = (await runtime.state(pneRegistration, streamOf('pne/registration', { deviceId }))).context;
  const keyId = open?.keyId ?? null;
  const result = await session.close({ pnId, deviceId });
  const text = result === 'closed' ? `secure session closed, key ${keyId} destroyed` : 'has no secure session';
  const line = { kind: 'closed', deviceId, pnId, result, keyId: result === 'closed' ? keyId : null };
  await host.out(`${format === 'json' ? JSON.stringify(line) : `${deviceId}  ${text}`}\n`);
  return EXIT.ok;
}
