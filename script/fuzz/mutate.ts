/** Inputs that are nearly right: one that was taken, changed in a few places. */
import type { Random } from './random.ts';

/** Longer inputs than a message may be, so that limits are met too. */
const MAX_INPUT_BYTES = 100_000;
const MAX_REPEATS = 4_096;

export interface Material {
  readonly pool: readonly Uint8Array[];
  /** What means something in this language: lengths, brackets, names. */
  readonly tokens: readonly Uint8Array[];
}

type Change = (input: Uint8Array, random: Random, material: Material) => Uint8Array;

/** Bytes at the edges of ranges. */
const EDGES = [0x00, 0x01, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff] as const;

const join = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);

function stretch(input: Uint8Array, random: Random): readonly [from: number, to: number] {
  const from = random.below(input.length + 1);
  const longest = random.below(4) === 0 ? input.length - from : Math.min(16, input.length - from);
  return [from, from + random.below(longest + 1)];
}

const put = (input: Uint8Array, at: number, byte: number): Uint8Array =>
  at < input.length ? new Uint8Array(input).with(at, byte & 0xff) : input;

const CHANGES: readonly Change[] = [
  function flipBit(input, random) {
    const at = random.below(input.length);
    return put(input, at, (input[at] ?? 0) ^ (1 << random.below(8)));
  },
  function putByte(input, random) {
    return put(input, random.below(input.length), random.below(256));
  },
  function putEdge(input, random) {
    return put(input, random.below(input.length), random.pick(EDGES));
  },
  function addOne(input, random) {
    const at = random.below(input.length);
    return put(input, at, (input[at] ?? 0) + 1 - 2 * random.below(2));
  },
  function leaveOut(input, random) {
    const [from, to] = stretch(input, random);
    return join(input.subarray(0, from), input.subarray(to));
  },
  function repeat(input, random) {
    const [from, to] = stretch(input, random);
    const times = random.below(8) === 0 ? 1 + random.below(MAX_REPEATS) : 1;
    const room = Math.floor((MAX_INPUT_BYTES - input.length) / Math.max(1, to - from));
    const copies = Array.from({ length: Math.max(0, Math.min(times, room)) }, () => input.subarray(from, to));
    return join(input.subarray(0, to), ...copies, input.subarray(to));
  },
  function move(input, random) {
    const [from, to] = stretch(input, random);
    const rest = join(input.subarray(0, from), input.subarray(to));
    const at = random.below(rest.length + 1);
    return join(rest.subarray(0, at), input.subarray(from, to), rest.subarray(at));
  },
  function insertToken(input, random, { tokens }) {
    const at = random.below(input.length + 1);
    const times = random.below(16) === 0 ? 1 + random.below(MAX_REPEATS) : 1;
    const token = random.pick(tokens);
    return join(input.subarray(0, at), ...Array.from({ length: times }, () => token), input.subarray(at));
  },
  function putToken(input, random, { tokens }) {
    const [from, to] = stretch(input, random);
    return join(input.subarray(0, from), random.pick(tokens), input.subarray(to));
  },
  function splice(input, random, { pool }) {
    const other = random.pick(pool);
    return join(input.subarray(0, random.below(input.length + 1)), other.subarray(random.below(other.length + 1)));
  },
  function borrow(input, random, { pool }) {
    const other = random.pick(pool);
    const [from, to] = stretch(other, random);
    const at = random.below(input.length + 1);
    return join(input.subarray(0, at), other.subarray(from, to), input.subarray(at));
  },
];

/** One to eight changes of one input of the pool, mostly few. */
export function mutate(random: Random, material: Material): Uint8Array {
  let input = random.pick(material.pool);
  const count = 1 + random.below(1 + random.below(8));
  for (let done = 0; done < count; done++) input = random.pick(CHANGES)(input, random, material);
  return input.subarray(0, MAX_INPUT_BYTES);
}
