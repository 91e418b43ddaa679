import { register } from '../../actors/start.ts';
import { loadPneOptions } from '../config/pne.ts';
import type { Given } from '../config/settings.ts';
import type { PneOptions } from '../config/types.ts';
import { EXIT } from '../errors.ts';
import type { Host } from '../host.ts';
import { examples, jsonOption, logOption, type LogFlags, withKeyringKey, type Register } from '../options.ts';
import { outcomeText } from '../pne/outcome.ts';
import { openPnes } from '../pne/process.ts';
import { reopenSessions } from '../pne/reopening.ts';
import { addPneSettings } from '../pne/settings.ts';
import { run, untilStopped, type Running } from '../run.ts';
import { addPneClose } from './pne-close.ts';
import { addPneReceipt } from './pne-receipt.ts';
import { addPneSend } from './pne-send.ts';

interface PneFlags extends LogFlags {
  readonly once?: true;
  readonly again?: true;
  readonly sequential?: true;
  readonly json?: true;
}

export const pne: Register = (program, host, finish) => {
  const command = addPneSettings(
    program
      .command('pne')
      .summary('run one PNE or several, send a message, get a receipt, close a session')
      .description(
        'Registers PNEs through their PN GW, prints CPNS ID and response code of each, then the messages that services send ' +
          'to them, and stays until Ctrl-C or SIGTERM. A device whose session the server closes registers again after a while.',
      ),
  )
    .option('--once', 'end after the answers: exit code 0 when all were registered, otherwise 1')
    .option('--again', 'register again even when the journal holds a registration that stands')
    .option('--sequential', 'one device after the other instead of all at once')
    .addOption(jsonOption())
    .addOption(logOption())
    .addHelpText(
      'after',
      examples(
        'cpns pne --config operator/pnes/hall-motion.yaml',
        'cpns pne --config operator/pnes.yaml --once',
        'cpns pne send --config operator/pnes/hall-motion.yaml --service echo --text hello',
      ),
    )
    .helpCommand(false)
    .action(async (flags: Given & PneFlags) => {
      const options = loadPneOptions(withKeyringKey(flags, host), host.cwd);
      finish(await run(host, (running) => serve(host, running, options, flags)));
    });
  addPneSend(command, host, finish);
  addPneReceipt(command, host, finish);
  addPneClose(command, host, finish);
};

async function serve(host: Host, running: Running, options: PneOptions, flags: PneFlags): Promise<number> {
  const { devices } = options;
  const width = Math.max(...devices.map(({ deviceId }) => deviceId.length));
  const format = flags.json === true ? 'json' : 'text';
  const { registrations, runtime, journal, log } = await openPnes(host, running, options, flags, {
    format,
    // The owner may take days to approve: with --once that is the answer.
    settlesWith: (code) => code === 202 && flags.once === true,
    onOutcome: (outcome) =>
      void host.out(`${format === 'json' ? JSON.stringify(outcome) : outcomeText(outcome, width)}\n`),
  });
  if (flags.once !== true) {
    const { clock } = host;
    const again = (device: (typeof devices)[number]) => register(runtime, device);
    running.onClose('sessions', reopenSessions({ devices, journal, clock, log, register: again }));
  }
  const when = flags.again === true ? 'always' : 'needed';
  if (flags.sequential === true) for (const device of devices) await registrations.answered(device, when);
  else await Promise.all(devices.map((device) => registrations.answered(device, when)));
  if (flags.once !== true) await untilStopped(running.stopped);
  log.info('ending', { ...runtime.stats });
  const registered = devices.every(({ deviceId }) => registrations.outcomes.get(deviceId)?.code === 200);
  return registered || flags.once !== true ? EXIT.ok : EXIT.failure;
}
