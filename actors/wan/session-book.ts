import type { Journal } from '../../events/journal/port.ts';
import type { Chart } from '../../machines/chart.ts';
import { frameCounter, MAX_COUNTER, MAX_START, ReplayWindow, type FrameNumber } from '../../security/replay-window.ts';
import { sessionFromBytes } from '../../security/session.ts';
import { foldActor } from '../fold.ts';
import type { Clock } from '../seams/clock.ts';
import type { Log } from '../seams/log.ts';
import type { Keyring } from '../step.ts';
import type { Peer, SessionBook } from './sealed-wire.ts';
import { chainKey, seenKey, sessionKey } from '../roles/session.ts';
import { fromKeptChain, type Standing } from '../roles/standing.ts';

/**
 * Numbers ahead of the newest accepted frame that are written down as used, so that not every frame is a write. After a
 * restart of ours all of them are old: the journal commits in order, so what was acted upon is among them.
 */
export const FRAMES_RESERVED = 64;

/**
 * Whoever sent nothing for so long goes on behind what the other end can have reserved. So after a restart a lone message is
 * lost once at most (it is sent again after a second), and who sends without such a pause is past them in 3 s.
 */
export const PAUSE_MS = 50;

/** Ids without a session that are remembered; more are looked up again. */
const MAX_STRANGERS = 10_000;

const START_KEY = 'wan/start';

/** Where a role finds the session with a PN GW. */
export interface SessionBookOptions {
  readonly journal: Journal;
  readonly keyring: Keyring;
  readonly log: Log;
  readonly clock: Clock;
  readonly chart: Chart<string, { readonly keyId: string | null }>;
  readonly streamOf: (gatewayId: string) => string;
  /** Events of that stream which put another session in force, or none. */
  readonly changedBy: readonly string[];
  /** Whose sessions have to go on standing; without it all do. */
  readonly scrutiny?: Scrutiny;
}

export interface Scrutiny {
  /** @param chain certificates that the session was agreed on with, DER; null: a secret */
  readonly standing: (gatewayId: string, chain: readonly Uint8Array[] | null) => Standing;
  /** The session is used no more from now on; the journal does not say so yet. */
  readonly onOver: (gatewayId: string) => void;
}

export interface ReviewedBook extends SessionBook {
  /** Judges every session in memory again; those that are not are judged when they are looked up. */
  review(): void;
}

interface Entry {
  readonly peer: Peer;
  readonly chain: readonly Uint8Array[] | null;
  readonly untilMs: number;
}

const NO_SCRUTINY: Scrutiny = {
  standing: () => ({ kind: 'stands', untilMs: Infinity }),
  onOver: () => {},
};

/** Opens the book for one start of a process: its frames are numbered above those of every earlier start. */
export async function openSessionBook(options: SessionBookOptions): Promise<ReviewedBook> {
  const { journal, keyring, log, clock, chart, streamOf, changedBy, scrutiny = NO_SCRUTINY } = options;
  const read = async (id: string): Promise<Uint8Array | null> => {
    const wrapped = await journal.wrappedKey(id);
    return wrapped === null ? null : keyring.unwrap(id, wrapped);
  };
  const keep = (id: string, bytes: Uint8Array) =>
    journal.commit({
      messageKey: null,
      appends: [],
      outbox: { put: [], settle: [] },
      answers: [],
      timers: { arm: [], disarm: [] },
      keys: { put: [{ id, wrapped: keyring.wrap(id, bytes) }], drop: [] },
    });
  const notKept = (error: unknown): void =>
    log.warn('session book not kept', { error: error instanceof Error ? error.message : String(error) });

  const start = (toNumber(await read(START_KEY))?.start ?? 0) + 1;
  if (start > MAX_START)
    throw new Error(`This journal was opened ${MAX_START} times; no frame can be numbered any more.`);
  await keep(START_KEY, toBytes({ start, counter: 0 }));
  let counter = 0;
  let numberedAt = clock.now();

  const entries = new Map<string, Entry>();
  const reserved = new WeakMap<Peer, FrameNumber>();
  const strangers = new Set<string>();
  let changes = 0;
  const streams = streamOf('');
  journal.onCommit((events) => {
    for (const { type, stream } of events) {
      if (!changedBy.includes(type) || !stream.startsWith(streams)) continue;
      changes += 1;
      const gatewayId = stream.slice(streams.length);
      entries.delete(gatewayId);
      strangers.delete(gatewayId);
    }
  });
  const lookUp = async (gatewayId: string): Promise<Peer | null> => {
    const before = changes;
    const { state } = await foldActor(journal, chart, streamOf(gatewayId));
    const keyId = chart.owns(state) ? state.context.keyId : null;
    const bytes = keyId === null ? null : await read(sessionKey(keyId));
    const session = bytes === null ? null : sessionFromBytes(bytes);
    const seen = session === null ? null : toNumber(await read(seenKey(session.keyId)));
    const chain = session === null ? null : fromKeptChain(await read(chainKey(session.keyId)));
    if (before !== changes) return lookUp(gatewayId);
    if (session === null) return withoutSession(gatewayId);
    const standing = scrutiny.standing(gatewayId, chain);
    if (standing.kind === 'over') return over(gatewayId);
    const peer = { session, window: new ReplayWindow(seen) };
    entries.set(gatewayId, { peer, chain, untilMs: standing.untilMs });
    if (seen !== null) reserved.set(peer, seen);
    return peer;
  };
  const withoutSession = (gatewayId: string): null => {
    if (strangers.size >= MAX_STRANGERS) strangers.clear();
    strangers.add(gatewayId);
    return null;
  };
  const over = (gatewayId: string): null => {
    entries.delete(gatewayId);
    scrutiny.onOver(gatewayId);
    return withoutSession(gatewayId);
  };

  return {
    peer(gatewayId) {
      const entry = entries.get(gatewayId);
      if (entry !== undefined) return clock.now() <= entry.untilMs ? entry.peer : over(gatewayId);
      return strangers.has(gatewayId) ? null : lookUp(gatewayId);
    },
    review() {
      strangers.clear();
      for (const [gatewayId, { chain }] of entries)
        if (scrutiny.standing(gatewayId, chain).kind === 'over') over(gatewayId);
    },
    nextNumber(): FrameNumber {
      const now = clock.now();
      if (Math.abs(now - numberedAt) >= PAUSE_MS) counter += FRAMES_RESERVED;
      numberedAt = now;
      if (counter >= MAX_COUNTER) throw new Error('Every frame number of this start is used: start the process again.');
      return { start, counter: counter++ };
    },
    accepted(peer) {
      const { highest } = peer.window;
      const known = reserved.get(peer);
      if (highest === null || (known !== undefined && frameCounter(highest) <= frameCounter(known))) return;
      const more = { start: highest.start, counter: Math.min(highest.counter + FRAMES_RESERVED, MAX_COUNTER) };
      reserved.set(peer, more);
      keep(seenKey(peer.session.keyId), toBytes(more)).catch((error: unknown) => {
        reserved.delete(peer);
        notKept(error);
      });
    },
  };
}

/** Three bytes of the start, five of the counter, most significant first. */
function toBytes({ start, counter }: FrameNumber): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeUIntBE(start, 0, 3);
  bytes.writeUIntBE(counter, 3, 5);
  return bytes;
}

function toNumber(bytes: Uint8Array | null): FrameNumber | null {
  if (bytes?.length !== 8) return null;
  const from = Buffer.from(bytes);
  return { start: from.readUIntBE(0, 3), counter: from.readUIntBE(3, 5) };
}
