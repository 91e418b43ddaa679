import { idInStream } from '../../../machines/streams.ts';
import { JournalError, type Journal } from '../../../journal/port.ts';
import type { Chart } from '../../../machines/chart.ts';
import {
  frameCounter,
  MAX_COUNTER,
  MAX_START,
  ReplayWindow,
  type FrameNumber,
} from '../../../security/replay-window.ts';
import { sessionFromBytes } from '../../../security/session.ts';
import { LEASE_MS } from '../../cluster/membership.ts';
import { foldActor } from '../../../fold/fold.ts';
import type { Clock } from '../../../seams/clock.ts';
import type { Log } from '../../../seams/log.ts';
import type { Keyring } from '../../loop/step/keys.ts';
import type { Peer, SessionBook } from './sealed-wire.ts';
import { chainKey, seenKey, sessionKey } from '../sealed-text.ts';
import { fromKeptChain, type Standing } from '../standing.ts';

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
  /**
   * Another process may have spoken with the PN GWs that are not kept: their sessions are looked up again, after frames are
   * numbered above those of every other process. They are once more when none can believe any longer that it looks after
   * one of ours: a PN GW hears the highest start only.
   */
  takeOver(keeps: (gatewayId: string) => boolean): void;
  /** Another process takes over: what is under way is still sealed, under numbers below those of that process. */
  giveUp(): void;
}

/** Up to where frames are written down as used, and the bytes that say so. */
interface Reserved {
  readonly upTo: FrameNumber | null;
  readonly stored: Uint8Array | null;
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

/** Processes that begin at the same moment each get a start of their own; so many at once would be a mistake. */
const MAX_CLAIMS = 64;

/** So long after a change, whoever did not see it has no lease any more. */
export const SETTLED_MS = LEASE_MS;

/** A journal that was away may be back by then. */
const NUMBER_AGAIN_MS = 1_000;

/** Opens the book for one start of a process: its frames are numbered above those of every earlier start. */
export async function openSessionBook(options: SessionBookOptions): Promise<ReviewedBook> {
  const { journal, keyring, log, clock, chart, streamOf, changedBy, scrutiny = NO_SCRUTINY } = options;
  const read = async (id: string): Promise<Uint8Array | null> => {
    const wrapped = await journal.wrappedKey(id);
    return wrapped === null ? null : keyring.unwrap(id, wrapped);
  };
  /** Only where nobody else has written it since it was read. */
  const keep = async (id: string, wrapped: Uint8Array, before: Uint8Array | null): Promise<'kept' | 'overtaken'> => {
    const { kind } = await journal.commit({
      messageKey: null,
      appends: [],
      outbox: { put: [], settle: [] },
      answers: [],
      timers: { arm: [], disarm: [] },
      keys: { put: [{ id, wrapped }], drop: [], expect: [{ id, wrapped: before }] },
    });
    return kind === 'committed' ? 'kept' : 'overtaken';
  };
  const wrap = (id: string, number: FrameNumber): Uint8Array => keyring.wrap(id, toBytes(number));
  const recall = async (id: string): Promise<Reserved> => {
    const stored = await journal.wrappedKey(id);
    return { upTo: stored === null ? null : toNumber(keyring.unwrap(id, stored)), stored };
  };
  const notKept = (error: unknown): void =>
    log.warn('session book not kept', { error: error instanceof Error ? error.message : String(error) });

  const claimStart = async (): Promise<number> => {
    for (let attempt = 0; attempt < MAX_CLAIMS; attempt++) {
      const latest = await recall(START_KEY);
      const start = (latest.upTo?.start ?? 0) + 1;
      if (start > MAX_START)
        throw new Error(`This journal was opened ${MAX_START} times; no frame can be numbered any more.`);
      if ((await keep(START_KEY, wrap(START_KEY, { start, counter: 0 }), latest.stored)) === 'kept') return start;
    }
    throw new Error(`${MAX_CLAIMS} other processes numbered their frames first: start fewer at once.`);
  };
  let start = await claimStart();
  let counter = 0;
  let numberedAt = clock.now();

  const entries = new Map<string, Entry>();
  const reserved = new WeakMap<Peer, Reserved>();
  const strangers = new Set<string>();
  let changes = 0;
  journal.onCommit((events) => {
    for (const { type, stream, meta } of events) {
      if (!changedBy.includes(type) || meta.chart.id !== chart.id) continue;
      changes += 1;
      const gatewayId = idInStream(stream, 'gatewayId') ?? '';
      entries.delete(gatewayId);
      strangers.delete(gatewayId);
    }
  });
  /** Until frames are numbered anew nothing is sealed for a PN GW that somebody else may have spoken with. */
  let numbering: Promise<void> = Promise.resolve();
  const numberAnew = (): void => {
    const attempt = numbering
      .catch(() => undefined)
      .then(claimStart)
      .then((claimed) => {
        start = claimed;
        counter = 0;
      });
    numbering = attempt;
    attempt.catch((error: unknown) => {
      notKept(error);
      if (error instanceof JournalError && error.fault === 'closed') return;
      clock.after(NUMBER_AGAIN_MS, () => {
        if (numbering === attempt) numberAnew();
      });
    });
  };
  let cancelSettled = (): void => {};
  const lookUp = async (gatewayId: string): Promise<Peer | null> => {
    await numbering;
    const before = changes;
    const { state } = await foldActor(journal, chart, streamOf(gatewayId));
    const keyId = chart.owns(state) ? state.context.keyId : null;
    const bytes = keyId === null ? null : await read(sessionKey(keyId));
    const session = bytes === null ? null : sessionFromBytes(bytes);
    const seen = session === null ? null : await recall(seenKey(session.keyId));
    const chain = session === null ? null : fromKeptChain(await read(chainKey(session.keyId)));
    if (before !== changes) return lookUp(gatewayId);
    if (session === null) return withoutSession(gatewayId);
    const standing = scrutiny.standing(gatewayId, chain);
    if (standing.kind === 'over') return over(gatewayId);
    const peer = { session, window: new ReplayWindow(seen?.upTo ?? null) };
    entries.set(gatewayId, { peer, chain, untilMs: standing.untilMs });
    if (seen !== null) reserved.set(peer, seen);
    return peer;
  };
  /** Another process has accepted frames of this session, or nobody knows: how far, the journal tells. */
  const overtaken = (peer: Peer): void => {
    for (const [gatewayId, entry] of entries) if (entry.peer === peer) entries.delete(gatewayId);
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
    takeOver(keeps) {
      changes += 1;
      strangers.clear();
      for (const gatewayId of entries.keys()) if (!keeps(gatewayId)) entries.delete(gatewayId);
      numberAnew();
      cancelSettled();
      cancelSettled = clock.after(SETTLED_MS, numberAnew);
    },
    giveUp() {
      cancelSettled();
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
      if (highest === null || known === undefined) return;
      if (known.upTo !== null && frameCounter(highest) <= frameCounter(known.upTo)) return;
      const id = seenKey(peer.session.keyId);
      const upTo = { start: highest.start, counter: Math.min(highest.counter + FRAMES_RESERVED, MAX_COUNTER) };
      const stored = wrap(id, upTo);
      // The next one may come before this one is kept, and leans on it.
      reserved.set(peer, { upTo, stored });
      keep(id, stored, known.stored).then(
        (outcome) => {
          if (outcome === 'overtaken') overtaken(peer);
        },
        (error: unknown) => {
          notKept(error);
          // Nobody knows what is stored now. What was seen in memory holds; the next frame reserves again.
          reserved.delete(peer);
          recall(id).then(
            (now) => reserved.set(peer, now),
            () => overtaken(peer),
          );
        },
      );
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
