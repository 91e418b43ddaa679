import { z } from 'zod';
import { KeyId } from '../../fields.ts';
import { event, type EventOf } from '../define.ts';

/** Name of a row of the keys table, e.g. `session/<keyId>`. */
export const StoredKeyId = z.string().regex(/^[A-Za-z0-9_/-]{1,200}$/);

/** Why a key was destroyed: its data is not needed any more, somebody else may have it, or a person is to be forgotten. */
export const DESTRUCTION_REASONS = ['retired', 'compromised', 'erasure'] as const;

/** The public name of a key-encryption key: base64url of 16 bytes. */
const KekId = KeyId;

/** Chart `journal/keyring`, stream `keyring`, in every journal. A key itself is in no event. */
export const keyringEvents = {
  KeyringCreated: event('The keys of this journal are wrapped under this key.', z.strictObject({ kekId: KekId })),
  KeyRotationStarted: event(
    'From now on keys are wrapped under another key; those under the former one follow.',
    z.strictObject({ fromKekId: KekId, toKekId: KekId }),
  ),
  KeyEncryptionKeyRotated: event(
    'Every key is wrapped under the other key; the former one opens nothing of this journal any more.',
    z.strictObject({ fromKekId: KekId, toKekId: KekId, keys: z.int().min(0) }),
  ),
  KeyDestroyed: event(
    'A key is gone, and what only it opens is unreadable for good.',
    z.strictObject({ keyId: StoredKeyId, reason: z.enum(DESTRUCTION_REASONS) }),
  ),
} as const;

export type KeyringEvent = EventOf<typeof keyringEvents>;
