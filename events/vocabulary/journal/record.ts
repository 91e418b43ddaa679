import { z } from 'zod';
import { event, type EventOf } from '../define.ts';

/** SHA-256, base64url. */
const Hash = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/** Chart `journal/record`, stream `record`, in every journal: what is known of the record itself. */
export const recordEvents = {
  DurabilityObserved: event(
    'A process opened the journal and saw these settings of its database; `warnings` says what is weaker than it should be.',
    z.strictObject({
      database: z.enum(['sqlite', 'postgres', 'memory']),
      settings: z.record(z.string().max(64), z.string().max(256)),
      warnings: z.array(z.string().max(1_024)).max(16),
    }),
  ),
  CheckpointSigned: event(
    'The operator signed the root of the tree over the first `size` events (C2SP tlog-checkpoint).',
    z.strictObject({ size: z.int().min(1), root: Hash, note: z.string().min(1).max(4_096) }),
  ),
} as const;

export type RecordEvent = EventOf<typeof recordEvents>;
