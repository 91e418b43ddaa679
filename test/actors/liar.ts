import { SealedWire } from '../../actors/sessions/wan/sealed-wire.ts';
import { ReplayWindow } from '../../security/replay-window.ts';
import type { SessionKeys } from '../../security/session.ts';
import type { World } from '../simulation/world.ts';

/** Numbers that the true PN GW is not at yet, and that leave its own within the window. */
let counter = 1_000;

/** Says to the server what somebody with this session can say: sealed, on whatever subject. */
export async function lie(world: World, session: SessionKeys, subject: string, payload: string): Promise<void> {
  const { network, log, clock } = world;
  const peer = { session, window: new ReplayWindow() };
  const book = { peer: () => peer, nextNumber: () => ({ start: 1, counter: counter++ }), accepted: () => {} };
  const raw = network.connect('liar');
  new SealedWire({ wire: raw, book, log, clock, onUnknownSession: () => {} }).publish(subject, payload);
  await pass(world);
  await raw.close();
}

/** Sends bytes as they are. */
export async function inject(world: World, subject: string, payload: string | Uint8Array): Promise<void> {
  const raw = world.network.connect('liar');
  raw.publish(subject, payload);
  await pass(world);
  await raw.close();
}

async function pass(world: World): Promise<void> {
  for (;;) {
    const next = world.network.inFlight.findIndex(({ source }) => source === 'liar');
    if (next < 0) break;
    world.network.deliver(next);
  }
  await world.settle();
}
