import type { JournalReader } from '../../../../journal/port.ts';
import { KEYRING_STREAM } from '../../../../machines/streams.ts';

/** What a keyring's events say about keys that were destroyed. */
export interface Destroyed {
  /** Ids of all of them. */
  readonly ever: ReadonlySet<string>;
  /** Ids of those that were destroyed after the key-encryption key was changed last: that key opens dead copies of them. */
  readonly sinceRotation: ReadonlySet<string>;
}

/** Reads the whole stream: an event for each key that a person destroyed, and two for each rotation. */
export async function destroyedKeys(journal: JournalReader): Promise<Destroyed> {
  const ever = new Set<string>();
  const sinceRotation = new Set<string>();
  let after = 0;
  for (;;) {
    const page = await journal.readStream(KEYRING_STREAM, { after });
    for (const { type, data } of page) {
      if (type === 'KeyEncryptionKeyRotated') sinceRotation.clear();
      if (type !== 'KeyDestroyed') continue;
      ever.add(String(data['keyId']));
      sinceRotation.add(String(data['keyId']));
    }
    const last = page.at(-1);
    if (last === undefined) return { ever, sinceRotation };
    after = last.version;
  }
}
