import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';

/** Waits for the end of its standard input, which is the end of our process, and then for nothing more. */
const WATCHDOG = 'read -r _; kill -9 "$1"; [ -z "$2" ] || rm -rf -- "$2"';

/**
 * Ends a process of ours, and removes its folder, when we end without having done so ourselves.
 * @param temporaryDir null: none
 */
export function startWatchdog(pid: number | undefined, temporaryDir: string | null): ChildProcess | null {
  if (pid === undefined) return null;
  const watchdog = spawn('sh', ['-c', WATCHDOG, 'sh', String(pid), temporaryDir ?? ''], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.on('error', () => undefined);
  watchdog.unref();
  unrefStream(watchdog.stdin);
  return watchdog;
}

/** A pipe of a child keeps the event loop alive like any socket; ours must not hold up the end of the program. */
export function unrefStream(stream: unknown): void {
  if (stream instanceof Socket) stream.unref();
}
