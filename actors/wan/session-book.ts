import type { Journal } from '../../events/journal/port.ts';
import type { Chart } from '../../machines/chart.ts';
import { MAX_COUNTER, MAX_START, ReplayWindow, type FrameNumber } from '../../security/replay-window.ts';
import { sessionFromBytes } from '../../security/session.ts';
import { foldActor } from '../fold.ts';
import type { Log } from '../seams/log.ts';
import type { Keyring } from '../step.ts';
import type { Peer, SessionBook } from './sealed-wire.ts';
import { sessionKey } from '../roles/session.ts';

/**
 * How many frames a peer may send before the newest number is written down. After a crash of ours so many old frames
 * could pass the window once more; their message ids are in the journal, so they are answered, not acted upon.
 */
export const FRAMES_PER_NOTE = 256;

/** Ids without a session that are remembered; more are looked up again. */
const MAX_STRANGERS = 10_000;

const START_KEY = 'wan/start';
const seenKey = (keyId: string): string => `wan/seen/${keyId}`;

/** Where a role finds the session with a PN GW. */
export interface SessionBookOptions {
  readonly journal: Journal;
  readonly keyring: Keyring;
  readonly log: Log;
  readonly chart: Chart<string, { readonly keyId: string | null }>;
  readonly streamOf: (gatewayId: string) => string;
  /** Event of that stream which puts another session in force. */
  readonly changedBy: string;
}

/** Opens the book for one start of a process: its frames are numbered above those of every earlier start. */
export async function openSessionBook(options: SessionBookOptions): Promise<SessionBook> {
  const { journal, keyring, log, chart, streamOf, changedBy } = options;
  const read = async (id: string): Promise<Uint8Array | null> => {
    const wrapped = await journal.wrappedKey(id);
    return wrapped === null ? null : keyring.unwrap(id, wrapped);
  };
  const keep = (put: readonly (readonly [id: string, bytes: Uint8Array])[], drop: readonly string[]) =>
    journal.commit({
      messageKey: null,
      appends: [],
      outbox: { put: [], settle: [] },
      answers: [],
      timers: { arm: [], disarm: [] },
      keys: { put: put.map(([id, bytes]) => ({ id, wrapped: keyring.wrap(id, bytes) })), drop },
    });
  const notKept = (error: unknown): void =>
    log.warn('session book not kept', { error: error instanceof Error ? error.message : String(error) });

  const start = (toNumber(await read(START_KEY))?.start ?? 0) + 1;
  if (start > MAX_START)
    throw new Error(`This journal was opened ${MAX_START} times; no frame can be numbered any more.`);
  await keep([[START_KEY, toBytes({ start, counter: 0 })]], []);
  let counter = 0;

  const peers = new Map<string, Peer>();
  const strangers = new Set<string>();
  let changes = 0;
  const streams = streamOf('');
  journal.onCommit((events) => {
    for (const { type, stream } of events) {
      if (type !== changedBy || !stream.startsWith(streams)) continue;
      changes += 1;
      const gatewayId = stream.slice(streams.length);
      const replaced = peers.get(gatewayId)?.session.keyId;
      if (replaced !== undefined) keep([], [sessionKey(replaced), seenKey(replaced)]).catch(notKept);
      peers.delete(gatewayId);
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
    if (before !== changes) return lookUp(gatewayId);
    if (session === null) {
      if (strangers.size >= MAX_STRANGERS) strangers.clear();
      strangers.add(gatewayId);
      return null;
    }
    const peer = { session, window: new ReplayWindow(seen) };
    peers.set(gatewayId, peer);
    return peer;
  };

  const accepted = new WeakMap<Peer, number>();
  return {
    peer: (gatewayId) => peers.get(gatewayId) ?? (strangers.has(gatewayId) ? null : lookUp(gatewayId)),
    nextNumber(): FrameNumber {
      if (counter >= MAX_COUNTER) throw new Error('Every frame number of this start is used: start the process again.');
      return { start, counter: counter++ };
    },
    accepted(peer) {
      const count = (accepted.get(peer) ?? 0) + 1;
      accepted.set(peer, count % FRAMES_PER_NOTE);
      const { highest } = peer.window;
      if (count < FRAMES_PER_NOTE || highest === null) return;
      keep([[seenKey(peer.session.keyId), toBytes(highest)]], []).catch(notKept);
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
