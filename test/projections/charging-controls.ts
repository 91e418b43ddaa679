import type { UsageSum } from '../../events/fields.ts';
import type { Journal, NewEvent } from '../../journal/port.ts';
import { any, commitOf, eventOf, metaOf } from '../journal/controls.ts';

/** What a server's journal says of usage. */

export const KEYS = ['key-1-----------------', 'key-2-----------------'] as const;
export const sum = (change: Partial<UsageSum> = {}): UsageSum => ({
  keyId: KEYS[0],
  serviceId: 'echo',
  direction: 'up',
  messages: 3,
  bytes: 90,
  from: 1_000,
  to: 2_000,
  ...change,
});

export const counted = (...usage: UsageSum[]): NewEvent => eventOf('UsageRecorded', { data: { usage } });
export const reported = (...usage: UsageSum[]): NewEvent =>
  eventOf('GatewayUsageReceived', { data: { reportId: 'r', gatewayId: 'hub', usage } });
export const opened = (keyId: string, cpnsId: string): NewEvent =>
  eventOf('RegistrationAnswered', { data: { requestId: 'r', code: 200, keyId, cpnsId, handshake: null } });
export const closed = (keyId: string, recordedAt: string): NewEvent =>
  eventOf('SecureSessionClosed', { data: { keyId, reason: 'replaced' }, meta: metaOf({ recordedAt }) });

export function append(journal: Journal, stream: string, ...events: readonly NewEvent[]) {
  return journal.commit(commitOf({ appends: [{ stream, expected: any, events }] }));
}
