import type { Wire } from '../wire/port.ts';
import { FailedError } from './errors.ts';
import type { Host, StopSignal } from './host.ts';

export interface Running {
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly stopped: AbortSignal;
  /** Registers what was opened. It is closed at the end, whatever the end is; the last that was opened is closed first. */
  onClose(name: string, close: () => void | Promise<void>): void;
}

const SIGNAL_NUMBERS: Readonly<Record<StopSignal, number>> = { SIGINT: 2, SIGTERM: 15 };

/** Shells report a process that a signal ended as 128 and the number of the signal. */
const SIGNAL_EXIT_BASE = 128;

/** One Ctrl-C can arrive twice: from the terminal, and passed on by npx or by the launcher. */
const SAME_STOP_MS = 300;

/**
 * Runs something that has to be closed: until its body returns, which has to happen soon after `stopped`. Then all that
 * was opened is closed, one after the other, even when one of them fails. A second signal ends the process at once.
 * @returns the body's exit code, or 1 when something could not be closed
 * @throws what the body throws, after closing
 */
export async function run(host: Host, body: (running: Running) => Promise<number>): Promise<number> {
  const stop = new AbortController();
  const opened: { readonly name: string; readonly close: () => void | Promise<void> }[] = [];
  let firstAtMs = 0;
  const unlisten = host.onSignal((signal) => {
    if (!stop.signal.aborted) {
      firstAtMs = host.clock.now();
      stop.abort();
    } else if (host.clock.now() - firstAtMs > SAME_STOP_MS) host.exit(SIGNAL_EXIT_BASE + SIGNAL_NUMBERS[signal]);
  });
  let failures = 0;
  try {
    return await body({ stopped: stop.signal, onClose: (name, close) => void opened.push({ name, close }) })
      .finally(async () => {
        for (const { name, close } of opened.toReversed()) failures += await closing(host, name, close);
      })
      .then((code) => (failures === 0 ? code : Math.max(code, 1)));
  } finally {
    unlisten();
  }
}

async function closing(host: Host, name: string, close: () => void | Promise<void>): Promise<0 | 1> {
  try {
    await close();
    return 0;
  } catch (error) {
    host.err(`cpns: could not close ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

/** Resolves when the signal is aborted. */
export async function untilStopped(stopped: AbortSignal): Promise<void> {
  if (stopped.aborted) return;
  await new Promise<void>((resolve) => stopped.addEventListener('abort', () => resolve(), { once: true }));
}

/** Resolves when the wire is connected, or the signal is aborted. */
export async function untilConnected(wire: Wire, stopped: AbortSignal): Promise<void> {
  if (wire.status === 'connected') return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const unlisten = wire.onStatus((status) => status === 'connected' && resolve());
  await Promise.race([promise, untilStopped(stopped)]);
  unlisten();
}

/** A NATS server on the way to being up is waited for; one that is not there is told of. */
const CONNECT_WITHIN_MS = 10_000;

/**
 * Resolves when the wire is connected, or the signal is aborted.
 * @throws FailedError when it is not connected in time
 */
export async function connectedSoon(
  host: Host,
  wire: Wire,
  natsUrls: readonly string[],
  stopped: AbortSignal,
): Promise<void> {
  const overdue = new AbortController();
  const cancel = host.clock.after(CONNECT_WITHIN_MS, () => overdue.abort());
  await untilConnected(wire, AbortSignal.any([stopped, overdue.signal]));
  cancel();
  if (overdue.signal.aborted)
    throw new FailedError(
      `No connection to NATS within ${CONNECT_WITHIN_MS / 1_000} s (${natsUrls.map(withoutCredentials).join(', ')})`,
      'Start the NATS server, or name another with --nats; one that knows its users wants --nats-seed-file.',
    );
}

/** An address in a file may hold a user and a password. */
const withoutCredentials = (url: string): string => url.replace(/\/\/[^/]*@/, '//');

/** Resolves after a time, or sooner when the signal is aborted. */
export async function pause(host: Host, delayMs: number, stopped: AbortSignal): Promise<void> {
  if (stopped.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      cancel();
      stopped.removeEventListener('abort', done);
      resolve();
    };
    const cancel = host.clock.after(delayMs, done);
    stopped.addEventListener('abort', done, { once: true });
  });
}
