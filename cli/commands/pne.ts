import { Option } from 'commander';
import { devicePairing } from '../config/fields.ts';
import { register, startPnes } from '../../actors/roles/start.ts';
import { pneStream } from '../../actors/roles/pne.ts';
import { pneRegistration } from '../../machines/pne/registration.ts';
import { reasonPhrase } from '../../events/codes.ts';
import { loadPneOptions } from '../config/pne.ts';
import { SETTINGS, type Given } from '../config/settings.ts';
import type { PneOptions } from '../config/types.ts';
import { EXIT } from '../errors.ts';
import type { Host } from '../host.ts';
import { examples, jsonOption, logOption, setting, type LogFlags, withKeyringKey, type Register } from '../options.ts';
import { concludedBy, outcomeOf, outcomeText, type Outcome } from '../pne/outcome.ts';
import { openRoleProcess } from '../role-process.ts';
import { run, untilConnected, untilStopped, type Running } from '../run.ts';

interface PneFlags extends LogFlags {
  readonly once?: true;
  readonly again?: true;
  readonly sequential?: true;
  readonly json?: true;
}

export const pne: Register = (program, host, finish) => {
  program
    .command('pne')
    .summary('run one PNE or several')
    .description(
      'Registers PNEs through their PN GW, prints CPNS ID and response code of each, and stays until Ctrl-C or SIGTERM.',
    )
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
    .option('--once', 'end after the answers: exit code 0 when all were registered, otherwise 1')
    .option('--again', 'register again even when the journal holds a registration that stands')
    .option('--sequential', 'one device after the other instead of all at once')
    .addOption(jsonOption())
    .addOption(logOption())
    .addHelpText(
      'after',
      examples('cpns pne --config operator/pnes/hall-motion.yaml', 'cpns pne --config operator/pnes.yaml --once'),
    )
    .action(async (flags: Given & PneFlags) => {
      const options = loadPneOptions(withKeyringKey(flags, host), host.cwd);
      finish(await run(host, (running) => serve(host, running, options, flags)));
    });
};

async function serve(host: Host, running: Running, options: PneOptions, flags: PneFlags): Promise<number> {
  const { devices } = options;
  const name = devices.length === 1 ? (devices[0]?.deviceId ?? 'pne') : `pne-${devices.length}`;
  const { seams, wire, log } = await openRoleProcess(host, running, { role: 'pne', name, ...options }, flags);
  const { runtime } = await startPnes(devices, seams);
  running.onClose('the PNEs', () => runtime.stop());
  log.info('ready', { devices: devices.length, position: await seams.journal.head() });

  const outcomes = new Map<string, Outcome>();
  const waiting = new Map<string, () => void>();
  const width = Math.max(...devices.map(({ deviceId }) => deviceId.length));
  const settle = (outcome: Outcome): void => {
    outcomes.set(outcome.deviceId, outcome);
    const line = flags.json === true ? JSON.stringify(outcome) : outcomeText(outcome, width);
    void host.out(`${line}\n`);
    waiting.get(outcome.deviceId)?.();
  };
  const current = async (deviceId: string): Promise<Outcome | null> =>
    outcomeOf(deviceId, await runtime.state(pneRegistration, pneStream(deviceId)));
  const conclude = async (deviceId: string): Promise<void> => {
    const state = await runtime.state(pneRegistration, pneStream(deviceId));
    const outcome = outcomeOf(deviceId, state);
    const { code } = state.context;
    if (outcome !== null) settle(outcome);
    // The owner may take days to approve: with --once that is the answer.
    else if (code === 202 && flags.once === true) settle({ deviceId, code, cpnsId: null, keyId: null });
    else log.info('refused for now, asks again', { deviceId, code, reason: code === null ? null : reasonPhrase(code) });
  };
  const unread = (error: unknown): void => {
    if (!running.stopped.aborted) log.error('outcome not read', { error: String(error) });
  };
  const unlisten = seams.journal.onCommit((events) => {
    for (const event of events) {
      const deviceId = concludedBy(event);
      if (deviceId !== null) void conclude(deviceId).catch(unread);
    }
  });
  running.onClose('the outcomes', unlisten);

  const answered = async (device: PneOptions['devices'][number]): Promise<void> => {
    const { deviceId } = device;
    const answer = new Promise<void>((resolve) => waiting.set(deviceId, resolve));
    const before = await current(deviceId);
    if (before?.code === 200 && flags.again !== true) settle(before);
    else {
      // What is sent before is lost: the first attempt would be, and its retry comes a second later.
      await untilConnected(wire, running.stopped);
      if (!running.stopped.aborted) await register(runtime, device);
    }
    await Promise.race([answer, untilStopped(running.stopped)]);
  };
  if (flags.sequential === true) for (const device of devices) await answered(device);
  else await Promise.all(devices.map(answered));
  if (flags.once !== true) await untilStopped(running.stopped);
  log.info('ending', { ...runtime.stats });
  return devices.every(({ deviceId }) => outcomes.get(deviceId)?.code === 200) || flags.once !== true
    ? EXIT.ok
    : EXIT.failure;
}
