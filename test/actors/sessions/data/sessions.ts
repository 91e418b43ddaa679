import {
  DEFAULT_SESSION_SETTINGS,
  type ApplicationMessage,
  type Deliver,
  type SendOutcome,
  type SessionSettings,
} from '../../../../actors/sessions/data/port.ts';
import { device, GATEWAY, World } from '../../../simulation/world.ts';
import type { InFlight } from '../../../../wire/memory-hub.ts';

/** Devices in session with a server, in a simulated world; what each end's application was given. */
export interface Sessions {
  readonly world: World;
  readonly given: { readonly server: ApplicationMessage[]; readonly pnes: ApplicationMessage[] };
}

export interface SessionsOptions {
  readonly settings?: Partial<SessionSettings>;
  readonly devices?: readonly string[];
  /** What the application of the server does after it noted the message; default: 200. */
  readonly deliver?: Deliver;
  readonly seed?: string;
  /** PN GWs that the server knows; default: the one of the world. */
  readonly gateways?: readonly string[];
}

export const PN = 'home';

export async function inSession(options: SessionsOptions = {}): Promise<Sessions> {
  const { devices = ['lamp'], deliver = () => Promise.resolve(200) } = options;
  const settings = { ...DEFAULT_SESSION_SETTINGS, ...options.settings };
  const given: Sessions['given'] = { server: [], pnes: [] };
  const world = await World.start({
    seed: options.seed ?? 'sessions',
    pns: [{ id: PN, gatewayId: GATEWAY, joinPolicy: 'open', members: devices }],
    devices: devices.map((deviceId) => device(deviceId, PN)),
    ...(options.gateways === undefined ? {} : { gateways: options.gateways }),
    applications: {
      server: {
        settings,
        deliver(message) {
          given.server.push(message);
          return deliver(message);
        },
      },
      pnes: {
        settings,
        deliver(message) {
          given.pnes.push(message);
          return Promise.resolve(200);
        },
      },
    },
  });
  await world.calm();
  for (const deviceId of devices) await world.register(deviceId);
  await world.calm();
  return { world, given };
}

export function send(
  { world }: Sessions,
  from: 'server' | 'pnes',
  bytes: Uint8Array | string,
  to: { readonly deviceId?: string; readonly serviceId?: string } = {},
): Promise<SendOutcome> {
  const { deviceId = 'lamp', serviceId = 'echo' } = to;
  const content = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
  return world.session(from).send({ deviceId, pnId: PN, serviceId, bytes: content });
}

export const textsOf = (messages: readonly ApplicationMessage[]): readonly string[] =>
  messages.map(({ bytes }) => new TextDecoder().decode(bytes));

export type Fate = 'deliver' | 'lose' | 'twice' | 'later';
export const isData = ({ subject }: Pick<InFlight, 'subject'>): boolean => subject.endsWith('.data');

/** What a step of the network, or of time, has to go on for. */
const LIMIT_MS = 600_000;
const MAX_STEPS = 50_000;

/** Lets messages meet their fate and time pass until the promise is settled. `later` goes behind what is under way. */
export async function until<T>(
  world: World,
  promise: Promise<T>,
  fate: (message: InFlight) => Fate = () => 'deliver',
): Promise<T> {
  let settled = false;
  const mark = (): void => {
    settled = true;
  };
  promise.then(mark, mark);
  const limit = world.clock.now() + LIMIT_MS;
  await world.settle();
  for (let step = 0; !settled; step++) {
    if (step > MAX_STEPS) throw new Error(`Nothing settles it in ${MAX_STEPS} steps.`);
    if (world.network.inFlight.length > 0) await meet(world, fate);
    else if (world.clock.now() > limit || !world.clock.fireNext()) throw new Error('Nothing settles it.');
    await world.settle();
  }
  return promise;
}

async function meet(world: World, fate: (message: InFlight) => Fate): Promise<void> {
  const { network } = world;
  const [next] = network.inFlight;
  if (next === undefined) return;
  switch (fate(next)) {
    case 'lose':
      return network.drop(0);
    case 'twice':
      network.duplicate(0);
      network.deliver(network.inFlight.length - 1);
      return network.deliver(0);
    case 'later':
      // Once: the copy at the end is delivered when its turn comes, whatever its fate would be.
      network.duplicate(0);
      network.drop(0);
      return network.deliver(network.inFlight.length > 1 ? 0 : network.inFlight.length - 1);
    case 'deliver':
      return network.deliver(0);
  }
}

/** Events of one type in the journal of a node, their data. */
export async function dataOf(world: World, node: 'server' | 'pnes', type: string) {
  return (await world.events(node)).filter((event) => event.type === type).map(({ data }) => data);
}
