import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findNatsServer, INSTALL_REMEDY, NatsServerError } from './nats-program.ts';
import { startWatchdog, unrefStream } from './watchdog.ts';

export interface NatsServer {
  /** `nats://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Asks it to end (SIGTERM), insists after `STOP_GRACE_MS`, resolves when it is gone. */
  stop(): Promise<void>;
  /** Ends it without warning (SIGKILL), as a power cut would. */
  kill(): Promise<void>;
}

export interface NatsServerOptions {
  /** Default: the server itself takes a free one, so that no two can choose the same. */
  readonly port?: number;
  /** Working directory. Default: a temporary one, removed with the server. */
  readonly dir?: string;
  /** Text of a configuration file (users, permissions). Address and port in it are overridden. */
  readonly config?: string;
  /** Configuration file to use instead of such a text. Address and port in it are overridden. */
  readonly configFile?: string;
  /** How long to wait for a given port that is taken. Default `PORT_RETRY_MS`. */
  readonly portRetryMs?: number;
  /** Where to look for the program. Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** It is ready within 10 ms here; a loaded machine gets a thousand times that. */
export const READY_WITHIN_MS = 10_000;
/** A given port may still be held by a server that is ending, or by the passing connection of some client. */
export const PORT_RETRY_MS = 5_000;
const PORT_RETRY_STEP_MS = 50;
/** nats-server ends within 100 ms of SIGTERM unless clients drain. */
export const STOP_GRACE_MS = 5_000;
const LOG_LINES_KEPT = 20;

/**
 * Starts a NATS server of its own on a loopback port; no other server on the machine matters. It ends with our process,
 * however that ends (SIGKILL too): a watchdog beside it sees our end of a pipe close. Only a watchdog killed as well,
 * or a machine without `sh`, leaves it behind.
 * @throws NatsServerError `notFound`, `portInUse` after `portRetryMs`, `failed` with what the server said
 */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const program = findNatsServer(options.env ?? process.env);
  const giveUpAt = Date.now() + (options.portRetryMs ?? PORT_RETRY_MS);
  for (;;) {
    try {
      return await startOnce(program, options);
    } catch (error) {
      const again = error instanceof NatsServerError && error.fault === 'portInUse' && Date.now() < giveUpAt;
      if (!again) throw error;
      await new Promise((resolve) => setTimeout(resolve, PORT_RETRY_STEP_MS));
    }
  }
}

async function startOnce(program: string, options: NatsServerOptions): Promise<NatsServer> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'cpns-nats-'));
  const cleanUp = (): void => {
    if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
  };
  const args = ['--addr', '127.0.0.1', '--port', String(options.port ?? -1)];
  if (options.configFile !== undefined) args.push('--config', options.configFile);
  else if (options.config !== undefined) {
    const file = join(dir, 'nats-server.conf');
    writeFileSync(file, options.config, { mode: 0o600 });
    args.push('--config', file);
  }
  // A session of its own: Ctrl-C in the terminal must reach us alone, so that roles can end before their server does.
  const child = spawn(program, args, { cwd: dir, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  child.unref();
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const watchdog = startWatchdog(child.pid, options.dir === undefined ? dir : null);
  try {
    const port = await whenReady(child, program);
    const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const insist = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
      await gone;
      clearTimeout(insist);
      watchdog?.kill('SIGKILL');
      cleanUp();
    };
    const { pid } = child;
    if (pid === undefined) throw new NatsServerError('failed', `${program} has no process id`, INSTALL_REMEDY);
    return { url: `nats://127.0.0.1:${port}`, port, pid, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
  } catch (error) {
    child.kill('SIGKILL');
    await gone;
    watchdog?.kill('SIGKILL');
    cleanUp();
    throw error;
  }
}

/** Waits until the server says that it is ready. Resolves to its port. */
async function whenReady(child: ChildProcess, program: string): Promise<number> {
  const stderr = child.stderr;
  if (stderr === null) throw new NatsServerError('failed', `${program} has no standard error`, INSTALL_REMEDY);
  const said: string[] = [];
  let port = 0;
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const fail = (what: string): void => {
    const log = said.join('\n  ');
    const inUse = log.includes('address already in use');
    reject(
      new NatsServerError(
        inUse ? 'portInUse' : 'failed',
        `${program} ${what}${log === '' ? '' : `:\n  ${log}`}`,
        inUse ? 'Choose another port, or leave the choice to the server.' : 'See what it said above.',
      ),
    );
  };
  const lines = createInterface({ input: stderr });
  lines.on('line', (line) => {
    said.push(line);
    if (said.length > LOG_LINES_KEPT) said.shift();
    const listening = /Listening for client connections on .*:(\d+)$/.exec(line);
    if (listening !== null) port = Number(listening[1]);
    if (line.endsWith('Server is ready') && port !== 0) resolve(port);
  });
  child.once('error', (error) => fail(`cannot be run (${error.message})`));
  // Not `exit`: what it said last must have been read.
  child.once('close', (code, signal) =>
    fail(`ended (${signal ?? `exit code ${code ?? 'unknown'}`}) before it was ready`),
  );
  const timer = setTimeout(() => fail(`was not ready within ${READY_WITHIN_MS} ms`), READY_WITHIN_MS);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    unrefStream(stderr);
  }
}
