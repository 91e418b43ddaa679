import { otherEnd, unsealed } from './unsealed.ts';
import { createKeyring, type Keyring } from '../../security/keyring.ts';
import { MemoryDisk, MemoryJournal } from '../../journal/memory.ts';
import type { BatchWrite } from '../../journal/batch.ts';
import { JournalError, type RecordedEvent } from '../../journal/port.ts';
import { MemoryNetwork } from '../../wire/memory.ts';
import type { Applications, SendOutcome, SessionEnd } from '../../actors/sessions/data/port.ts';
import type { UsageSettings } from '../../actors/sessions/data/usage.ts';
import type { Wire } from '../../wire/port.ts';
import { openKeyring } from '../../actors/roles/journal/keyring/open.ts';
import { decide } from '../../actors/roles/cpns-server/operators/decide.ts';
import type { OperatorVerb } from '../../messages/operators.ts';
import { erase, type Erasure } from '../../actors/roles/cpns-server/subject/erase.ts';
import { personalOf } from '../../actors/roles/cpns-server/subject/read.ts';
import type { PersonalState } from '../../messages/queries.ts';
import { SimulatedClock } from '../../seams/clock.ts';
import { SeededEntropy } from '../../seams/entropy.ts';
import { RecordedLog } from '../../seams/log.ts';
import { Membership } from '../../actors/cluster/membership.ts';
import { Sharing } from '../../actors/roles/cpns-server/sharing.ts';
import type { Runtime } from '../../actors/loop/runtime.ts';
import { Gate } from './gate.ts';
import { sessionFromBytes, type Session, type SessionKeys } from '../../security/session.ts';
import type { ServerIdentity } from '../../actors/roles/cpns-server/identity.ts';
import type { GatewayIdentity } from '../../actors/roles/pn-gateway/identity.ts';
import { SERVER_LIMITS, type ServerLimits } from '../../actors/roles/rate-limits.ts';
import { register, startGateway, startPnes, startServer, type ProvisionedPn, type Seams } from '../../actors/start.ts';
import type { ExpectedCredential } from '../../security/registration-handshake.ts';
import { streamOf } from '../../machines/streams.ts';
import type { PneDevice } from '../../actors/roles/pne/device.ts';
import type { InFlight } from '../../wire/memory-hub.ts';

export const NODES = ['server', 'gateway', 'pnes'] as const;
export type NodeName = (typeof NODES)[number];

/** Servers that share the journal of the first one. */
export const MORE_SERVERS = ['server-2', 'server-3'] as const;
/** A node is a journal; a server may be several processes on one. */
export type ProcessName = NodeName | (typeof MORE_SERVERS)[number];
export const nodeOf = (name: ProcessName): NodeName => (name === 'gateway' || name === 'pnes' ? name : 'server');

/** What a transaction of one node made durable, keys in the clear. In a timeline they stand in the order of all nodes. */
export interface Moment {
  readonly node: NodeName;
  readonly events: readonly RecordedEvent[];
  readonly keys: {
    readonly drop: readonly string[];
    readonly put: readonly { readonly id: string; readonly secret: Uint8Array }[];
  };
}

/** Where a node dies: with its commit not kept, or kept and never heard of. */
export type CrashPoint = 'beforeCommit' | 'afterCommit';

export interface WorldOptions {
  readonly seed?: string;
  /** Processes of the CPNS Server; default: one, which has its journal alone. */
  readonly servers?: 1 | 2 | 3;
  readonly pns?: readonly ProvisionedPn[];
  readonly devices: readonly PneDevice[];
  /** Secrets as the server knows them; default: those of the devices. */
  readonly secrets?: ReadonlyMap<string, Uint8Array>;
  readonly pairing?: 'permitted' | 'forbidden';
  /** PN GWs that the server knows; the secret of each is `secretOf(id)`. Default: the one of the world. */
  readonly gateways?: readonly string[];
  /** What the PN GW of the world shows; default: its secret. */
  readonly gatewayShows?: GatewayIdentity['credential'];
  /** What the server knows otherwise than above. */
  readonly identity?: Partial<ServerIdentity>;
  /** A slow disk takes what was computed in one turn of the event loop in one batch; default: fast. */
  readonly disk?: 'fast' | 'slow';
  /** How much server and PN GW hear; default: that of the product. */
  readonly limits?: ServerLimits;
  /** PNs of the PN GW; default: those of the server. */
  readonly gatewayPns?: readonly string[];
  /** When server and PN GW record what they counted. */
  readonly usage?: UsageSettings;
  /** Default: every third event, so that what was loaded was nearly always loaded from one. */
  readonly snapshotEvery?: number;
  /** What the server and the PNEs do with data; default: it is noted in `given`. */
  readonly applications?: { readonly [name in 'server' | 'pnes']?: Applications };
}

const SNAPSHOT_EVERY = 3;

/** As much as a test wants to send. */
const anything = { burst: 1_000_000, perSecond: 1_000_000 };
const ofAnyone = { requests: anything, frames: anything };
export const UNLIMITED: ServerLimits = { device: ofAnyone, gateway: ofAnyone, registrations: anything };

export const GATEWAY = 'hub';
export const secretOf = (name: string): Uint8Array => new SeededEntropy(`secret ${name}`).bytes(32);

export function device(deviceId: string, pnId: string, pairing: PneDevice['pairing'] = 'none'): PneDevice {
  return { deviceId, pnId, gatewayId: GATEWAY, credential: { kind: 'psk', psk: secretOf(deviceId) }, pairing };
}

/** A PN GW of the world, with the secret that the server knows of it. */
export function gatewayIdentity(gatewayId: string, pairing: GatewayIdentity['pairing'] = 'permitted'): GatewayIdentity {
  return { gatewayId, credential: () => ({ kind: 'psk', psk: secretOf(gatewayId) }), pairing };
}

interface Node {
  readonly gate: Gate;
  disk: MemoryDisk;
  readonly kek: Uint8Array;
  readonly keyring: Keyring;
  crash: CrashPoint | null;
  fault: { readonly at: CrashPoint; readonly error: Error } | null;
  /** The runtime is null while it starts. */
  life: {
    readonly runtime: Runtime | null;
    readonly session: SessionEnd | null;
    readonly journal: MemoryJournal;
    readonly wire: Wire;
    readonly sharing: Sharing | null;
  } | null;
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
  /**
   * Every copy of a message that was sent to somebody, and how many moments of the timeline lay before it: what its
   * sender said (`payload`), and as it went over the wire (`frame`), which is something else where it was sealed.
   */
  readonly sent: (InFlight & { readonly frame: Uint8Array; readonly after: number })[] = [];
  readonly timeline: Moment[] = [];
  /** What was sent in sessions by `say`, and what became of it as far as its sender was told. */
  readonly said: { readonly text: string; outcome: SendOutcome | null }[] = [];
  /** What the applications were given. */
  readonly given: string[] = [];
  readonly #noting: Applications = {
    settings: { rekeyAfterMessages: 3, rekeyAfterMs: 60_000, graceMs: 5_000 },
    deliver: (message) => {
      this.given.push(new TextDecoder().decode(message.bytes));
      return Promise.resolve(200);
    },
  };
  readonly #entropy: SeededEntropy;
  readonly #nodes: { readonly [name in ProcessName]: Node };
  readonly #ending: Promise<void>[] = [];
  /** Sessions that the server ever had, by key id. */
  readonly #sessions = new Map<string, Session>();

  private constructor(options: WorldOptions) {
    this.options = options;
    this.#entropy = new SeededEntropy(options.seed ?? 'world');
    const policy = (message: InFlight) => {
      const payload = unsealed(message.subject, message.payload, (keyId) => this.#sessions.get(keyId));
      this.sent.push({ ...message, payload, frame: message.payload, after: this.timeline.length });
      return 'hold' as const;
    };
    this.network = new MemoryNetwork({ policy, clock: this.clock, log: this.log });
    const bytes = (length: number) => this.#entropy.bytes(length);
    const node = (): Node => {
      const kek = bytes(32);
      return {
        gate: new Gate(),
        disk: new MemoryDisk(),
        kek,
        keyring: createKeyring({ kek, bytes }),
        crash: null,
        fault: null,
        life: null,
      };
    };
    const server = node();
    const another = (): Node => ({ ...server, gate: new Gate() });
    this.#nodes = { server, gateway: node(), pnes: node(), 'server-2': another(), 'server-3': another() };
  }

  static async start(options: WorldOptions): Promise<World> {
    const world = new World(options);
    for (const name of world.processes) await world.startNode(name);
    return world;
  }

  /** All that may run. */
  get processes(): readonly ProcessName[] {
    return [...MORE_SERVERS.slice(0, (this.options.servers ?? 1) - 1), ...NODES];
  }

  /** The process goes on when it is told to: until then its timers do not fire, and what is sent to it waits. */
  pause(name: ProcessName): void {
    if (this.runtime(name) !== null) this.#nodes[name].gate.shut();
  }

  resume(name: ProcessName): void {
    this.#nodes[name].gate.open();
  }

  isPaused(name: ProcessName): boolean {
    return this.#nodes[name].gate.isShut;
  }

  get pns(): readonly ProvisionedPn[] {
    return this.options.pns ?? [];
  }

  runtime(name: ProcessName): Runtime | null {
    return this.#nodes[name].life?.runtime ?? null;
  }

  /** This end of the secure sessions, of a node that runs. */
  session(name: 'server' | 'pnes'): SessionEnd {
    const session = this.#nodes[name].life?.session ?? null;
    if (session === null) throw new Error(`${name} does not run`);
    return session;
  }

  journal(name: NodeName): MemoryJournal | null {
    return this.#nodes[name].life?.journal ?? null;
  }

  isRunning(name: ProcessName): boolean {
    return this.#nodes[name].life !== null;
  }

  /** A node whose crash was ordered may die while it starts. */
  async startNode(name: ProcessName): Promise<void> {
    const node = this.#nodes[name];
    if (node.life !== null) return;
    const { gate } = node;
    const wire = gate.wire(this.network.connect(name));
    const schedule = this.options.disk === 'slow' ? setImmediate : queueMicrotask;
    const isShared = nodeOf(name) === 'server' && (this.options.servers ?? 1) > 1;
    const clock = gate.clock(this.clock);
    const journal = new MemoryJournal({
      disk: node.disk,
      ...(isShared ? { shared: this.clock } : {}),
      schedule: (run) => void schedule(() => gate.pass(run)),
      faults: {
        beforeCommit: () => this.#crashAt(name, 'beforeCommit'),
        afterCommit: (write) => {
          this.#record(name, write);
          this.#crashAt(name, 'afterCommit');
        },
      },
    });
    const seams: Seams = {
      journal,
      wire,
      clock,
      entropy: this.#entropy,
      log: this.log,
      keyring: node.keyring,
      observers: 'none',
      snapshotEvery: this.options.snapshotEvery ?? SNAPSHOT_EVERY,
    };
    const { leases } = journal;
    const sharing = leases === null ? null : new Sharing(new Membership({ ...seams, leases, wire }), this.pns);
    const life = { runtime: null, session: null, journal, wire, sharing };
    node.life = life;
    try {
      const { runtime, session } = await this.#startRole(nodeOf(name), seams, sharing);
      if (node.life === life) node.life = { ...life, runtime, session };
      else await runtime.stop();
    } catch (error) {
      if (node.life === life) throw error;
    }
  }

  async #startRole(
    name: NodeName,
    seams: Seams,
    sharing: Sharing | null,
  ): Promise<{ readonly runtime: Runtime; readonly session: SessionEnd | null }> {
    const { devices, secrets, pairing, gatewayShows, usage, limits = SERVER_LIMITS } = this.options;
    const applications = { server: this.#noting, pnes: this.#noting, ...this.options.applications };
    switch (name) {
      case 'server': {
        const known = secrets ?? new Map(devices.map(({ deviceId }) => [deviceId, secretOf(deviceId)]));
        const identity = {
          limits,
          idKey: secretOf('id key'),
          gatewayCredential: (id: string) => this.#secretOfGateway(id),
          pneCredential(id: string): ExpectedCredential {
            const psk = known.get(id);
            return psk === undefined ? { kind: 'none' } : { kind: 'psk', psk };
          },
          ...this.options.identity,
        };
        return startServer(identity, this.pns, [], seams, applications.server, usage, sharing);
      }
      case 'gateway': {
        const bySecret = gatewayIdentity(GATEWAY, pairing);
        const identity = { ...bySecret, limits, credential: gatewayShows ?? bySecret.credential };
        const pns = this.options.gatewayPns ?? this.pns.map(({ id }) => id);
        return { runtime: await startGateway(identity, pns, seams, usage), session: null };
      }
      case 'pnes':
        return startPnes(devices, seams, applications.pnes);
    }
  }

  #secretOfGateway(id: string): ExpectedCredential {
    const isKnown = (this.options.gateways ?? [GATEWAY]).includes(id);
    return isKnown ? { kind: 'psk', psk: secretOf(id) } : { kind: 'none' };
  }

  /** Seams of a further process of this world, on a journal of its own. */
  seams(name: string): Seams {
    const { clock, log, network } = this;
    const bytes = (length: number) => this.#entropy.bytes(length);
    return {
      journal: new MemoryJournal(),
      wire: network.connect(name),
      clock,
      entropy: this.#entropy,
      log,
      keyring: createKeyring({ kek: secretOf(name), bytes }),
      observers: 'none',
    };
  }

  /** The process is gone between two instructions: what was not committed never happened. */
  async kill(name: ProcessName): Promise<void> {
    this.#die(name);
    await this.settle();
  }

  /** The journal of a node that is down is lost for good. */
  loseDisk(name: NodeName): void {
    this.#nodes[name].disk = new MemoryDisk();
  }

  /** The session in force with a PN GW, as this PN GW has it. */
  gatewaySession(gatewayId = GATEWAY): SessionKeys {
    const authenticated = this.timeline
      .flatMap(({ node, events }) => (node === 'server' ? events : []))
      .findLast(({ type, stream }) => type === 'GatewayAuthenticated' && stream.endsWith(`/${gatewayId}`));
    const session = this.#sessions.get(String(authenticated?.data['keyId']));
    if (session === undefined) throw new Error(`${gatewayId} has no session`);
    return otherEnd(session);
  }

  /** The next commit of the node is its last instruction; null takes the order back. */
  crashAt(name: ProcessName, point: CrashPoint | null): void {
    this.#nodes[name].crash = point;
  }

  /** Every commit of the node fails like this, until null. */
  failCommits(name: ProcessName, fault: { readonly at: CrashPoint; readonly error: Error } | null): void {
    this.#nodes[name].fault = fault;
  }

  #die(name: ProcessName): void {
    const node = this.#nodes[name];
    if (node.life === null) return;
    const { runtime, wire, journal } = node.life;
    node.life = null;
    node.crash = null;
    node.disk.owners.delete(journal);
    node.gate.open();
    this.#ending.push(wire.close());
    if (runtime !== null) this.#ending.push(runtime.stop());
  }

  #crashAt(name: ProcessName, point: CrashPoint | null): void {
    const { crash, fault } = this.#nodes[name];
    if (fault?.at === point) throw fault.error;
    if (crash !== point) return;
    this.#die(name);
    throw new JournalError('closed', 'The process has died.', 'Start it again.');
  }

  #record(name: ProcessName, { events, keys }: BatchWrite): void {
    const { keyring } = this.#nodes[name];
    const node = nodeOf(name);
    const put = keys.put.map(({ id, wrapped }) => ({ id, secret: keyring.unwrap(id, wrapped) ?? new Uint8Array(0) }));
    this.timeline.push({ node, events, keys: { drop: keys.drop, put } });
    if (node !== 'server') return;
    for (const session of put.map(({ secret }) => sessionFromBytes(secret))) {
      if (session !== null) this.#sessions.set(session.keyId, session);
    }
  }

  async register(deviceId: string): Promise<'taken' | 'refused'> {
    const found = this.options.devices.find((one) => one.deviceId === deviceId);
    const runtime = this.runtime('pnes');
    if (found === undefined || runtime === null) return 'refused';
    return register(runtime, found);
  }

  /** The process that has a PN: of several servers, one that thinks so. */
  #life(of: 'server' | 'pnes', pnId: string): Node['life'] {
    const running = this.processes.filter((name) => nodeOf(name) === of && !this.isPaused(name));
    const lives = running.flatMap((name) => this.#nodes[name].life ?? []);
    return (
      lives.find(({ sharing }) => sharing?.isMine(streamOf('cpns-server/personal-network', { pnId })) ?? true) ?? null
    );
  }

  /** The end of the sessions of a PN. */
  #end(from: 'server' | 'pnes', pnId: string): SessionEnd | null {
    return this.#life(from, pnId)?.session ?? null;
  }

  /** Sends a text of its own in the session of the device, where that end runs. */
  say(from: 'server' | 'pnes', deviceId: string): void {
    const pnId = this.options.devices.find((one) => one.deviceId === deviceId)?.pnId ?? '';
    const session = this.#end(from, pnId);
    if (session === null) return;
    const note: World['said'][number] = { text: `text ${this.said.length} from the ${from}`, outcome: null };
    this.said.push(note);
    const bytes = new TextEncoder().encode(note.text);
    void session.send({ pnId, deviceId, serviceId: 'echo', bytes }).then((outcome) => {
      note.outcome = outcome;
    });
  }

  /** Erases what is personal about the device, beside the server where that runs; the process may die meanwhile. */
  async erase(deviceId: string): Promise<Erasure | null> {
    const { life, kek } = this.#nodes.server;
    if (life === null || this.isPaused('server')) return null;
    const { clock } = this;
    const seams = { journal: life.journal, clock, entropy: this.#entropy, role: 'cpns-server' as const };
    try {
      await openKeyring(seams, [kek], () => kek);
      return await erase(seams, deviceId);
    } catch (error) {
      if (error instanceof JournalError) return null;
      throw error;
    }
  }

  /** An operator decides about a device, at a server that thinks it has its PN; the process may die meanwhile. */
  decide(verb: OperatorVerb, deviceId: string): void {
    const pnId = this.options.devices.find((one) => one.deviceId === deviceId)?.pnId ?? '';
    const runtime = this.#life('server', pnId)?.runtime ?? null;
    if (runtime !== null) decide(runtime, 'desk', { verb, pnId, deviceId }, this.#entropy.id()).catch(() => {});
  }

  /** What can be read of the device at the server, on its journal. */
  async personal(deviceId: string): Promise<PersonalState> {
    const { life, keyring } = this.#nodes.server;
    if (life === null) throw new Error('the server does not run');
    return personalOf({ journal: life.journal, keyring }, deviceId);
  }

  /** Has the session of the device closed, where that end runs; the process may die meanwhile. */
  hangUp(from: 'server' | 'pnes', deviceId: string): void {
    const pnId = this.options.devices.find((one) => one.deviceId === deviceId)?.pnId ?? '';
    const session = this.#end(from, pnId);
    session?.close({ pnId, deviceId }).catch(() => {});
  }

  /** Lets every node finish what it is at; messages stay in flight. */
  async settle(): Promise<void> {
    while (this.#ending.length > 0) await this.#ending.pop();
    for (let quiet = 0; quiet < 2; quiet++) {
      const before = this.timeline.length + this.sent.length;
      for (const name of this.processes) if (!this.isPaused(name)) await this.runtime(name)?.settled();
      // A frame waits until its session was read from the journal.
      await new Promise((resolve) => setImmediate(resolve));
      // What came of it may have led to more.
      if (this.timeline.length + this.sent.length > before) quiet = -1;
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
      const pending = this.processes.some((name) => (this.runtime(name)?.stats.timers ?? 0) > 0);
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

  /** What nobody but its owner may ever see: keys at rest and provisioned secrets. */
  get provisionedSecrets(): readonly Uint8Array[] {
    const { devices, secrets } = this.options;
    const keks = NODES.map((name) => this.#nodes[name].kek);
    const psks = [
      ...devices.flatMap(({ credential }) => (credential.kind === 'psk' ? [credential.psk] : [])),
      ...(secrets?.values() ?? []),
    ];
    return [...keks, ...psks, secretOf('id key'), secretOf(GATEWAY)];
  }
}
