import type { RecordedEvent } from '../../journal/port.ts';
import type { Source } from '../../inspector/server/source.ts';
import { sourceOf } from '../inspector/server/world.ts';
import { device, GATEWAY, NODES, World, type NodeName } from '../simulation/world.ts';

/** The simulated system, whose journals grow while the inspector looks on. */
export class System {
  readonly #world: World;
  readonly #journals: { readonly [Name in NodeName]: RecordedEvent[] };

  private constructor(world: World) {
    this.#world = world;
    this.#journals = { server: [], gateway: [], pnes: [] };
  }

  /** A member `lamp`, strangers `cup` of an open PN and `thief` of a closed one; none has asked yet. */
  static async start(): Promise<System> {
    const world = await World.start({
      pns: [
        { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open', members: ['lamp'] },
        { id: 'alarm', gatewayId: GATEWAY, joinPolicy: 'closed', members: [] },
      ],
      devices: [device('lamp', 'home'), device('cup', 'home', 'needed'), device('thief', 'alarm', 'needed')],
    });
    await world.calm();
    const system = new System(world);
    await system.#record();
    return system;
  }

  async register(deviceId: string): Promise<void> {
    await this.#world.register(deviceId);
    await this.#world.settle();
    // Each message is under way for some milliseconds, as on a real wire.
    const { network, clock } = this.#world;
    for (let sent = 0; network.inFlight.length > 0; sent++) {
      clock.advance(2 + (sent % 4));
      network.deliver(0);
      await this.#world.settle();
    }
    await this.#world.calm();
    await this.#record();
  }

  get sources(): readonly Source[] {
    return NODES.map((name) => sourceOf(name, this.#journals[name]));
  }

  events(name: NodeName): readonly RecordedEvent[] {
    return this.#journals[name];
  }

  async #record(): Promise<void> {
    for (const name of NODES) {
      const known = this.#journals[name];
      known.push(...(await this.#world.events(name)).slice(known.length));
    }
  }
}
