import { Option, type Command } from 'commander';
import type { ApplicationMessage, SendOutcome } from '../../actors/sessions/data/port.ts';
import { FILE_SAYS, readPayload, TEXT_SAYS, type PayloadFlags } from '../applications/payload.ts';
import { remedyFor } from '../applications/remedy.ts';
import { sentAs, sentJson, sentText, type Sent } from '../applications/text.ts';
import { id, path } from '../config/fields.ts';
import { loadPneOptions } from '../config/pne.ts';
import type { Given } from '../config/settings.ts';
import type { PneOptions } from '../config/types.ts';
import { EXIT } from '../errors.ts';
import type { Host } from '../host.ts';
import { count, examples, jsonOption, parser, refuseOptionsBefore, withKeyringKey } from '../options.ts';
import { addPneSettings, chosenDevice, DEVICE_SAYS } from '../pne/settings.ts';
import { inSession, openForTask } from '../pne/task.ts';
import { connectedSoon, pause, run, untilStopped, type Running } from '../run.ts';

interface SendFlags extends PayloadFlags {
  readonly device?: string;
  readonly service: string;
  readonly wait?: number;
  readonly replies?: number;
  readonly json?: true;
}

export function addPneSend(pne: Command, host: Host, finish: (code: number) => void): void {
  const command = pne
    .command('send')
    .summary('send a message to a service of the operator')
    .description(
      'Sends a message in the secure session of a device, which registers first where it has none, and prints whether the ' +
        'service has it. The PN GW relays what it cannot read. Exit code 0: delivered, once.',
    )
    .addOption(new Option('--service <id>', 'service that it is for').argParser(parser(id)).makeOptionMandatory())
    .addOption(new Option('--text <text>', TEXT_SAYS))
    .addOption(new Option('--file <file>', FILE_SAYS).argParser(parser(path)))
    .addOption(new Option('--device <id>', DEVICE_SAYS).argParser(parser(id)))
    .option('--wait <seconds>', 'print what services send back for so long', count)
    .option('--replies <number>', 'with --wait: end as soon as so many have come', count)
    .addOption(jsonOption());
  addPneSettings(command)
    .addHelpText(
      'after',
      examples(
        'cpns pne send --config operator/pnes/hall-motion.yaml --service echo --text hello --wait 5 --replies 1',
        'cpns pne send --config operator/pnes.yaml --device hall-motion --service echo --file picture.jpg',
        'date | cpns pne send --config operator/pnes/hall-motion.yaml --service echo --file -',
      ),
    )
    .action(async (flags: Given & SendFlags, subcommand: Command) => {
      refuseOptionsBefore(subcommand);
      const options = loadPneOptions(withKeyringKey(flags, host), host.cwd);
      const { deviceId, pnId } = chosenDevice(options.devices, flags.device);
      const message = { deviceId, pnId, serviceId: flags.service, bytes: await readPayload(host, flags) };
      finish(await run(host, (running) => send(host, running, options, message, flags)));
    });
}

/** Who sent the last reply is told that it is here: that may wait for the commit of an epoch, some milliseconds. */
const ACKNOWLEDGE_MS = 300;

async function send(
  host: Host,
  running: Running,
  options: PneOptions,
  message: ApplicationMessage,
  { wait = 0, replies = Number.POSITIVE_INFINITY, json }: SendFlags,
): Promise<number> {
  const format = json === true ? 'json' : 'text';
  const enough = new AbortController();
  let came = 0;
  const onMessage = (): void => {
    came += 1;
    if (came >= replies) enough.abort();
  };
  const opened = await openForTask(host, running, options, { format, onMessage });
  const device = chosenDevice(options.devices, message.deviceId);
  await connectedSoon(host, opened.wire, options.natsUrls, running.stopped);
  const interrupted = untilStopped(running.stopped).then((): SendOutcome => ({ kind: 'unknown', reason: 'stopped' }));
  const outcome = await inSession(opened, device, running, (session) =>
    Promise.race([session.send(message), interrupted]),
  );
  if (outcome === null) return EXIT.failure;
  const sent = sentOf(outcome);
  const route = `${message.deviceId} to ${message.serviceId}`;
  await host.out(`${format === 'json' ? sentJson(message, sent) : sentText(route, message.bytes, sent)}\n`);
  if (sent.code !== 200) {
    host.err(`cpns: ${remedyFor(sent.code)}\n`);
    return EXIT.failure;
  }
  if (wait > 0) {
    await pause(host, wait * 1_000, AbortSignal.any([running.stopped, enough.signal]));
    await pause(host, ACKNOWLEDGE_MS, running.stopped);
  }
  return EXIT.ok;
}

function sentOf(outcome: SendOutcome): Sent {
  switch (outcome.kind) {
    case 'delivered':
      return sentAs(200);
    case 'refused':
      return sentAs(outcome.code);
    case 'noSession':
      return sentAs(480);
    case 'unknown':
      return sentAs(408);
  }
}
