import { Option, type Command } from 'commander';
import type { Asked } from '../../actors/services/ask.ts';
import type { ApplicationMessage } from '../../actors/sessions/data/port.ts';
import { FILE_SAYS, readPayload, TEXT_SAYS, type PayloadFlags } from '../applications/payload.ts';
import { remedyFor } from '../applications/remedy.ts';
import { sentAs, sentJson, sentText, type Sent } from '../applications/text.ts';
import { id, path } from '../config/fields.ts';
import { loadServiceOptions } from '../config/service.ts';
import type { Given } from '../config/settings.ts';
import type { ServiceOptions } from '../config/types.ts';
import { EXIT } from '../errors.ts';
import type { Host } from '../host.ts';
import { examples, jsonOption, parser, refuseOptionsBefore, withKeyringKey } from '../options.ts';
import { OF_A_TASK } from '../role-process.ts';
import { connectedSoon, run, untilStopped, type Running } from '../run.ts';
import { openService } from '../service/open.ts';
import { addServiceSettings } from '../service/settings.ts';

interface SendFlags extends PayloadFlags {
  readonly pn: string;
  readonly device: string;
  readonly json?: true;
}

export function addServiceSend(service: Command, host: Host, finish: (code: number) => void): void {
  const command = service
    .command('send')
    .summary('send a message to a device')
    .description(
      'Sends a message of the service to a device, in the secure session that the device has, and prints whether the ' +
        'device has it. Exit code 0: delivered, once.',
    )
    .addOption(new Option('--pn <id>', 'PN of the device').argParser(parser(id)).makeOptionMandatory())
    .addOption(new Option('--device <id>', 'device that it is for').argParser(parser(id)).makeOptionMandatory())
    .addOption(new Option('--text <text>', TEXT_SAYS))
    .addOption(new Option('--file <file>', FILE_SAYS).argParser(parser(path)))
    .addOption(jsonOption());
  addServiceSettings(command)
    .addHelpText(
      'after',
      examples(
        'cpns service send --config operator/services/echo.yaml --pn home --device hall-motion --text hello',
        'cpns service send --config operator/services/echo.yaml --pn home --device hall-motion --file firmware.bin',
      ),
    )
    .action(async (flags: Given & SendFlags, subcommand: Command) => {
      refuseOptionsBefore(subcommand);
      const options = loadServiceOptions(withKeyringKey(flags, host), host.cwd);
      const { pn: pnId, device: deviceId } = flags;
      const message = { deviceId, pnId, serviceId: options.serviceId, bytes: await readPayload(host, flags) };
      finish(await run(host, (running) => send(host, running, options, message, flags)));
    });
}

async function send(
  host: Host,
  running: Running,
  options: ServiceOptions,
  message: ApplicationMessage,
  { json }: SendFlags,
): Promise<number> {
  const { end, wire } = openService(host, running, options, OF_A_TASK);
  await connectedSoon(host, wire, options.natsUrls, running.stopped);
  const { serviceId, ...question } = message;
  const interrupted = untilStopped(running.stopped).then((): Asked => ({ kind: 'unknown', reason: 'connection lost' }));
  const asked = await Promise.race([end.send(question), interrupted]);
  const sent = sentOf(asked);
  const route = `${serviceId} to ${message.deviceId} in ${message.pnId}`;
  await host.out(`${json === true ? sentJson(message, sent) : sentText(route, message.bytes, sent)}\n`);
  if (sent.code === 200) return EXIT.ok;
  host.err(`cpns: ${sent.remedy}\n`);
  return EXIT.failure;
}

function sentOf(asked: Asked): Sent & { readonly remedy: string } {
  if (asked.kind === 'answered') return { ...sentAs(asked.code), remedy: remedyFor(asked.code) };
  if (asked.kind === 'nobody')
    return {
      ...sentAs(503),
      reason: 'no server answers',
      remedy: 'Start the server, and check that it knows this service.',
    };
  if (asked.reason === 'answer not sealed')
    return {
      ...sentAs(401),
      reason: 'the server could not open it',
      remedy:
        'Take the secret that the server knows: cpns provision writes it beside the configuration of the service.',
    };
  return { ...sentAs(408), remedy: remedyFor(408) };
}
