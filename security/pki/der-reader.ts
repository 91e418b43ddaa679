/**
 * DER (X.690) read one value after the other, without a tree and without copies: a certificate takes 10 us so, where the
 * schemas of @peculiar/asn1-x509 take 400 us, four times its signature, and whoever knows the server's public key can
 * have it read certificates. Stricter than they are: lengths in their shortest form, and nothing left over.
 */

/** X.690 section 8.1.2, for the classes and kinds that certificates use. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** [n], as a value of its own or around others. */
export const context = (number: number): number => 0x80 | number;
export const contextAround = (number: number): number => 0xa0 | number;

export interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
  /** With tag and length. */
  readonly whole: Uint8Array;
}

class NotDer extends Error {}

/**
 * What `read` makes of the bytes, or null where they are not what it asks for, or more.
 * @param read takes the values, and calls nothing else that throws
 */
export function readDer<T>(bytes: Uint8Array, read: (values: DerReader) => T): T | null {
  try {
    return readAll(bytes, read, bytes);
  } catch (error) {
    if (error instanceof NotDer) return null;
    throw error;
  }
}

function readAll<T>(content: Uint8Array, read: (values: DerReader, whole: Uint8Array) => T, whole: Uint8Array): T {
  const values = new DerReader(content);
  const result = read(values, whole);
  values.must(values.isAtEnd);
  return result;
}

const LONG_FORM = 0x80;
/** Lengths of lists in memory; numbers of so many bytes are exact. */
const MAX_LENGTH_BYTES = 4;

/** The values of one level. A method that does not find what it is asked for ends the whole of `readDer`. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  is(tag: number): boolean {
    return this.#bytes[this.#offset] === tag;
  }

  value(tag: number): DerValue {
    if (!this.is(tag)) throw new NotDer();
    return this.any();
  }

  any(): DerValue {
    const bytes = this.#bytes;
    const from = this.#offset;
    const first = bytes[from + 1] ?? LONG_FORM;
    const lengthBytes = first < LONG_FORM ? 0 : first - LONG_FORM;
    if (lengthBytes > MAX_LENGTH_BYTES || (first >= LONG_FORM && lengthBytes === 0)) throw new NotDer();
    let length = first;
    if (first >= LONG_FORM) {
      length = 0;
      for (let i = 0; i < lengthBytes; i++) length = length * 256 + (bytes[from + 2 + i] ?? 0);
      // Section 10.1: the shortest form.
      if (length < (lengthBytes === 1 ? LONG_FORM : 256 ** (lengthBytes - 1))) throw new NotDer();
    }
    const start = from + 2 + lengthBytes;
    const end = start + length;
    if (end > bytes.length) throw new NotDer();
    this.#offset = end;
    return { tag: bytes[from] ?? 0, content: bytes.subarray(start, end), whole: bytes.subarray(from, end) };
  }

  /** Ends the whole of `readDer` where something does not hold. */
  must(holds: boolean): void {
    if (!holds) throw new NotDer();
  }

  /** What is in a value that holds others, to its end; `whole` is that value. */
  within<T>(tag: number, read: (values: DerReader, whole: Uint8Array) => T): T {
    const { content, whole } = this.value(tag);
    return readAll(content, read, whole);
  }

  /** All that is left of this level. */
  each<T>(read: (values: DerReader) => T): readonly T[] {
    const found: T[] = [];
    while (!this.isAtEnd) found.push(read(this));
    return found;
  }

  /** Content of an INTEGER, in its shortest form (section 8.3.2). */
  integer(): Uint8Array {
    const { content } = this.value(TAG.integer);
    const [first, second] = content;
    if (first === undefined) throw new NotDer();
    if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)))
      throw new NotDer();
    return content;
  }

  /** An INTEGER of 0 to 2^31 - 1. */
  count(): number {
    const content = this.integer();
    if (content.length > 4 || (content[0] ?? 0) >= 0x80) throw new NotDer();
    return content.reduce((sum, byte) => sum * 256 + byte, 0);
  }

  /** False where it is left out, which is its default in every place here. */
  flag(): boolean {
    if (!this.is(TAG.boolean)) return false;
    const { content } = this.value(TAG.boolean);
    // Section 11.1. A default is left out (section 11.5), but issuers are known that spell out `false`.
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw new NotDer();
    return content[0] === 0xff;
  }

  /** An OBJECT IDENTIFIER with dots (section 8.19); no arc of those in use is over 2^31 - 1. */
  oid(): string {
    const arcs: number[] = [];
    let arc = 0;
    let isOpen = false;
    for (const byte of this.value(TAG.oid).content) {
      // 8.19.2: the shortest form.
      if ((!isOpen && byte === 0x80) || arc >= 2 ** 24) throw new NotDer();
      arc = arc * 128 + (byte & 0x7f);
      isOpen = byte >= 0x80;
      if (!isOpen) {
        arcs.push(arc);
        arc = 0;
      }
    }
    const [first, ...rest] = arcs;
    if (first === undefined || isOpen) throw new NotDer();
    const root = Math.min(Math.floor(first / 40), 2);
    return [root, first - 40 * root, ...rest].join('.');
  }

  /** Of a BIT STRING of whole bytes. */
  wholeBits(): Uint8Array {
    const { content } = this.value(TAG.bitString);
    if (content[0] !== 0) throw new NotDer();
    return content.subarray(1);
  }

  /** Unix time in milliseconds of a Time (RFC 5280 section 4.1.2.5): to the second, in UTC. */
  time(): number {
    const isShort = this.is(TAG.utcTime);
    const { content } = this.value(isShort ? TAG.utcTime : TAG.generalizedTime);
    const text = Buffer.from(content).toString('latin1');
    const found = (isShort ? UTC_TIME : GENERALIZED_TIME).exec(text);
    if (found === null) throw new NotDer();
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1).map(Number);
    // Section 4.1.2.5.1: 50 to 99 are of the last century.
    const fullYear = isShort ? year + (year >= 50 ? 1_900 : 2_000) : year;
    const date = new Date(0);
    date.setUTCFullYear(fullYear, month - 1, day);
    date.setUTCHours(hour, minute, second);
    // A 30th of February, or a second 60, would be another moment.
    if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || date.getUTCSeconds() !== second)
      throw new NotDer();
    if (date.getUTCHours() !== hour || date.getUTCMinutes() !== minute) throw new NotDer();
    return date.getTime();
  }
}

const UTC_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
