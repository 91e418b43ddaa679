import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { ApplicationMessage, SendOutcome } from '../../actors/sessions/data/port.ts';
import { RECEIPT_SERVICE } from '../../actors/roles/cpns-server/receipts/receipts.ts';
import { pneRegistration } from '../../machines/pne/registration.ts';
import type { NoteVerifier } from '../../security/transparency/note-key.ts';
import { id, path } from '../config/fields.ts';
import { loadPneOptions } from '../config/pne.ts';
import type { Given } from '../config/settings.ts';
import type { PneOptions } from '../config/types.ts';
import { EXIT, FailedError, fileReason, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { readNoteVerifier } from '../keys/note-keys.ts';
import { examples, jsonOption, parser, refuseOptionsBefore, withKeyringKey } from '../options.ts';
import { readReceipt } from '../pne/receipt.ts';
import { addPneSettings, chosenDevice, DEVICE_SAYS } from '../pne/settings.ts';
import { inSession, openForTask } from '../pne/task.ts';
import { connectedSoon, pause, run, untilStopped, type Running } from '../run.ts';
import { streamOf } from '../../machines/streams.ts';
import type { PneDevice } from '../../actors/roles/pne/device.ts';

interface ReceiptFlags {
  readonly device?: string;
  readonly output?: string;
  readonly key?: string;
  readonly json?: true;
}

/** The server may have to wait until it signs again, and a lost frame comes again within seconds. */
const ANSWER_WITHIN_MS = 60_000;

export function addPneReceipt(pne: Command, host: Host, finish: (code: number) => void): void {
  const command = pne
    .command('receipt')
    .summary('get the proof that the registration of a device is in the signed record of the operator')
    .description(
      'Asks the server, in the secure session of a device, for the receipt of its registration (C2SP tlog-proof), and keeps ' +
        'it in a file. With the public key of the operator anybody can check it later, without server and network. The PN GW ' +
        'relays what it cannot read. A device without a session registers first.',
    )
    .addOption(
      new Option('-o, --output <file>', 'where it is kept (default: <device id>.tlog-proof)').argParser(parser(path)),
    )
    .addOption(
      new Option('--key <file>', 'public key of the operator: the receipt is checked before it is kept').argParser(
        parser(path),
      ),
    )
    .addOption(new Option('--device <id>', DEVICE_SAYS).argParser(parser(id)))
    .addOption(jsonOption());
  addPneSettings(command)
    .addHelpText(
      'after',
      examples(
        'cpns pne receipt --config operator/pnes/hall-motion.yaml --key operator/checkpoint.key.pub',
        'cpns journal verify --receipt hall-motion.tlog-proof --key operator/checkpoint.key.pub',
      ),
    )
    .action(async (flags: Given & ReceiptFlags, subcommand: Command) => {
      refuseOptionsBefore(subcommand);
      const options = loadPneOptions(withKeyringKey(flags, host), host.cwd);
      const device = chosenDevice(options.devices, flags.device);
      const verifier = flags.key === undefined ? null : readNoteVerifier(resolve(host.cwd, flags.key));
      finish(await run(host, (running) => receipt(host, running, options, device, verifier, flags)));
    });
}

async function receipt(
  host: Host,
  running: Running,
  options: PneOptions,
  device: PneDevice,
  verifier: NoteVerifier | null,
  { output, json }: ReceiptFlags,
): Promise<number> {
  const { deviceId, pnId } = device;
  const came = new AbortController();
  let text = '';
  const takes = (message: ApplicationMessage): boolean => {
    if (message.serviceId !== RECEIPT_SERVICE || message.deviceId !== deviceId) return false;
    text = new TextDecoder().decode(message.bytes);
    came.abort();
    return true;
  };
  const opened = await openForTask(host, running, options, { format: json === true ? 'json' : 'text', takes });
  await connectedSoon(host, opened.wire, options.natsUrls, running.stopped);
  const question = { deviceId, pnId, serviceId: RECEIPT_SERVICE, bytes: new Uint8Array() };
  const interrupted = untilStopped(running.stopped).then((): SendOutcome => ({ kind: 'unknown', reason: 'stopped' }));
  const outcome = await inSession(opened, device, running, (session) =>
    Promise.race([session.send(question), interrupted]),
  );
  if (outcome === null) return EXIT.failure;
  if (outcome.kind !== 'delivered') throw refusal(outcome);
  await pause(host, ANSWER_WITHIN_MS, AbortSignal.any([running.stopped, came.signal]));
  if (!came.signal.aborted) throw refusal({ kind: 'unknown', reason: 'no receipt came' });

  const { context } = await opened.runtime.state(pneRegistration, streamOf('pne/registration', { deviceId }));
  const found = readReceipt(text, device, context.cpnsId, verifier);
  const file = resolve(host.cwd, output ?? `${deviceId}.tlog-proof`);
  keep(file, text);
  const line = { kind: 'receipt', deviceId, file, ...found };
  const checked =
    verifier === null ? 'not checked: give the public key of the operator with --key' : `signed by ${verifier.name}`;
  await host.out(
    json === true
      ? `${JSON.stringify(line)}\n`
      : `${deviceId}  receipt of position ${found.position} of ${found.size}, ${found.cpnsId}, ${checked}\n${file}\n`,
  );
  // Whoever sent it is told that it is here.
  await pause(host, ACKNOWLEDGE_MS, running.stopped);
  return EXIT.ok;
}

const ACKNOWLEDGE_MS = 300;

function keep(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new UsageError(`${file} cannot be written: ${fileReason(error)}`, 'Name another file with -o.');
  }
}

function refusal(outcome: Exclude<SendOutcome, { readonly kind: 'delivered' }>): FailedError {
  const refused = (what: string, remedy: string): FailedError => new FailedError(`No receipt: ${what}`, remedy);
  if (outcome.kind !== 'refused') return refused('the server did not answer in time', 'Try again in a moment.');
  switch (outcome.code) {
    case 404:
      return refused('the server signs no checkpoints', 'Its operator gives it a key with checkpointKeyFile.');
    case 429:
      return refused('too many questions', 'Try again in half a minute: the receipt stays the same.');
    case 503:
      return refused('the server could not sign a checkpoint', 'Try again later; its log says why.');
    default:
      return refused(`the server answered ${outcome.code}`, 'Look at the log of the server.');
  }
}
