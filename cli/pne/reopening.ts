import type { Clock } from '../../seams/clock.ts';
import type { Log } from '../../seams/log.ts';
import type { Journal } from '../../journal/port.ts';
import { BACK_OFF, delayMs } from '../../machines/timing.ts';
import { streamOf } from '../../machines/streams.ts';

/** A session that stood for so long was no failure: the waits begin anew. Longer than the longest wait, 256 s. */
export const STEADY_MS = 600_000;

export interface ReopeningOptions<Device> {
  readonly devices: readonly Device[];
  readonly journal: Pick<Journal, 'onCommit'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly register: (device: Device) => Promise<unknown>;
}

interface Standing {
  /** Null until a session is confirmed in this process. */
  confirmedAtMs: number | null;
  /** Sessions in a row that the server closed soon. */
  closed: number;
  cancel: () => void;
}

/**
 * A device whose session the server closes registers again while its process runs: after 2 s, and twice as long each time
 * that the session before did not stand for long. After 8 of those it is left as it is.
 * @returns ends it
 */
export function reopenSessions<Device extends { readonly deviceId: string }>({
  devices,
  journal,
  clock,
  log,
  register,
}: ReopeningOptions<Device>): () => void {
  const all = new Map(
    devices.map((device) => {
      const standing: Standing = { confirmedAtMs: null, closed: 0, cancel: () => {} };
      return [streamOf('pne/registration', { deviceId: device.deviceId }), { device, standing }];
    }),
  );

  function closed(device: Device, standing: Standing): void {
    const { deviceId } = device;
    const { confirmedAtMs } = standing;
    if (confirmedAtMs === null || clock.now() - confirmedAtMs >= STEADY_MS) standing.closed = 0;
    standing.closed += 1;
    if (standing.closed > BACK_OFF.attempts) {
      log.warn('the server closes each of its sessions; it does not register again', { deviceId });
      return;
    }
    const waitMs = delayMs(BACK_OFF, standing.closed);
    log.info('the server closed the session, registers again', { deviceId, waitMs });
    standing.cancel();
    standing.cancel = clock.after(waitMs, () => {
      register(device).catch((error: unknown) => log.warn('not registered again', { deviceId, error: String(error) }));
    });
  }

  const unlisten = journal.onCommit((events) => {
    for (const { stream, type } of events) {
      const found = all.get(stream);
      if (found === undefined) continue;
      const { device, standing } = found;
      if (type === 'SecureSessionConfirmed') {
        standing.confirmedAtMs = clock.now();
        // It registered meanwhile, in its turn of several: once more would end the session that it has now.
        standing.cancel();
      }
      if (type === 'SessionCloseReceived') closed(device, standing);
    }
  });
  return () => {
    unlisten();
    for (const { standing } of all.values()) standing.cancel();
  };
}
