import { signCheckpoint } from '../../../actors/roles/journal/record/checkpoint.ts';
import { SimulatedClock } from '../../../seams/clock.ts';
import { SeededEntropy } from '../../../seams/entropy.ts';
import { rootOf } from '../../../journal/merkle/frontier.ts';
import { MemoryJournal } from '../../../journal/memory.ts';
import type { Journal, RecordedEvent } from '../../../journal/port.ts';
import { Random } from '../../../script/fuzz/random.ts';
import { checkpointText } from '../../../security/transparency/checkpoint.ts';
import { newNoteSigner, type NoteSigner } from '../../../security/transparency/note-key.ts';
import { signNote } from '../../../security/transparency/signed-note.ts';
import { device, GATEWAY, NODES, secretOf, World, type NodeName } from '../../simulation/world.ts';
import { rowsOf, type Rows } from '../rows.ts';

/** A journal that nobody touched yet, with what an auditor has of it. */
export interface Untouched {
  readonly name: string;
  readonly rows: Rows;
  readonly signer: NoteSigner;
  /** Checkpoint of the head, which the auditor kept elsewhere. */
  readonly kept: string;
}

const ROLES = { server: 'cpns-server', gateway: 'pn-gateway', pnes: 'pne' } as const;

const DEVICES = [
  device('lamp', 'home'),
  device('lock', 'home'),
  device('cup', 'home', 'needed'),
  device('bulb', 'home', 'needed'),
  // Refused: not paired, of no PN, with a wrong secret as a member and as a stranger.
  device('guest', 'home'),
  device('lost', 'nowhere'),
  device('fake', 'home'),
  device('liar', 'home', 'needed'),
];

/** Both flows with failures over a wire that loses and repeats, signed in the middle and at the end. */
export async function generated(seed: string): Promise<readonly Untouched[]> {
  const random = new Random(seed);
  const right = DEVICES.map(({ deviceId }) => deviceId).filter((id) => id !== 'fake' && id !== 'liar');
  const world = await World.start({
    seed,
    devices: DEVICES,
    secrets: new Map([
      ...right.map((id): [string, Uint8Array] => [id, secretOf(id)]),
      ['fake', secretOf('another')],
      ['liar', secretOf('another')],
    ]),
    pns: [{ id: 'home', gatewayId: GATEWAY, joinPolicy: 'open', members: ['lamp', 'lock', 'fake'] }],
    usage: { intervalMs: 3_000, maxMessages: 3, maxBytes: 100_000 },
  });
  await world.settle();
  for (const { deviceId } of DEVICES) await world.register(deviceId);
  for (let turn = 0; turn < 400 && world.network.inFlight.length > 0; turn++) {
    const chance = random.below(10);
    if (chance === 0) world.network.drop(0);
    else if (chance === 1) world.network.duplicate(0);
    else world.network.deliver(0);
    await world.settle();
  }
  const signers = new Map(NODES.map((node) => [node, signerOf(node)]));
  await sign(world, signers);
  await world.calm();
  for (const from of ['pnes', 'server'] as const) world.say(from, 'lamp');
  await world.calm();
  world.hangUp('pnes', 'lock');
  await world.calm();
  await world.register('lock');
  world.clock.advance(3_000);
  await world.calm();
  await sign(world, signers);
  return Promise.all(NODES.map(async (node) => untouched(node, await world.events(node), signers)));
}

const signerOf = (node: NodeName): NoteSigner =>
  newNoteSigner(`cpns/${node}`, (length) => new SeededEntropy(`signer ${node}`).bytes(length));

type Signers = ReadonlyMap<NodeName, NoteSigner>;

async function sign(world: World, signers: Signers): Promise<void> {
  for (const node of NODES) {
    const [journal, signer] = [world.journal(node), signers.get(node)];
    if (journal === null || signer === undefined) throw new Error(`${node} does not run`);
    await signCheckpoint(
      { journal, clock: world.clock, entropy: new SeededEntropy(`record ${node}`), role: ROLES[node] },
      signer,
    );
  }
}

/**
 * Journals that processes wrote, signed at their end. The checkpoint that a role signed when it ended gives way to one that a
 * key of the test signs: of a head that is signed no second one is made.
 */
export async function finished(
  journals: readonly { readonly node: NodeName; readonly events: readonly RecordedEvent[] }[],
): Promise<readonly Untouched[]> {
  const signers = new Map(NODES.map((node) => [node, signerOf(node)]));
  const signed: Untouched[] = [];
  for (const { node, events } of journals) {
    const last = events.at(-1);
    const journal = await replayed(last?.type === 'CheckpointSigned' ? events.slice(0, -1) : events);
    const clock = new SimulatedClock(Date.parse(last?.meta.recordedAt ?? ''));
    const signer = signers.get(node);
    if (signer === undefined) throw new Error(`${node} signs nothing`);
    await signCheckpoint({ journal, clock, entropy: new SeededEntropy(node), role: ROLES[node] }, signer);
    signed.push(untouched(node, await all(journal), signers));
  }
  return signed;
}

async function replayed(events: readonly RecordedEvent[]): Promise<Journal> {
  const journal = new MemoryJournal();
  for (const { stream, type, schemaVersion, data, meta } of events) {
    await journal.commit({
      messageKey: null,
      appends: [{ stream, expected: { kind: 'any' }, events: [{ type, schemaVersion, data, meta }] }],
      outbox: { put: [], settle: [] },
      answers: [],
      timers: { arm: [], disarm: [] },
      keys: { put: [], drop: [] },
    });
  }
  return journal;
}

const all = async (journal: Journal): Promise<readonly RecordedEvent[]> =>
  journal.readAll({ limit: Number.MAX_SAFE_INTEGER });

function untouched(node: NodeName, events: readonly RecordedEvent[], signers: Signers): Untouched {
  const signer = signers.get(node);
  const rows = rowsOf(events);
  if (signer === undefined || rows.kept.edge === null) throw new Error(`${node} signs nothing`);
  const head = { origin: signer.verifier.name, size: rows.kept.size, root: rootOf(rows.kept.edge) };
  return { name: node, rows, signer, kept: signNote(checkpointText(head), signer) };
}
