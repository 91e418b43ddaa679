/**
 * The timestamp in the first handshake message: a TAI64N label (https://cr.yp.to/libtai/tai64.html), as WireGuard sends it,
 * so that a recorded request can be told from a later one. Only its order counts: 96 bits, most significant byte first.
 */
import { SecurityError } from './security-error.ts';

/** Eight bytes of seconds, four of nanoseconds. */
export const TIMESTAMP_BYTES = 12;
const HEX_DIGITS = 2 * TIMESTAMP_BYTES;
const LAST = 'f'.repeat(HEX_DIGITS);

/** 1970-01-01 00:00:00 UTC in TAI64: 2^62, and the ten seconds that TAI was ahead. Leap seconds since then are left out. */
const EPOCH = 0x4000_0000_0000_000an;

/** @param nowMs milliseconds since 1970 UTC. @returns 24 lower-case hex digits, which sort as the timestamps do */
export function timestampAt(nowMs: number): string {
  const seconds = Math.floor(nowMs / 1_000);
  const nanoseconds = Math.floor(nowMs - seconds * 1_000) * 1_000_000;
  return hex(((EPOCH + BigInt(seconds)) << 32n) | BigInt(nanoseconds));
}

/**
 * Later than every one before, whatever the clock does: now, or the next number after the last one.
 * @throws SecurityError when the last one was the largest there is
 */
export function timestampAfter(last: string | null, nowMs: number): string {
  const now = timestampAt(nowMs);
  if (last === null || last < now) return now;
  if (last === LAST) throw new SecurityError('No timestamp comes after the last one.', 'Provision the device anew.');
  return hex(BigInt(`0x${last}`) + 1n);
}

export function timestampToBytes(timestamp: string): Uint8Array {
  return new Uint8Array(Buffer.from(timestamp, 'hex'));
}

/** Null for what is not 12 bytes long. */
export function timestampFromBytes(bytes: Uint8Array): string | null {
  return bytes.length === TIMESTAMP_BYTES ? Buffer.from(bytes).toString('hex') : null;
}

const hex = (value: bigint): string => value.toString(16).padStart(HEX_DIGITS, '0');
