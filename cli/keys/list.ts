import type { KeyReader, WrappedKey } from '../../journal/port.ts';
import { kekIdIn, type Keyring } from '../../security/keyring.ts';

/** Rows read at once. */
const PAGE = 1_000;

/** What is shown of a key; never the key. `unchecked`: no key-encryption key was given. */
export interface KeyEntry {
  readonly keyId: string;
  /** Null: of the first format, which does not say. */
  readonly kekId: string | null;
  readonly sizeBytes: number;
  readonly state: 'opens' | 'otherKey' | 'damaged' | 'unchecked';
}

/** All keys of a journal, by pages. */
export async function* keyEntries(reader: KeyReader, keyring: Keyring | null): AsyncGenerator<readonly KeyEntry[]> {
  let after = '';
  for (;;) {
    const page = await reader.wrappedKeys({ after, limit: PAGE });
    if (page.length > 0) yield page.map((row) => entryOf(row, keyring));
    after = page.at(-1)?.id ?? after;
    if (page.length < PAGE) return;
  }
}

function entryOf({ id, wrapped }: WrappedKey, keyring: Keyring | null): KeyEntry {
  const found = keyring?.examine(id, wrapped).kind ?? 'unchecked';
  const state = found === 'opened' ? 'opens' : found;
  return { keyId: id, kekId: kekIdIn(wrapped), sizeBytes: wrapped.length, state };
}

const STATES: Readonly<Record<KeyEntry['state'], string>> = {
  opens: 'opens',
  otherKey: 'under another key',
  damaged: 'damaged',
  unchecked: '',
};

export function entryTexts(entries: readonly KeyEntry[]): readonly string[] {
  const width = Math.max(...entries.map(({ keyId }) => keyId.length));
  return entries.map(({ keyId, kekId, sizeBytes, state }) =>
    `${keyId.padEnd(width)}  ${kekId ?? '-'.padEnd(22)}  ${String(sizeBytes).padStart(5)}  ${STATES[state]}`.trimEnd(),
  );
}
