import type { ServiceQuestion } from '../../messages/services.ts';
import type { ResponseCode } from '../../events/codes.ts';
import { heardText, messageJson } from '../applications/text.ts';
import { loadServiceOptions } from '../config/service.ts';
import type { Given } from '../config/settings.ts';
import type { ServiceOptions } from '../config/types.ts';
import { EXIT } from '../errors.ts';
import type { Host } from '../host.ts';
import { examples, jsonOption, logOption, type LogFlags, type Register, withKeyringKey } from '../options.ts';
import { run, untilConnected, untilStopped, type Running } from '../run.ts';
import { openService } from '../service/open.ts';
import { addServiceSettings } from '../service/settings.ts';
import { addServiceSend } from './service-send.ts';

interface ServiceFlags extends LogFlags {
  readonly echo?: true;
  readonly json?: true;
}

export const service: Register = (program, host, finish) => {
  const command = program
    .command('service')
    .summary('run a service of the operator, or send to a device')
    .description(
      'Prints what devices send to a service of the operator, and confirms each message to its device. Stays until Ctrl-C ' +
        'or SIGTERM. Another program can be the service: docs/services.md says how.',
    )
    .option('--echo', 'send each message back to the device that it came from')
    .addOption(jsonOption())
    .addOption(logOption());
  addServiceSettings(command)
    .addHelpText(
      'after',
      examples(
        'cpns service --config operator/services/echo.yaml --echo',
        'cpns service --config operator/services/echo.yaml --json',
        'cpns service send --config operator/services/echo.yaml --pn home --device hall-motion --text hello',
      ),
    )
    .helpCommand(false)
    .action(async (flags: Given & ServiceFlags) => {
      const options = loadServiceOptions(withKeyringKey(flags, host), host.cwd);
      finish(await run(host, (running) => serve(host, running, options, flags)));
    });
  addServiceSend(command, host, finish);
};

/** Messages on their way back at once: each may be half a MiB and take as long as the device takes. */
const MAX_ECHOES = 64;

async function serve(host: Host, running: Running, options: ServiceOptions, flags: ServiceFlags): Promise<number> {
  const { serviceId } = options;
  const { end, wire, log } = openService(host, running, options, flags);
  let echoes = 0;
  const echo = (message: ServiceQuestion): void => {
    const { pnId, deviceId } = message;
    echoes += 1;
    end
      .send(message)
      .then((asked) => {
        const code = asked.kind === 'answered' ? asked.code : null;
        if (code !== 200) log.warn('not sent back', { pnId, deviceId, code });
      })
      .catch((error: unknown) => log.error('not sent back', { pnId, deviceId, error: String(error) }))
      .finally(() => (echoes -= 1));
  };
  end.listen(async (message): Promise<ResponseCode> => {
    if (echoes >= MAX_ECHOES) return 429;
    const line = flags.json === true ? messageJson({ ...message, serviceId }) : heardText(message);
    // Where nobody reads the output any more, nobody has the message.
    if (!(await host.out(`${line}\n`))) return 503;
    if (flags.echo === true) echo(message);
    return 200;
  });
  await untilConnected(wire, running.stopped);
  if (!running.stopped.aborted) {
    await wire.flush();
    log.info('ready', { serviceId });
  }
  await untilStopped(running.stopped);
  log.info('ending', { serviceId });
  return EXIT.ok;
}
