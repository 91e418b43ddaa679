import { createKeyring, kekIdOf, type Keyring } from '../../../../security/keyring.ts';
import type { JournalSeams } from '../journal-actor.ts';
import { keyringState, keyringStep } from './stream.ts';

/**
 * What a role finds at its start. `missing`: no key is there, and the journal has keys. `other`: none of the keys is the
 * journal's; `expected` is null in a journal of the first version, which does not say. `rotating`: a rotation was not
 * finished, and one of its two keys is not there.
 */
export type KeyringOpening =
  | { readonly kind: 'opened'; readonly keyring: Keyring }
  | { readonly kind: 'missing'; readonly expected: string | null }
  | { readonly kind: 'other'; readonly expected: string | null; readonly given: readonly string[] }
  | { readonly kind: 'rotating'; readonly fromKekId: string; readonly toKekId: string };

/**
 * The keyring of a journal, if one of the keys is the journal's. A new journal takes the first of them, and says so in
 * its first event: whoever opens it with another is refused, and nothing is written.
 * @param keks key-encryption keys that are there, 32 bytes each
 * @param create makes one for a journal that has no keys, where none is there
 */
export async function openKeyring(
  seams: JournalSeams,
  keks: readonly Uint8Array[],
  create: () => Uint8Array,
): Promise<KeyringOpening> {
  const { journal, entropy } = seams;
  const bytes = (length: number): Uint8Array => entropy.bytes(length);
  const { kekId, nextKekId } = (await keyringState(journal)).context;
  if (kekId === null) return begin(seams, keks, create);

  const byId = new Map(keks.map((kek) => [kekIdOf(kek), kek]));
  if (keks.length === 0) return { kind: 'missing', expected: kekId };
  const [current, next] = [byId.get(kekId), nextKekId === null ? undefined : byId.get(nextKekId)];
  if (nextKekId === null) {
    if (current !== undefined) return { kind: 'opened', keyring: createKeyring({ kek: current, bytes }) };
    return { kind: 'other', expected: kekId, given: [...byId.keys()] };
  }
  if (current === undefined || next === undefined) return { kind: 'rotating', fromKekId: kekId, toKekId: nextKekId };
  return { kind: 'opened', keyring: createKeyring({ kek: next, also: [current], bytes }) };
}

/** A journal that has no keyring yet: it is new, or of the first version, whose keys then have to open. */
async function begin(
  seams: JournalSeams,
  keks: readonly Uint8Array[],
  create: () => Uint8Array,
): Promise<KeyringOpening> {
  const [found] = await seams.journal.wrappedKeys({ after: '', limit: 1 });
  if (keks.length === 0 && found !== undefined) return { kind: 'missing', expected: null };
  const kek = keks[0] ?? create();
  const keyring = createKeyring({ kek, bytes: (length) => seams.entropy.bytes(length) });
  if (found !== undefined && keyring.unwrap(found.id, found.wrapped) === null)
    return { kind: 'other', expected: null, given: [keyring.kekId] };
  const { kekId } = keyring;
  let isNew = false;
  const { kind } = await keyringStep(seams, keyring, (_, { context }) => {
    isNew = context.kekId === null;
    return isNew ? { type: 'KeyringCreated', data: { kekId } } : null;
  });
  if (isNew && kind === 'committed') return { kind: 'opened', keyring };
  // Another process of the same role began it meanwhile: its word counts, also against a key that was just made.
  return openKeyring(seams, keks.length === 0 ? [kek] : keks, create);
}
