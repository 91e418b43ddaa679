import type { RecordedEvent } from '../../journal/port.ts';
import { namesOfDevice, type JournalView } from '../state.ts';

/** A registration that a journal knows of. */
export interface FoundRegistration {
  readonly correlationId: string;
  /** Of its first event; RFC 3339, UTC. */
  readonly at: string;
}

/** Registrations that are told at once: the newest. */
export const MAX_FOUND = 1_000;
const PAGE = 1_000;

/** Events that begin or ask for a registration. */
const BEGINS: ReadonlySet<string> = new Set([
  'RegistrationWanted',
  'PairingFormed',
  'RegistrationRequestReceived',
  'PneAuthenticationFailed',
]);

/** Registrations of a device in any of the journals, the newest last. */
export async function registrationsOf(
  views: readonly JournalView[],
  deviceId: string,
): Promise<readonly FoundRegistration[]> {
  const found = new Map<string, string>();
  for (const view of views)
    for await (const stream of namesOfDevice(view, deviceId))
      for await (const { type, meta } of eventsOf(view, stream)) {
        if (!BEGINS.has(type)) continue;
        const known = found.get(meta.correlationId);
        if (known === undefined || meta.recordedAt < known) found.set(meta.correlationId, meta.recordedAt);
        if (found.size > MAX_FOUND * 2) forget(found);
      }
  return inOrder(found).slice(-MAX_FOUND);
}

const inOrder = (found: ReadonlyMap<string, string>): readonly FoundRegistration[] =>
  [...found]
    .map(([correlationId, at]) => ({ correlationId, at }))
    .toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.correlationId < b.correlationId ? -1 : 1));

function forget(found: Map<string, string>): void {
  for (const { correlationId } of inOrder(found).slice(0, -MAX_FOUND)) found.delete(correlationId);
}

async function* eventsOf(view: JournalView, stream: string): AsyncIterable<RecordedEvent> {
  // Of a stream whose beginning is archived, and not here, what is here.
  const base = view.missing === 0 ? null : ((await view.base?.(stream)) ?? null);
  for (let after = base?.version ?? 0; ;) {
    const page = await view.readStream(stream, { after, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.version;
  }
}
