import { z } from 'zod';
import { RESPONSE_CODE_VALUES } from './codes.ts';

/** Fields that events and messages share. */

/** An id of a device, gateway, PN, request or message: one subject token, one stream name token. */
export const Id = z.string().regex(/^[a-z0-9_-]{1,64}$/, 'an id is 1 to 64 of a-z, 0-9, _ and -');

/** `cpns-` and 130 bits in base32: stable for a device, never given to another. */
export const CpnsId = z.string().regex(/^cpns-[a-z2-7]{26}$/);

/** The public name of a session key: base64url of 16 bytes. */
export const KeyId = z.string().regex(/^[A-Za-z0-9_-]{22}$/);

/** An epoch of the keys of one direction: 24 bits. */
export const Epoch = z
  .int()
  .min(0)
  .max(2 ** 24 - 1);

export const Code = z.literal(RESPONSE_CODE_VALUES);

/**
 * The timestamp of a request: a TAI64N label in lower-case hex, so it sorts as the timestamps do. Null for a request from
 * before they had it.
 */
export const Timestamp = z
  .string()
  .regex(/^[0-9a-f]{24}$/)
  .nullable();

/** A Noise handshake message, base64url: public values and ciphertext. Noise messages are at most 65,535 bytes. */
export const HandshakeMessage = z.string().regex(/^[A-Za-z0-9_-]{1,8192}$/);

/** A revision of a PN Inventory: the version of the stream `pn/<pnId>` at the server that made it. 0 is before any. */
export const Revision = z.int().min(0);

export const JoinPolicy = z.enum(['open', 'approval', 'closed']);
export type JoinPolicy = z.infer<typeof JoinPolicy>;

export const MemberStatus = z.enum(['member', 'provisional', 'registered']);
export type MemberStatus = z.infer<typeof MemberStatus>;

/** One change of a PN Inventory. `previous` is the revision it applies to; changes of one event share both numbers. */
export const InventoryChange = z.strictObject({
  revision: Revision,
  previous: Revision,
  deviceId: Id,
  kind: z.enum(['added', 'registered', 'removed']),
  status: z.enum(['member', 'provisional', 'registered', 'removed']),
  cpnsId: CpnsId.nullable(),
});
export type InventoryChange = z.infer<typeof InventoryChange>;

/** Changes that fit into one event and into one message: 100 of about 200 bytes are a third of 64 KiB. */
export const MAX_CHANGES = 100;

export const InventoryChanges = z.strictObject({ pnId: Id, changes: z.array(InventoryChange).min(1).max(MAX_CHANGES) });
export type InventoryChanges = z.infer<typeof InventoryChanges>;

/** PNs of one PN GW: it asks for all of them in one step. */
export const MAX_PNS = 1_000;

/** `up` is PNE -> CPNS Server. */
export const Direction = z.enum(['up', 'down']);
export type Direction = z.infer<typeof Direction>;

/** Milliseconds since 1970 UTC. */
const Time = z.int().min(0);

/** What went over one session for one service in one direction between two moments of the clock of whoever counted. */
export const UsageSum = z.strictObject({
  keyId: KeyId,
  serviceId: Id,
  direction: Direction,
  /** Sealed messages; an application message that is sent in chunks counts once for each. */
  messages: z.int().min(1),
  /** Without what sealing adds. */
  bytes: z.int().min(0),
  from: Time,
  to: Time,
});
export type UsageSum = z.infer<typeof UsageSum>;

/** Sums that fit into one event and into one message: 64 of about 200 bytes are a fifth of 64 KiB. */
export const MAX_SUMS = 64;
export const UsageSums = z.array(UsageSum).min(1).max(MAX_SUMS);

/** Who tells what the personal fields of a device are: the operator's list, or the device in its secure session. */
export const SUBJECT_TELLERS = ['operator', 'device'] as const;
export type SubjectTeller = (typeof SUBJECT_TELLERS)[number];

/** What people read: nothing that moves a cursor, and nothing that turns the direction of a line around. */
const READABLE = /^[^\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+$/u;
const PersonalText = z
  .string()
  .min(1)
  .max(128)
  .refine((text) => READABLE.test(text), 'must be readable in a line');
const Mac = z.string().regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);

/** The personal fields of a device; null is what nobody told. They are in no event, no log line and on no wire but sealed. */
export const PersonalFields = z.object({
  user: PersonalText.nullable().default(null),
  name: PersonalText.nullable().default(null),
  mac: Mac.nullable().default(null),
});
export type PersonalFields = Readonly<z.infer<typeof PersonalFields>>;

/** The two registration flows of the change request. */
export const FLOWS = ['1.4.1', '1.4.2'] as const;
export type Flow = (typeof FLOWS)[number];
