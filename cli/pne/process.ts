import type { ApplicationMessage, SessionEnd } from '../../actors/sessions/data/port.ts';
import { startPnes } from '../../actors/start.ts';
import type { Runtime } from '../../actors/loop/runtime.ts';
import type { Log } from '../../seams/log.ts';
import type { Wire } from '../../wire/port.ts';
import type { ResponseCode } from '../../events/codes.ts';
import type { Journal } from '../../journal/port.ts';
import { messageJson, receivedText } from '../applications/text.ts';
import type { PneOptions } from '../config/types.ts';
import type { Host } from '../host.ts';
import { openRoleProcess, tellPlainFiles, type LogSettings } from '../role-process.ts';
import type { Running } from '../run.ts';
import type { Outcome } from './outcome.ts';
import { Registrations } from './registrations.ts';

/** PNEs that run in this process. */
export interface PneProcess {
  readonly runtime: Runtime;
  readonly journal: Pick<Journal, 'onCommit'>;
  readonly session: SessionEnd;
  readonly registrations: Registrations;
  readonly wire: Wire;
  readonly log: Log;
}

export interface PneProcessOptions {
  readonly format: 'text' | 'json';
  readonly settlesWith: (code: ResponseCode) => boolean;
  readonly onOutcome: (outcome: Outcome) => void;
  readonly onMessage?: () => void;
  /** Whether it takes the message itself: then it is not printed. */
  readonly takes?: (message: ApplicationMessage) => boolean;
}

/**
 * Opens the journal and starts the devices. What services send to them is printed, and confirmed once it is.
 * @throws JournalError, UsageError for the key file
 */
export async function openPnes(
  host: Host,
  running: Running,
  options: PneOptions,
  logging: LogSettings,
  { format, settlesWith, onOutcome, onMessage = () => {}, takes = () => false }: PneProcessOptions,
): Promise<PneProcess> {
  const { devices } = options;
  const name = devices.length === 1 ? (devices[0]?.deviceId ?? 'pne') : `pne-${devices.length}`;
  const { seams, wire, log } = await openRoleProcess(host, running, { role: 'pne', name, ...options }, logging);
  const { runtime, session } = await startPnes(devices, seams, {
    settings: options.session,
    async deliver(message) {
      if (takes(message)) return 200;
      const printed = await host.out(`${format === 'json' ? messageJson(message) : receivedText(message)}\n`);
      onMessage();
      // Nobody reads the output any more.
      return printed ? 200 : 503;
    },
  });
  running.onClose('the PNEs', () => runtime.stop());
  tellPlainFiles(log, options.secrets.plain);
  log.info('ready', { devices: devices.length, position: await seams.journal.head() });
  const registrations = new Registrations({
    runtime,
    journal: seams.journal,
    wire,
    log,
    running,
    settlesWith,
    onOutcome,
  });
  return { runtime, journal: seams.journal, session, registrations, wire, log };
}
