import type { z } from 'zod';
import { lineLog } from '../../seams/log.ts';
import { connectNats } from '../../wire/nats.ts';
import { WireError, type Wire } from '../../wire/port.ts';
import { natsAccess, type NatsFlags } from '../config/nats.ts';
import { Settings } from '../config/settings.ts';
import type { NatsAccess } from '../config/types.ts';
import type { Host } from '../host.ts';
import { connectedSoon, type Running } from '../run.ts';

/** How long a running role may take to answer. */
export const ANSWER_WITHIN_MS = 5_000;

/** A wire to ask over; it is closed at the end of the run. @param name what asks, e.g. `inventory` */
export function wireToAsk(
  host: Host,
  running: Running,
  name: string,
  flags: NatsFlags,
): { readonly wire: Wire; readonly natsUrls: readonly string[] } {
  return wireTo(host, running, name, natsAccess(new Settings(`cpns ${name}`, null, host.cwd), flags, {}));
}

/** The same, where a file says how. */
function wireTo(
  host: Host,
  { onClose }: Running,
  name: string,
  { natsUrls, natsUser, natsCa }: NatsAccess,
): { readonly wire: Wire; readonly natsUrls: readonly string[] } {
  const { clock, entropy } = host;
  const all = lineLog({ role: name, json: 'text', now: () => clock.now(), write: (line) => host.err(line) });
  // People asked a question: they are told of a connection only where there is none.
  const log = { ...all, info: () => {} };
  const wire = connectNats({
    servers: natsUrls,
    user: natsUser,
    ca: natsCa,
    name: `cpns-${name}`,
    log,
    clock,
    entropy,
  });
  onClose('the connection to NATS', () => wire.close());
  return { wire, natsUrls };
}

/** The same, connected. @throws FailedError when it is not in time */
export async function connectToAsk(host: Host, running: Running, name: string, flags: NatsFlags): Promise<Wire> {
  return connectTo(host, running, name, natsAccess(new Settings(`cpns ${name}`, null, host.cwd), flags, {}));
}

/** The same, where a file says how. @throws FailedError when it is not in time */
export async function connectTo(host: Host, running: Running, name: string, access: NatsAccess): Promise<Wire> {
  const { wire, natsUrls } = wireTo(host, running, name, access);
  await connectedSoon(host, wire, natsUrls, running.stopped);
  return wire;
}

/** Asks a running role. @throws WireError when nobody answers, or in a form that this program does not know */
export async function askQuery<Reply>(
  wire: Wire,
  subject: string,
  question: object,
  reply: z.ZodType<Reply>,
): Promise<Reply> {
  const payload = await wire.request(subject, JSON.stringify(question), { timeoutMs: ANSWER_WITHIN_MS });
  const read = reply.safeParse(JSON.parse(new TextDecoder().decode(payload))).data;
  if (read !== undefined) return read;
  throw new WireError('refused', `The answer on ${subject} is none that this program knows`, 'Compare the versions.');
}
