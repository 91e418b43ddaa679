import type { TraceEntry } from '../../cli/charts/sequence-diagram.ts';
import { ROLES, type Party } from '../../events/parties.ts';
import { parseSubject } from '../../messages/subjects.ts';
import { device, GATEWAY, World, type NodeName } from './world.ts';
import { rowOf } from '../../messages/catalogue.ts';
import { LEGS, type Leg } from '../../messages/legs.ts';

/** Both flows of the change request, as they really run on the simulated system. */

const NODES: readonly (readonly [NodeName, Party])[] = [
  ['pnes', ROLES.pne],
  ['gateway', ROLES['pn-gateway']],
  ['server', ROLES['cpns-server']],
];

const partiesOf = (leg: Leg): { readonly source: Party; readonly target: Party } => ({
  source: ROLES[LEGS[leg].source],
  target: ROLES[LEGS[leg].target],
});

/** Registers the device and notes every message and every event until nothing is in flight. */
async function traceOf(world: World, deviceId: string): Promise<readonly TraceEntry[]> {
  const trace: TraceEntry[] = [];
  const seen = new Map<NodeName, number>();
  const steps = new Map<Party, string | null>();
  const events = async (name: NodeName) => {
    const all = await world.events(name);
    const fresh = all.slice(seen.get(name) ?? 0);
    seen.set(name, all.length);
    return fresh.map(({ type, meta }) => ({ type, step: meta.crStep }));
  };
  const noteEvents = async (): Promise<void> => {
    for (const [name, party] of NODES) {
      const fresh = await events(name);
      if (fresh.length === 0) continue;
      trace.push({ kind: 'events', party, events: fresh });
      steps.set(party, fresh.findLast(({ step }) => step !== null)?.step ?? null);
    }
  };

  for (const [name] of NODES) await events(name);
  await world.register(deviceId);
  await world.settle();
  await noteEvents();
  for (let message = world.network.inFlight[0]; message !== undefined; message = world.network.inFlight[0]) {
    const address = parseSubject(message.subject);
    if (address === null) throw new Error(`Subject ${message.subject} is none of the protocol.`);
    const { source, target } = partiesOf(address.leg);
    const title = rowOf(address.leg, address.type)?.title ?? address.type;
    const step = steps.get(source) ?? null;
    trace.push({ kind: 'message', source, target, title, step });
    steps.set(target, step);
    world.network.deliver(0);
    await world.settle();
    await noteEvents();
  }
  return trace;
}

/** @returns the traces of 1.4.1 and of 1.4.2 */
export async function traceFlows(): Promise<{
  readonly member: readonly TraceEntry[];
  readonly stranger: readonly TraceEntry[];
}> {
  const world = await World.start({
    seed: 'the flows in the documents',
    pns: [{ id: 'home', gatewayId: GATEWAY, joinPolicy: 'open', members: ['pne1'] }],
    devices: [device('pne1', 'home'), device('pne3', 'home', 'needed')],
  });
  await world.drain();
  const member = await traceOf(world, 'pne1');
  const stranger = await traceOf(world, 'pne3');
  for (const [name] of NODES) await world.kill(name);
  return { member, stranger };
}
