import { pagesOf } from '../../fold/source.ts';
import { namesOfDevice, type JournalView } from '../state.ts';

/** A registration that a journal knows of. */
export interface FoundRegistration {
  readonly correlationId: string;
  /** Of its first event; RFC 3339, UTC. */
  readonly at: string;
}

/** Registrations that are told at once: the newest. */
export const MAX_FOUND = 1_000;

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
      for await (const page of pagesOf(view, stream, await archivedOf(view, stream)))
        for (const { type, meta } of page) {
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

/** Version of the last event of a stream that is archived, and not here; 0 where all are. */
async function archivedOf(view: JournalView, stream: string): Promise<number> {
  const base = view.missing === 0 ? null : await view.base?.(stream);
  return base?.version ?? 0;
}
