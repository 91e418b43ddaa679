import { toBase64url } from '../../security/base64url.ts';
import { Ring } from '../../actors/cluster/ring.ts';
import { isPostgresUrl } from '../../journal/postgres/address.ts';
import type { Household } from '../config/household.ts';
import { UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { table } from '../inventory/text.ts';
import { startPostgresServer } from '../postgres-server.ts';
import type { Running } from '../run.ts';
import { startChild, type Child } from './child.ts';
import { bringBack, checkKept, keepJournal } from './kept-journal.ts';

/** Processes on one machine: more show nothing more. */
export const MAX_SERVERS = 16;

/** The CPNS Servers of the demo, and the journal that they share. */
export interface Servers {
  /** How many. */
  readonly count: number;
  /** `sqlite`: a file in the operator directory. `postgres`: a server for the demo alone. Otherwise an address. */
  readonly journal: string;
}

/** @throws UsageError where the journal is none that several servers can share */
export function checkServers({ count, journal }: Servers): Servers {
  if (count > 1 && journal === 'sqlite')
    throw new UsageError(
      'A SQLite journal is for one server',
      'Add --journal postgres, which starts a PostgreSQL server for the demo, or --journal postgres://...',
    );
  if (journal === 'sqlite' || journal === 'postgres' || isPostgresUrl(journal)) return { count, journal };
  throw new UsageError(`--journal ${journal} is no journal of the demo`, 'Give sqlite, postgres or postgres://...');
}

const PASSWORD_BYTES = 24;

interface Where {
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The address of the journal, with its password where we made one; null: the file in the operator directory. */
  readonly address: string | null;
  /** What else was started. */
  readonly processes: readonly Pick<Child, 'name' | 'pid'>[];
}

async function openJournal(host: Host, running: Running, { journal }: Servers, keep: string | null): Promise<Where> {
  if (keep !== null) checkKept(keep, journal);
  if (journal === 'sqlite') return { flags: [], env: {}, address: null, processes: [] };
  if (journal !== 'postgres') return { flags: ['--journal', journal], env: {}, address: journal, processes: [] };
  const password = toBase64url(host.entropy.bytes(PASSWORD_BYTES));
  const postgres = await startPostgresServer({ password });
  running.onClose('PostgreSQL', () => postgres.stop());
  // On a command line everybody could read the password.
  const address = postgres.url('postgres');
  if (keep !== null) {
    await bringBack(host, running, keep, address);
    running.onClose('the journal of the CPNS Servers', () => keepJournal(host, keep, address));
  }
  return {
    flags: ['--journal', address.replace(`:${password}@`, '@')],
    address,
    env: { PGPASSWORD: password },
    processes: [{ name: 'PostgreSQL', pid: postgres.pid }],
  };
}

/**
 * Starts the servers.
 * @param keep the directory that is kept
 * @throws FailedError where there is no PostgreSQL server to start; UsageError where the directory has another journal
 */
export async function startServers(
  host: Host,
  running: Running,
  servers: Servers,
  keep: string | null,
  args: readonly string[],
): Promise<{
  readonly children: readonly Child[];
  readonly processes: Where['processes'];
  readonly journal: string | null;
}> {
  const { flags, env, address, processes } = await openJournal(host, running, servers, keep);
  const children = Array.from({ length: servers.count }, (_, index) => {
    const name = servers.count === 1 ? 'CPNS Server' : `CPNS Server ${index + 1}`;
    return startChild(name, ['server', ...args, ...flags], () => {}, env);
  });
  return { children, processes, journal: address };
}

const wordOf = (lines: readonly string[], pattern: RegExp): string | null =>
  lines.map((line) => pattern.exec(line)?.[1]).findLast((found) => found !== undefined) ?? null;

/** Ends the servers, and tells what each of them did. Nothing for one that was alone. */
export async function endServers(
  children: readonly Child[],
  { gateways }: Household,
  out: (text: string, json: object) => void,
): Promise<void> {
  if (children.length < 2) return;
  for (const child of children) await child.stop();
  const ids = children.map(({ tail }) => wordOf(tail(), / ending .*\bid=(\S+)/) ?? '');
  const ring = new Ring(ids);
  const rows = children.map(({ name, tail }, index) => {
    const number = (field: string): number => Number(wordOf(tail(), new RegExp(` ending .*\\b${field}=(\\d+)`)) ?? 0);
    const own = gateways.filter(({ id }) => ring.ownerOf(id) === ids[index]).map(({ id }) => id);
    return { name, gateways: own, steps: number('committed'), passedOn: number('passedOn') };
  });
  const head = ['', 'server', 'PN GWs', 'steps committed', 'messages handed over'];
  const cells = rows.map(({ name, gateways: own, steps, passedOn }) => {
    return ['', name, own.length === 0 ? '-' : own.join(' '), String(steps), String(passedOn)];
  });
  out(['\nCPNS Servers on one journal', ...table([head, ...cells])].join('\n'), { kind: 'servers', servers: rows });
}
