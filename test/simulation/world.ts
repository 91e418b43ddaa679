import { createKeyring } from '../../security/keyring.ts';
import { MemoryDisk, MemoryJournal } from '../../events/journal/memory.ts';
import type { RecordedEvent } from '../../events/journal/port.ts';
import { MemoryNetwork } from '../../actors/wire/memory.ts';
import type { Wire } from '../../actors/wire/port.ts';
import { SimulatedClock } from '../../actors/seams/clock.ts';
import { SeededEntropy } from '../../actors/seams/entropy.ts';
import { RecordedLog } from '../../actors/seams/log.ts';
import type { Runtime } from '../../actors/runtime.ts';
import type { PneDevice } from '../../actors/roles/pne.ts';
import {
  register,
  startGateway,
  startPnes,
  startServer,
  type ProvisionedPn,
  type Seams,
} from '../../actors/roles/start.ts';

export type NodeName = 'server' | 'gateway' | 'pnes';

export interface WorldOptions {
  readonly seed?: string;
  readonly pns?: readonly ProvisionedPn[];
  readonly devices: readonly PneDevice[];
  /** Secrets as the server knows them; default: those of the devices. */
  readonly secrets?: ReadonlyMap<string, Uint8Array>;
  readonly pairing?: 'permitted' | 'forbidden';
}

export const GATEWAY = 'hub';
export const secretOf = (name: string): Uint8Array => new SeededEntropy(`secret ${name}`).bytes(32);

export function device(deviceId: string, pnId: string, pairing: PneDevice['pairing'] = 'none'): PneDevice {
  return { deviceId, pnId, gatewayId: GATEWAY, psk: secretOf(deviceId), pairing };
}

interface Node {
  readonly disk: MemoryDisk;
  readonly kek: Uint8Array;
  life: { readonly runtime: Runtime; readonly journal: MemoryJournal; readonly wire: Wire } | null;
}

/**
 * A whole system in one process, on the simulated twins of every seam: one CPNS Server, one PN GW, one process of PNEs.
 * The same seed and the same decisions give the same run. Nodes die without warning and come back on their disk.
 */
export class World {
  readonly clock = new SimulatedClock();
  readonly log = new RecordedLog();
  readonly network: MemoryNetwork;
  readonly options: WorldOptions;
  readonly #entropy: SeededEntropy;
  readonly #nodes: { readonly [name in NodeName]: Node };

  private constructor(options: WorldOptions) {
    this.options = options;
    this.#entropy = new SeededEntropy(options.seed ?? 'world');
    this.network = new MemoryNetwork({ policy: () => 'hold', clock: this.clock, log: this.log });
    const node = (): Node => ({ disk: new MemoryDisk(), kek: this.#entropy.bytes(32), life: null });
    this.#nodes = { server: node(), gateway: node(), pnes: node() };
  }

  static async start(options: WorldOptions): Promise<World> {
    const world = new World(options);
    for (const name of ['server', 'gateway', 'pnes'] as const) await world.startNode(name);
    return world;
  }

  get pns(): readonly ProvisionedPn[] {
    return this.options.pns ?? [];
  }

  runtime(name: NodeName): Runtime | null {
    return this.#nodes[name].life?.runtime ?? null;
  }

  isRunning(name: NodeName): boolean {
    return this.#nodes[name].life !== null;
  }

  async startNode(name: NodeName): Promise<void> {
    const node = this.#nodes[name];
    if (node.life !== null) return;
    const journal = new MemoryJournal({ disk: node.disk });
    const wire = this.network.connect(name);
    const bytes = (length: number) => this.#entropy.bytes(length);
    const seams: Seams = {
      journal,
      wire,
      clock: this.clock,
      entropy: this.#entropy,
      log: this.log,
      keyring: createKeyring({ kek: node.kek, bytes }),
      observers: 'none',
    };
    node.life = { runtime: await this.#startRole(name, seams), journal, wire };
  }

  #startRole(name: NodeName, seams: Seams): Promise<Runtime> {
    const { devices, secrets, pairing } = this.options;
    switch (name) {
      case 'server': {
        const known = secrets ?? new Map(devices.map((one) => [one.deviceId, one.psk]));
        const identity = {
          idKey: secretOf('id key'),
          gatewaySecret: (id: string) => (id === GATEWAY ? secretOf(GATEWAY) : null),
          pneSecret: (id: string) => known.get(id) ?? null,
        };
        return startServer(identity, this.pns, [], seams);
      }
      case 'gateway': {
        const identity = { gatewayId: GATEWAY, psk: secretOf(GATEWAY), pairing: pairing ?? ('permitted' as const) };
        return startGateway(
          identity,
          this.pns.map(({ id }) => id),
          seams,
        );
      }
      case 'pnes':
        return startPnes(devices, seams);
    }
  }

  /** The process is gone between two instructions: what was not committed never happened. */
  async kill(name: NodeName): Promise<void> {
    const node = this.#nodes[name];
    if (node.life === null) return;
    const { runtime, wire } = node.life;
    node.life = null;
    node.disk.owner = null;
    await wire.close();
    await runtime.stop();
  }

  async register(deviceId: string): Promise<'taken' | 'refused'> {
    const found = this.options.devices.find((one) => one.deviceId === deviceId);
    const runtime = this.runtime('pnes');
    if (found === undefined || runtime === null) return 'refused';
    return register(runtime, found);
  }

  /** Lets every node finish what it is at; messages stay in flight. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 2; quiet++) {
      for (const name of ['server', 'gateway', 'pnes'] as const) await this.runtime(name)?.settled();
    }
  }

  /** Delivers everything, in order, until the wire is empty. */
  async drain(): Promise<void> {
    await this.settle();
    while (this.network.inFlight.length > 0) {
      this.network.deliver(0);
      await this.settle();
    }
  }

  /** Delivers everything and lets time pass until nobody waits for anything, or `limitMs` is over. */
  async calm(limitMs = 3_600_000): Promise<void> {
    const until = this.clock.now() + limitMs;
    await this.drain();
    for (;;) {
      const pending = (['server', 'gateway', 'pnes'] as const).some(
        (name) => (this.runtime(name)?.stats.timers ?? 0) > 0,
      );
      const due = this.clock.nextDue();
      if (!pending || due === null || due > until) return;
      this.clock.fireNext();
      await this.drain();
    }
  }

  async events(name: NodeName): Promise<readonly RecordedEvent[]> {
    return this.#nodes[name].disk.events.map((text): RecordedEvent => JSON.parse(text));
  }

  disk(name: NodeName): MemoryDisk {
    return this.#nodes[name].disk;
  }
}
