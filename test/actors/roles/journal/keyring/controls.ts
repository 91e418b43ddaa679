import type { JournalSeams } from '../../../../../actors/roles/journal/journal-actor.ts';
import { SimulatedClock } from '../../../../../seams/clock.ts';
import { SeededEntropy } from '../../../../../seams/entropy.ts';
import type { Commit, Journal } from '../../../../../journal/port.ts';
import { createKeyring, type Keyring } from '../../../../../security/keyring.ts';

/** Test data of keyrings: keys by number, and a journal that holds secrets under one of them. */

const entropy = new SeededEntropy('keyring');
export const bytes = (length: number): Uint8Array => entropy.bytes(length);
export const kek = (n: number): Uint8Array => new Uint8Array(32).fill(n);
export const keyringUnder = (n: number): Keyring => createKeyring({ kek: kek(n), bytes });

export function seamsOf(journal: Journal): JournalSeams {
  return { journal, clock: new SimulatedClock(), entropy, role: 'cpns-server' };
}

/** Puts secrets into a journal; each is the bytes of its own id. */
export async function hold(journal: Journal, keyring: Keyring, ids: readonly string[]): Promise<void> {
  const put = ids.map((id) => ({ id, wrapped: keyring.wrap(id, secretOf(id)) }));
  await journal.commit({ ...EMPTY, keys: { put, drop: [] } });
}

export const secretOf = (id: string): Uint8Array => new TextEncoder().encode(id);

const EMPTY: Commit = {
  messageKey: null,
  appends: [],
  outbox: { put: [], settle: [] },
  answers: [],
  timers: { arm: [], disarm: [] },
  keys: { put: [], drop: [] },
};

/** Ids of the secrets that a keyring opens, as they were put. */
export async function openedBy(journal: Journal, keyring: Keyring): Promise<readonly string[]> {
  const rows = await journal.wrappedKeys({ after: '', limit: 10_000 });
  return rows.flatMap(({ id, wrapped }) => {
    const secret = keyring.unwrap(id, wrapped);
    return secret !== null && Buffer.from(secret).equals(secretOf(id)) ? [id] : [];
  });
}
