import { z } from 'zod';
import { SUBJECT_TELLERS } from '../../fields.ts';
import { event, type EventOf } from '../define.ts';
import { StoredKeyId } from '../journal/keyring.ts';

/** `user`, name and MAC address of a device, sealed under the key of the subject: `security/personal-data.ts`. Base64url. */
const SealedPersonal = z.string().regex(/^[A-Za-z0-9_-]{60,4096}$/);

/** Chart `cpns-server/subject`, stream `subject/<deviceId>`, in the journal of the server. */
export const subjectEvents = {
  SubjectDescribed: event(
    'Somebody told who uses the device, its name and its MAC address. Only the key of the subject opens that.',
    z.strictObject({ keyId: StoredKeyId, by: z.enum(SUBJECT_TELLERS), sealed: SealedPersonal }),
  ),
  SubjectErased: event(
    'The key of the subject is destroyed: what was told until now is unreadable for everybody, for good.',
    z.strictObject({ keyId: StoredKeyId }),
  ),
} as const;

export type SubjectEvent = EventOf<typeof subjectEvents>;
