import { OBSERVERS_HEAR } from '../../messages/subjects.ts';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lineLog } from '../../seams/log.ts';
import { connectNats } from '../../wire/nats.ts';
import type { Wire } from '../../wire/port.ts';
import { type InventoryAnswer } from '../../messages/queries.ts';
import { reasonPhrase } from '../../events/codes.ts';
import type { RecordedEvent } from '../../journal/port.ts';
import { DEFAULT_NATS_URL } from '../config/fields.ts';
import { readNatsUser } from '../config/nats.ts';
import type { Household } from '../config/household.ts';
import { EXIT } from '../errors.ts';
import type { Host } from '../host.ts';
import { journalSources } from '../inspect/sources.ts';
import { inspect } from '../inspect/start.ts';
import { askInventory } from '../inventory/ask.ts';
import { table } from '../inventory/text.ts';
import { startNatsServer } from '../nats-server.ts';
import type { Outcome } from '../pne/outcome.ts';
import { NATS_SERVER_FILE } from '../provision/nats-server-config.ts';
import { OBSERVER_SEED_FILE } from '../provision/nats.ts';
import { provision } from '../provision/provision.ts';
import { pause, untilStopped, type Running } from '../run.ts';
import { startEcho, talkToEcho } from './applications.ts';
import { GATEWAY_FLAGS, showCharging } from './charging.ts';
import { startChild, type Child } from './child.ts';
import { KEPT_EXPORT } from './kept-journal.ts';
import { endServers, startServers, type Servers } from './servers.ts';
import { FlowReader } from './flows.ts';
import { gatewayInventoryQuery, INVENTORY_QUERY } from '../../messages/subjects.ts';

export interface DemoOptions {
  readonly household: Household;
  /** Where configuration and journals stay; a temporary directory that is removed when absent. */
  readonly keep?: string;
  /** The nats-server program; default: the one on PATH. */
  readonly natsServer?: string;
  readonly servers: Servers;
  readonly format: 'text' | 'json';
  /** A page on all journals of the demo; it then goes on until it is stopped. */
  readonly inspector: 'served' | 'none';
}

/** Everything has to be up by then; a second is what it takes here. */
const READY_WITHIN_MS = 30_000;
/** Sixteen registrations take a second; with a time-out on the way, a minute. */
const DONE_WITHIN_MS = 120_000;
const POLL_MS = 50;

type Pns = InventoryAnswer['pns'];

/** Runs the household from start to end. @returns 0 when everything came out as the household file expects it */
export async function runDemo(host: Host, running: Running, options: DemoOptions): Promise<number> {
  const { household, format } = options;
  const startedAt = host.clock.now();
  const dir = workDirectory(options, running);
  const out = (text: string, json: object): void => {
    void host.out(format === 'json' ? `${JSON.stringify(json)}\n` : `${text}\n`);
  };

  provision(household, {
    out: dir,
    nats: DEFAULT_NATS_URL,
    nowMs: host.clock.now(),
    bytes: (length) => host.entropy.bytes(length),
  });
  const nats = await startNatsServer({
    configFile: join(dir, NATS_SERVER_FILE),
    ...(options.natsServer === undefined ? {} : { env: { ...process.env, CPNS_NATS_SERVER: options.natsServer } }),
  });
  running.onClose('nats-server', () => nats.stop());
  const { clock, entropy } = host;
  const log = lineLog({ role: 'demo', json: 'text', now: () => clock.now(), write: () => {} });
  const user = readNatsUser(join(dir, OBSERVER_SEED_FILE));
  const wire = connectNats({ servers: nats.url, user, name: 'cpns-demo', log, clock, entropy });
  running.onClose('the connection to NATS', () => wire.close());

  const flows = new FlowReader(household);
  let shown: string | null = null;
  wire.subscribe(OBSERVERS_HEAR[0], ({ payload }) => {
    const event: RecordedEvent = JSON.parse(new TextDecoder().decode(payload));
    const deviceId = flows.deviceOf(event);
    const line = flows.line(event);
    if (deviceId === null || line === null) return;
    if (format === 'text' && deviceId !== shown) void host.out(`\n${flows.title(deviceId)}\n`);
    shown = deviceId;
    out(line, { kind: 'step', deviceId, step: event.meta.crStep, role: event.meta.role, event });
  });
  await wire.flush();

  // The files name the usual address; this server has a port of its own.
  const at = ['--nats', nats.url];
  const started = (processes: readonly Pick<Child, 'name' | 'pid'>[]): void => {
    const text = processes.map(({ name, pid }) => `${name}: process ${pid}`).join('\n');
    out(text, { kind: 'started', nats: nats.url, processes: processes.map(({ name, pid }) => ({ name, pid })) });
  };
  const config = ['--config', join(dir, 'server.yaml'), ...at];
  const {
    children: servers,
    processes,
    journal,
  } = await startServers(host, running, options.servers, options.keep ?? null, config);
  const roles = [...servers];
  for (const { id } of household.gateways) {
    roles.push(
      startChild(`PN GW ${id}`, ['gateway', '--config', join(dir, 'gateways', `${id}.yaml`), ...at, ...GATEWAY_FLAGS]),
    );
  }
  const talk = { household, dir, at, out };
  const echo = startEcho(talk);
  if (echo !== null) roles.push(echo);
  for (const child of roles) running.onClose(child.name, () => child.stop());
  started([{ name: `nats-server at ${nats.url}`, pid: nats.pid }, ...processes, ...roles]);
  const ended = new AbortController();
  for (const role of roles) void role.ended.then(() => ended.abort());
  const established = await areEstablished(host, running, wire, household, ended.signal);
  if (running.stopped.aborted) return EXIT.failure;
  if (!established) return failed(host, roles, ended.signal.aborted ? 'ended too soon' : 'were not ready in time');

  if (options.inspector === 'served') {
    const gateways = household.gateways.map(({ id }) => join(dir, 'gateways', `${id}.sqlite`));
    const journals = [journal ?? join(dir, 'server.sqlite'), ...gateways, join(dir, 'pnes.sqlite')];
    const { url } = await inspect(host, running, {
      sources: journalSources(running, journals),
      wire,
      port: 0,
      token: null,
    });
    out(`\nThe inspector: ${url}`, { kind: 'inspector', url });
  }

  const outcomes = new Map<string, Outcome>();
  const args = ['pne', '--config', join(dir, 'pnes.yaml'), ...at, '--once', '--again', '--sequential', '--json'];
  const pnes = startChild('PNEs', args, (line) => {
    const outcome: Outcome = JSON.parse(line);
    outcomes.set(outcome.deviceId, outcome);
  });
  running.onClose('PNEs', () => pnes.stop());
  started([pnes]);
  const overdue = new AbortController();
  const cancel = host.clock.after(DONE_WITHIN_MS, () => overdue.abort());
  await Promise.race([pnes.ended, ...[running.stopped, overdue.signal, ended.signal].map(untilStopped)]);
  cancel();
  if (running.stopped.aborted) return EXIT.failure;
  if (ended.signal.aborted) return failed(host, roles, 'ended too soon');
  await wire.flush();
  const lost = echo === null ? 0 : await talkToEcho(host, running, echo, outcomes, talk);
  const differing = echo === null ? 0 : await showCharging(host, running, wire, out);
  if (running.stopped.aborted) return EXIT.failure;

  const server = await askInventory(wire, INVENTORY_QUERY, null);
  const local = new Map<string, Pns>();
  for (const { id } of household.gateways) {
    local.set(id, await agreeing(host, running, wire, gatewayInventoryQuery(id), server));
  }
  if (options.inspector === 'none') await endServers(servers, household, out);
  const seconds = (host.clock.now() - startedAt) / 1_000;
  const code = report({ household, outcomes, lost, differing, server, local, out, seconds, options });
  if (options.inspector === 'served') {
    if (format === 'text') await host.out('\nThe roles go on, for the inspector, until Ctrl-C.\n');
    await untilStopped(running.stopped);
    await endServers(servers, household, out);
  }
  return code;
}

function workDirectory({ keep }: DemoOptions, { onClose }: Running): string {
  if (keep !== undefined) {
    mkdirSync(keep, { recursive: true, mode: 0o700 });
    return keep;
  }
  const dir = mkdtempSync(join(tmpdir(), 'cpns-demo-'));
  onClose('the temporary directory', () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Waits until each PN GW knows each of its PNs. */
async function areEstablished(
  host: Host,
  { stopped }: Running,
  wire: Wire,
  household: Household,
  ended: AbortSignal,
): Promise<boolean> {
  const until = host.clock.now() + READY_WITHIN_MS;
  while (host.clock.now() < until && !stopped.aborted && !ended.aborted) {
    const missing = await Promise.all(
      household.pns.map(async ({ id, gateway }) => {
        const pns = await askInventory(wire, gatewayInventoryQuery(gateway), null).catch((): Pns => []);
        const members = household.pnes.filter(({ pn, membership }) => pn === id && membership === 'member').length;
        const found = pns.find(({ pnId }) => pnId === id)?.members.length ?? 0;
        return found < members;
      }),
    );
    if (!missing.includes(true)) return true;
    await pause(host, POLL_MS, stopped);
  }
  return false;
}

/** The local inventory, once it has caught up with the server's; or as it is after a while. */
async function agreeing(host: Host, { stopped }: Running, wire: Wire, subject: string, server: Pns): Promise<Pns> {
  const until = host.clock.now() + READY_WITHIN_MS;
  for (;;) {
    const local = await askInventory(wire, subject, null);
    const behind = local.some(
      ({ pnId, revision }) => revision < (server.find((pn) => pn.pnId === pnId)?.revision ?? 0),
    );
    if (!behind || stopped.aborted || host.clock.now() > until) return local;
    await pause(host, POLL_MS, stopped);
  }
}

interface Result {
  readonly household: Household;
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** Messages that did not come back. */
  readonly lost: number;
  /** Charging records of which server and PN GW have different counts. */
  readonly differing: number;
  readonly server: Pns;
  readonly local: ReadonlyMap<string, Pns>;
  readonly out: (text: string, json: object) => void;
  readonly seconds: number;
  readonly options: DemoOptions;
}

function report({ household, outcomes, lost, differing, server, local, out, seconds, options }: Result): number {
  let unequal = 0;
  for (const pn of server) {
    const gatewayId = household.pns.find(({ id }) => id === pn.pnId)?.gateway ?? '';
    const copy = local.get(gatewayId)?.find(({ pnId }) => pnId === pn.pnId);
    const equal = JSON.stringify(copy) === JSON.stringify(pn);
    if (!equal) unequal += 1;
    const ids = [...new Set([...pn.members, ...(copy?.members ?? [])].map(({ deviceId }) => deviceId))].toSorted();
    const rows = ids.map((id) => {
      const mine = pn.members.find(({ deviceId }) => deviceId === id);
      const theirs = copy?.members.find(({ deviceId }) => deviceId === id);
      return ['', id, mine?.cpnsId ?? '-', cell(mine), cell(theirs)];
    });
    const head = ['', 'PNE', 'CPNS ID', 'CPNS Server', `PN GW ${gatewayId}`];
    const sum = ['', 'revision', '', String(pn.revision), String(copy?.revision ?? '-')];
    const verdict = equal ? 'equal' : 'DIFFERENT';
    const text = [`\nPN Inventory of '${pn.pnId}': ${verdict}`, ...table([head, ...rows, sum])].join('\n');
    out(text, { kind: 'inventory', pnId: pn.pnId, equal, server: pn, gatewayId, gateway: copy ?? null });
  }
  const rows = household.pnes.map(({ id, demo }) => {
    const code = outcomes.get(id)?.code ?? null;
    return { deviceId: id, expected: demo.expect, code, cpnsId: outcomes.get(id)?.cpnsId ?? null };
  });
  const surprises = rows.filter(({ expected, code }) => expected !== code);
  const count = (code: number): number => rows.filter((row) => row.code === code).length;
  const codes = [...new Set(rows.flatMap(({ code }) => (code === null ? [] : [code])))].toSorted((a, b) => a - b);
  const text = [
    `\n${rows.length} PNEs: ${codes.map((code) => `${count(code)} x ${code} ${reasonPhrase(code)}`).join(', ')}.`,
    ...surprises.map(
      ({ deviceId, expected, code }) => `UNEXPECTED: ${deviceId} got ${code ?? 'no answer'}, not ${expected}`,
    ),
    ...(surprises.length === 0 ? ['Each as the household file expects it.'] : []),
    keptText(options),
    `${seconds.toFixed(1)} s`,
  ].join('\n');
  out(text, {
    kind: 'summary',
    outcomes: rows,
    unexpected: surprises.length,
    unequal,
    lost,
    differing,
    seconds,
    keep: options.keep ?? null,
  });
  return surprises.length === 0 && unequal === 0 && lost === 0 && differing === 0 ? EXIT.ok : EXIT.failure;
}

function keptText({ keep, servers: { journal } }: DemoOptions): string {
  const kept =
    keep === undefined ? 'The journals are gone (--keep DIR keeps them).' : `Journals and configuration: ${keep}`;
  if (journal === 'sqlite') return kept;
  if (journal !== 'postgres') return `${kept}\nThe journal of the CPNS Servers stays in its database.`;
  return keep === undefined ? kept : `${kept}; the journal of the CPNS Servers is the export ${KEPT_EXPORT} there`;
}

function cell(member: Pns[number]['members'][number] | undefined): string {
  return member === undefined ? '-' : `${member.status}, ${member.revision}`;
}

function failed(host: Host, roles: readonly Child[], what: string): number {
  for (const { name, tail } of roles)
    host.err(
      tail()
        .map((line) => `${name}: ${line}\n`)
        .join(''),
    );
  host.err(`cpns: The roles ${what}. Their last log lines are above.\n`);
  return EXIT.failure;
}
