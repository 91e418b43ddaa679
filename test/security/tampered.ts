/** What can be done to a message by whoever carries it and has no key. Bytes that come out as they went in are left out. */

const sameBytes = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;

/** The message with one bit of it changed, bit by bit. */
export function* flips(message: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < message.length * 8; bit++) {
    yield message.with(bit >> 3, (message[bit >> 3] ?? 0) ^ (1 << (bit & 7)));
  }
}

/** Cut short at either end, at every place. */
export function* cuts(message: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < message.length; at++) {
    yield message.subarray(0, at);
    if (at > 0) yield message.subarray(at);
  }
}

/** With a part of it out of its place: two neighbouring blocks change places, at every border. */
export function* reorders(message: Uint8Array): Generator<Uint8Array> {
  for (const size of [1, 16, 32]) {
    for (let at = 0; at + 2 * size <= message.length; at++) {
      const moved = message.slice();
      moved.set(message.subarray(at + size, at + 2 * size), at);
      moved.set(message.subarray(at, at + size), at + size);
      if (!sameBytes(moved, message)) yield moved;
    }
  }
}

/** With a part of it twice, at every place; the whole of it twice last. */
export function* repeats(message: Uint8Array): Generator<Uint8Array> {
  for (const size of [1, 16, 32, message.length]) {
    for (let at = 0; at + size <= message.length; at++) {
      yield Buffer.concat([message.subarray(0, at + size), message.subarray(at)]);
    }
  }
}

/** The front of the one and the back of the other, at every place, and the other way round. */
export function* splices(message: Uint8Array, other: Uint8Array): Generator<Uint8Array> {
  for (let at = 1; at < Math.max(message.length, other.length); at++) {
    for (const [front, back] of [
      [message, other],
      [other, message],
    ] as const) {
      const spliced = Buffer.concat([front.subarray(0, at), back.subarray(at)]);
      if (!sameBytes(spliced, message) && !sameBytes(spliced, other)) yield spliced;
    }
  }
}

/** All of the above. */
export function* tampered(message: Uint8Array, other: Uint8Array): Generator<Uint8Array> {
  yield* flips(message);
  yield* cuts(message);
  yield* reorders(message);
  yield* repeats(message);
  yield* splices(message, other);
}
