import { z } from 'zod';

/** Kinds of values in configuration files. A message says what is expected; where it is comes from the document. */

export const ID_PATTERN = /^[a-z0-9_-]{1,64}$/;
export const id = z.string().regex(ID_PATTERN, 'must be an id: 1 to 64 of a-z, 0-9, _ and -');

/** What people read: no control characters, which would reach a terminal. */
export const text = z.string().regex(/^[^\p{Cc}\p{Zl}\p{Zp}]{1,200}$/u, 'must be 1 to 200 printable characters');

/** The same where it is personal, and goes into an event sealed: shorter, and nothing that turns a line around. */
export const personalText = z
  .string()
  .regex(/^[^\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]{1,128}$/u, 'must be 1 to 128 printable characters');

export const mac = z
  .string()
  .regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i, 'must be a MAC address such as 00:17:88:35:05:88')
  .transform((value) => value.toLowerCase());

/** What is personal about a device. */
export const personal = z.strictObject({
  user: personalText.optional(),
  name: personalText.optional(),
  mac: mac.optional(),
});

export const path = z.string().min(1, 'must name a file');

export const natsUrl = z
  .string()
  .regex(/^(nats|tls):\/\/[^\s,]+$/, 'must be an address such as nats://127.0.0.1:4222')
  .refine((url) => URL.canParse(url.replace(/^[a-z]+/, 'http')), 'must have a host and a port up to 65535');
export const natsUrls = z.array(natsUrl).min(1, 'must name at least one NATS server');

/** Where a server listens: `host:port`, an IPv6 address in brackets. */
export const listenAddress = z
  .string()
  .regex(/^([a-zA-Z0-9.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/, 'must be host:port, such as 127.0.0.1:4222');

/** A whole number in a range, both ends included. */
export function whole(least: number, most: number, unit: string): z.ZodInt {
  const message = `must be ${least} to ${most} ${unit}`;
  return z.int().min(least, message).max(most, message);
}

export const joinPolicy = z.enum(['open', 'approval', 'closed']);
export const gatewayPairing = z.enum(['permitted', 'forbidden']);
export const devicePairing = z.enum(['needed', 'none']);

/** 32 bytes in base64url without padding (RFC 4648 section 5): 43 characters, the last of which carries 4 bits. */
export const SECRET_PATTERN = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
export const secret = z.string().regex(SECRET_PATTERN, 'must be 32 bytes in base64url: 43 characters');

export const DEFAULT_NATS_URL = 'nats://127.0.0.1:4222';
