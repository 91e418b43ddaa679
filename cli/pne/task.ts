import type { SessionEnd } from '../../actors/sessions/data/port.ts';
import { isTemporary, reasonPhrase } from '../../events/codes.ts';
import { JournalError } from '../../journal/port.ts';
import type { PneOptions } from '../config/types.ts';
import { FailedError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Running } from '../run.ts';
import { OF_A_TASK } from '../role-process.ts';
import { openPnes, type PneProcess, type PneProcessOptions } from './process.ts';
import type { PneDevice } from '../../actors/roles/pne/device.ts';

/** A command that runs devices for one task and ends, instead of staying. */

/**
 * Opens the journal of the devices for one task.
 * @throws JournalError `locked` while another process runs the devices
 */
export async function openForTask(
  host: Host,
  running: Running,
  options: PneOptions,
  task: Pick<PneProcessOptions, 'format' | 'onMessage' | 'takes'>,
): Promise<PneProcess> {
  return openPnes(host, running, options, OF_A_TASK, {
    ...task,
    settlesWith: () => true,
    onOutcome: () => {},
  }).catch((error: unknown) => {
    if (!(error instanceof JournalError) || error.fault !== 'locked') throw error;
    const remedy =
      'Where a cpns pne is running on it, end that first: one process at a time has the keys of a device. ' +
      'Or give this device a journal of its own.';
    throw new JournalError('locked', error.message, remedy, { cause: error });
  });
}

/**
 * Does something in the session of a device, which registers before where it has none.
 * @returns null when the command was stopped
 * @throws FailedError when the device is not registered
 */
export async function inSession<T extends { readonly kind: string }>(
  { registrations, session }: PneProcess,
  device: PneDevice,
  { stopped }: Running,
  act: (session: SessionEnd) => Promise<T>,
): Promise<T | null> {
  const attempt = async (when: 'needed' | 'always'): Promise<T | null> => {
    await registrations.answered(device, when);
    if (stopped.aborted) return null;
    const code = registrations.outcomes.get(device.deviceId)?.code ?? 408;
    if (code === 200) return act(session);
    throw new FailedError(
      `${device.deviceId} is not registered: ${code} ${reasonPhrase(code)}`,
      isTemporary(code)
        ? 'It was refused for now: check that server and PN GW run, and try again in a moment.'
        : 'The journals of server and PN GW say why it was refused.',
    );
  };
  const result = await attempt('needed');
  // The journal says that it is registered, and the keys are gone: it registers again.
  return result?.kind === 'noSession' ? attempt('always') : result;
}
