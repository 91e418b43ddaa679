import { isIn } from '../../machines/state.ts';
import fc from 'fast-check';
import { pneRegistration } from '../../machines/pne/registration.ts';
import { isTemporary } from '../../events/codes.ts';
import { InventoryChanges } from '../../events/fields.ts';
import { MORE_SERVERS, NODES, World, type CrashPoint, type ProcessName } from '../simulation/world.ts';
import { household, worldOf, type Household } from './household.ts';
import { streamOf } from '../../machines/streams.ts';

/** One thing that happens to the system. Picks are taken modulo what there is. */
export type Action =
  | { readonly do: 'deliver'; readonly pick: number; readonly count: number }
  /** The newest first: what was sent earlier waits, for minutes if need be. */
  | { readonly do: 'overtake'; readonly count: number }
  /** Everything but the picked message arrives, in order, and whatever that leads to. */
  | { readonly do: 'holdBack'; readonly pick: number }
  | { readonly do: 'lose'; readonly pick: number }
  | { readonly do: 'copy'; readonly pick: number }
  | { readonly do: 'tick' }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'kill'; readonly node: ProcessName }
  | { readonly do: 'killDuring'; readonly node: ProcessName; readonly pick: number; readonly turns: number }
  | { readonly do: 'crash'; readonly node: ProcessName; readonly at: CrashPoint }
  | { readonly do: 'start'; readonly node: ProcessName }
  /** The process stands still between two instructions, and goes on later as if nothing had happened. */
  | { readonly do: 'pause'; readonly node: ProcessName }
  | { readonly do: 'resume'; readonly node: ProcessName }
  | { readonly do: 'cut'; readonly node: ProcessName }
  | { readonly do: 'heal'; readonly node: ProcessName }
  | { readonly do: 'register'; readonly pick: number }
  /** What is personal about a device is erased, beside the server. */
  | { readonly do: 'erase'; readonly pick: number }
  /** What an operator decides about a device that may wait. */
  | { readonly do: 'approve' | 'reject'; readonly pick: number }
  /** A message in the session of a device, or the end of it. */
  | { readonly do: 'say' | 'hangUp'; readonly from: 'server' | 'pnes'; readonly pick: number };

const end = fc.constantFrom('server' as const, 'pnes' as const);
const pick = fc.nat(63);
const act = <T extends Action['do']>(name: T) => fc.constant(name);

const happens = (node: fc.Arbitrary<ProcessName>) => [
  {
    weight: 12,
    arbitrary: fc.record({ do: act('deliver'), pick: fc.constant(0), count: fc.integer({ min: 1, max: 12 }) }),
  },
  { weight: 6, arbitrary: fc.record({ do: act('deliver'), pick, count: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ do: act('overtake'), count: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 3, arbitrary: fc.record({ do: act('holdBack'), pick }) },
  { weight: 3, arbitrary: fc.record({ do: act('lose'), pick }) },
  { weight: 3, arbitrary: fc.record({ do: act('copy'), pick }) },
  { weight: 3, arbitrary: fc.record({ do: act('tick') }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: act('wait'), ms: fc.constantFrom(100, 700, 3_000, 16_000, 61_000, 70_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: act('kill'), node }) },
  { weight: 2, arbitrary: fc.record({ do: act('killDuring'), node, pick, turns: fc.nat(24) }) },
  { weight: 2, arbitrary: fc.record({ do: act('crash'), node, at: fc.constantFrom('beforeCommit', 'afterCommit') }) },
  { weight: 5, arbitrary: fc.record({ do: act('start'), node }) },
  { weight: 1, arbitrary: fc.record({ do: act('cut'), node }) },
  { weight: 2, arbitrary: fc.record({ do: act('heal'), node }) },
  { weight: 2, arbitrary: fc.record({ do: act('register'), pick }) },
  { weight: 2, arbitrary: fc.record({ do: act('erase'), pick }) },
  { weight: 3, arbitrary: fc.record({ do: act('approve'), pick }) },
  { weight: 2, arbitrary: fc.record({ do: act('reject'), pick }) },
  { weight: 4, arbitrary: fc.record({ do: act('say'), from: end, pick }) },
  { weight: 1, arbitrary: fc.record({ do: act('hangUp'), from: end, pick }) },
];

const action: fc.Arbitrary<Action> = fc.oneof(...happens(fc.constantFrom(...NODES)));

/** What happens to several servers: they are killed and paused more often than the others. */
const server = fc.constantFrom('server' as const, ...MORE_SERVERS);
const sharedAction: fc.Arbitrary<Action> = fc.oneof(
  ...happens(fc.oneof({ weight: 3, arbitrary: server }, { weight: 1, arbitrary: fc.constantFrom(...NODES) })),
  { weight: 3, arbitrary: fc.record({ do: act('pause'), node: server }) },
  { weight: 4, arbitrary: fc.record({ do: act('resume'), node: server }) },
  { weight: 3, arbitrary: fc.record({ do: act('wait'), ms: fc.constantFrom(800, 3_100, 6_000) }) },
);

export interface Script {
  readonly seed: number;
  /** Processes of the CPNS Server. */
  readonly servers: 1 | 3;
  readonly disk: 'fast' | 'slow';
  readonly home: Household;
  /** Whether the devices are registered, and their sessions stand, before anything goes wrong. */
  readonly begins: 'cold' | 'warm';
  readonly actions: readonly Action[];
}

const scriptOf = (servers: Script['servers'], of: fc.Arbitrary<Action>): fc.Arbitrary<Script> =>
  fc.record({
    seed: fc.nat(),
    servers: fc.constant(servers),
    disk: fc.constantFrom('fast' as const, 'slow' as const),
    home: household,
    begins: fc.constantFrom('cold' as const, 'warm' as const),
    actions: fc.array(of, { maxLength: 60, size: 'max' }),
  });

export const script = scriptOf(1, action);
export const sharedScript = scriptOf(3, sharedAction);

/** Safety phase: everything that can go wrong does, in the order of the script. */
export async function play({ seed, servers, disk, home, begins, actions }: Script): Promise<World> {
  const world = await World.start({ ...worldOf(home, `run ${seed}`), servers, disk });
  for (const { deviceId } of world.options.devices) await world.register(deviceId);
  await world.settle();
  if (begins === 'warm') await world.calm();
  for (const one of actions) {
    await perform(world, one);
    await world.settle();
  }
  return world;
}

async function perform(world: World, action: Action): Promise<void> {
  const { network, clock } = world;
  switch (action.do) {
    case 'deliver':
      for (let left = Math.min(action.count, network.inFlight.length); left > 0; left--)
        network.deliver(at(world, action.pick));
      return;
    case 'overtake':
      for (let left = action.count; left > 0 && network.inFlight.length > 0; left--) {
        network.deliver(network.inFlight.length - 1);
        await world.settle();
      }
      return;
    case 'holdBack': {
      const held = network.inFlight[at(world, action.pick)]?.id;
      for (let left = 100; left > 0; left--) {
        const next = network.inFlight.findIndex(({ id }) => id !== held);
        if (next < 0) return;
        network.deliver(next);
        await world.settle();
      }
      return;
    }
    case 'lose':
      if (network.inFlight.length > 0) network.drop(at(world, action.pick));
      return;
    case 'copy':
      if (network.inFlight.length > 0) network.duplicate(at(world, action.pick));
      return;
    case 'tick':
      clock.fireNext();
      return;
    case 'wait':
      clock.advance(action.ms);
      return;
    case 'kill':
      return world.kill(action.node);
    case 'killDuring':
      if (network.inFlight.length > 0) network.deliver(at(world, action.pick));
      for (let turn = 0; turn < action.turns; turn++) await Promise.resolve();
      return world.kill(action.node);
    case 'crash':
      world.crashAt(action.node, action.at);
      return;
    case 'pause':
      world.pause(action.node);
      return;
    case 'resume':
      world.resume(action.node);
      return;
    case 'start':
      return world.startNode(action.node);
    case 'cut':
      network.disconnect(action.node);
      return;
    case 'heal':
      network.reconnect(action.node);
      return;
    case 'register':
      return register(world, deviceAt(world, action.pick));
    case 'erase':
      await world.erase(deviceAt(world, action.pick));
      return;
    case 'approve':
    case 'reject':
      return world.decide(action.do, askingAt(world, action.pick));
    case 'say':
      return world.say(action.from, deviceAt(world, action.pick));
    case 'hangUp':
      return world.hangUp(action.from, deviceAt(world, action.pick));
  }
}

const deviceAt = ({ options: { devices } }: World, pick: number): string =>
  devices[pick % devices.length]?.deviceId ?? '';
/** A stranger that asks for a PN where an operator decides, if there is any. */
function askingAt(world: World, pick: number): string {
  const asking = world.options.devices.filter(({ pnId, pairing }) =>
    world.pns.some(({ id, joinPolicy }) => pairing === 'needed' && id === pnId && joinPolicy === 'approval'),
  );
  return asking[pick % asking.length]?.deviceId ?? deviceAt(world, pick);
}
const at = (world: World, pick: number): number => pick % Math.max(1, world.network.inFlight.length);

/** The process may die while it is told. */
async function register(world: World, deviceId: string): Promise<void> {
  await world.register(deviceId).catch(() => 'refused');
}

/** Liveness phase: all nodes are up, everything is delivered, and time passes. Devices that gave up are told again. */
export async function calm(world: World): Promise<void> {
  for (const name of world.processes) {
    world.resume(name);
    world.crashAt(name, null);
    world.network.reconnect(name);
    await world.startNode(name);
  }
  await world.calm();
  for (const { deviceId } of world.options.devices) {
    if (await hasGivenUp(world, deviceId)) await register(world, deviceId);
  }
  await world.calm();
  // What was counted meanwhile is recorded, and reported.
  world.clock.advance(world.options.usage?.intervalMs ?? 0);
  await world.calm();
}

/**
 * A device that was not told in its life, that nobody could answer to, or that has no session: not one that is refused for
 * good, unless an operator has let it in since.
 */
async function hasGivenUp(world: World, deviceId: string): Promise<boolean> {
  const { value, context } =
    (await world.runtime('pnes')?.state(pneRegistration, streamOf('pne/registration', { deviceId }))) ?? {};
  if (value === undefined) return false;
  const isWithout = isIn(value, 'registration.registered.settled') && isIn(value, 'session.none');
  if (isIn(value, 'registration.off') || isIn(value, 'registration.timedOut') || isWithout) return true;
  if (!isIn(value, 'registration.refused') || context?.code === undefined || context.code === null) return false;
  return isTemporary(context.code) || (context.code === 403 && decisionOn(world, deviceId) === 'PneApproved');
}

/** The last event that says what an operator decided about a device in the PN that it asks for; null where none did. */
export function decisionOn(world: World, deviceId: string): string | null {
  const pnId = world.options.devices.find((one) => one.deviceId === deviceId)?.pnId ?? '';
  const decisions = world.timeline
    .flatMap(({ events }) => events)
    .filter(({ type, stream, data }) => {
      if (stream !== streamOf('cpns-server/personal-network', { pnId })) return false;
      if (type === 'PneRejected') return data['deviceId'] === deviceId;
      const { changes } = InventoryChanges.safeParse(data['inventory']).data ?? {};
      return type === 'PneApproved' && changes?.[0]?.deviceId === deviceId;
    });
  return decisions.at(-1)?.type ?? null;
}

/** Runs a property over generated scripts. The number of runs is set by `CPNS_PROPERTY_RUNS`. */
export const RUNS = Number(process.env['CPNS_PROPERTY_RUNS'] ?? '20');
