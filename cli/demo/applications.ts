import { join } from 'node:path';
import { z } from 'zod';
import type { Household } from '../config/household.ts';
import type { Host } from '../host.ts';
import type { Outcome } from '../pne/outcome.ts';
import { pause, type Running } from '../run.ts';
import { startChild, type Child } from './child.ts';

/** The service that sends back what it gets. */
const ECHO = 'echo';
/** Devices that write to it: a few show it. */
const SENDERS = 3;
/** It takes a second here. */
const READY_WITHIN_MS = 30_000;
const POLL_MS = 50;
const WAIT_SECONDS = 20;

export interface Talk {
  readonly household: Household;
  /** The operator directory. */
  readonly dir: string;
  /** Flags that name the NATS server. */
  readonly at: readonly string[];
  readonly out: (text: string, json: object) => void;
}

/** Starts the service, where the household has it. */
export function startEcho({ household, dir, at }: Talk): Child | null {
  if (!household.services.includes(ECHO)) return null;
  const config = join(dir, 'services', `${ECHO}.yaml`);
  return startChild(`service ${ECHO}`, ['service', '--config', config, ...at, '--echo', '--json']);
}

const Line = z.object({ kind: z.string(), code: z.number().optional(), sizeBytes: z.number() });

/**
 * Devices that are registered write to the service, one after the other, and close their sessions.
 * @returns how many did not get their message back
 */
export async function talkToEcho(
  host: Host,
  running: Running,
  echo: Child,
  outcomes: ReadonlyMap<string, Outcome>,
  { household, dir, at, out }: Talk,
): Promise<number> {
  const until = host.clock.now() + READY_WITHIN_MS;
  while (!echo.tail().some((line) => line.includes(' ready ')) && host.clock.now() < until) {
    await pause(host, POLL_MS, running.stopped);
    if (running.stopped.aborted) return 0;
  }
  const senders = household.pnes.filter(({ id }) => outcomes.get(id)?.code === 200).slice(0, SENDERS);
  out(`\nMessages to the service '${ECHO}' and back, in the secure session of each PNE`, { kind: 'applications' });
  let failures = 0;
  for (const { id, gateway } of senders) {
    const device = ['--config', join(dir, 'pnes.yaml'), ...at, '--device', id, '--json'];
    const message = ['--service', ECHO, '--text', `hello from ${id}`, '--wait', `${WAIT_SECONDS}`, '--replies', '1'];
    const said = await command(running, `pne send of ${id}`, ['pne', 'send', ...device, ...message]);
    const lines = said.map((line) => Line.parse(JSON.parse(line)));
    const sent = lines.find(({ kind }) => kind === 'sent');
    const received = lines.find(({ kind }) => kind === 'message');
    if (running.stopped.aborted) return failures;
    if (sent?.code !== 200 || received?.sizeBytes !== sent.sizeBytes) failures += 1;
    const verdict = received === undefined ? 'did not come back' : 'came back';
    out(`  ${id} through ${gateway}: ${sent?.sizeBytes ?? 0} bytes, ${sent?.code ?? 'no answer'}, ${verdict}`, {
      kind: 'application',
      deviceId: id,
      serviceId: ECHO,
      sent: sent ?? null,
      received: received ?? null,
    });
    await command(running, `pne close of ${id}`, ['pne', 'close', ...device]);
  }
  return failures;
}

/** Runs a command to its end. @returns the lines of its standard output */
async function command(running: Running, name: string, args: readonly string[]): Promise<readonly string[]> {
  const lines: string[] = [];
  const child = startChild(name, args, (line) => lines.push(line));
  running.onClose(name, () => child.stop());
  await child.ended;
  return lines;
}
