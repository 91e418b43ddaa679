/**
 * Published test vectors of the Noise community against our handshake: `npm run noise-vectors -- FILE`, a file in the JSON
 * form of cacophony (the Haskell implementation; snow, noise-java and others carry such files). Vectors of protocols that are
 * not spoken here are counted and left aside; the first difference ends the run with exit code 1.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { counterNonce, open, seal } from '../security/aead.ts';
import { startHandshake, type HandshakeState } from '../security/noise/handshake-state.ts';
import { PATTERNS, type Pattern } from '../security/noise/patterns.ts';
import { keyPair } from '../security/noise/x25519.ts';

const hexText = z.string().regex(/^([0-9a-f]{2})*$/i, 'must be hexadecimal');
const bytes = hexText.transform((text) => new Uint8Array(Buffer.from(text, 'hex')));
/** Only the name is looked at before it is clear that the protocol is ours: others may have other fields. */
const VectorFile = z.object({ vectors: z.array(z.looseObject({ protocol_name: z.string() })) });
const Vector = z.object({
  protocol_name: z.string(),
  init_prologue: bytes,
  init_psks: z.array(bytes).optional(),
  init_static: bytes.optional(),
  init_ephemeral: bytes,
  init_remote_static: bytes.optional(),
  resp_prologue: bytes,
  resp_psks: z.array(bytes).optional(),
  resp_static: bytes.optional(),
  resp_ephemeral: bytes,
  resp_remote_static: bytes.optional(),
  /** cacophony's own file has the hash after the first message here; others have the one after the last. */
  handshake_hash: hexText.optional(),
  messages: z.array(z.object({ payload: bytes, ciphertext: hexText })),
});
type Vector = z.infer<typeof Vector>;

export interface VectorRun {
  readonly passed: number;
  /** Of protocols that are not spoken here. */
  readonly leftAside: number;
  /** The first difference, in a sentence; null when there is none. */
  readonly difference: string | null;
}

/** @throws SyntaxError, ZodError for what is no such file */
export function runVectors(text: string): VectorRun {
  const file = VectorFile.parse(JSON.parse(text));
  let passed = 0;
  let leftAside = 0;
  for (const [index, entry] of file.vectors.entries()) {
    const pattern = Object.values(PATTERNS).find(({ protocolName }) => protocolName === entry.protocol_name);
    if (pattern === undefined) {
      leftAside += 1;
      continue;
    }
    const difference = differenceIn(Vector.parse(entry), pattern);
    if (difference !== null) {
      return { passed, leftAside, difference: `Vector ${index}, ${pattern.protocolName}: ${difference}` };
    }
    passed += 1;
  }
  return { passed, leftAside, difference: null };
}

const toHex = (value: Uint8Array): string => Buffer.from(value).toString('hex');
const NOTHING = new Uint8Array(0);

/** Both sides against the vector: what each writes, and what the other reads out of it. */
function differenceIn(vector: Vector, pattern: Pattern): string | null {
  const [initiator, responder] = sides(vector, pattern);
  const hashes = new Set<string>();
  for (const [index, { payload, ciphertext }] of vector.messages.slice(0, pattern.messages.length).entries()) {
    const [writer, reader] = index % 2 === 0 ? [initiator, responder] : [responder, initiator];
    const message = writer.writeMessage(payload);
    if (toHex(message) !== ciphertext.toLowerCase()) return differs(index, ciphertext, message);
    const outcome = reader.readMessage(message);
    if (outcome.kind === 'failed') return `message ${index} is not read: ${outcome.reason}.`;
    if (toHex(outcome.payload) !== toHex(payload)) return differs(index, toHex(payload), outcome.payload);
    hashes.add(toHex(writer.symmetric.handshakeHash));
  }
  if (!initiator.isFinished || !responder.isFinished) return 'it ends before the handshake does.';
  const { handshake_hash: hash } = vector;
  if (hash !== undefined && !hashes.has(hash.toLowerCase())) return `no handshake hash is ${hash}.`;
  return transportDifference(vector, pattern, initiator, responder);
}

/** What follows the handshake: the sides take turns, each counts its own from 0. */
function transportDifference(
  vector: Vector,
  pattern: Pattern,
  initiator: HandshakeState,
  responder: HandshakeState,
): string | null {
  const [ours, theirs] = [initiator.split(), responder.split()];
  const counters = [0, 0];
  for (const [index, { payload, ciphertext }] of vector.messages.entries()) {
    if (index < pattern.messages.length) continue;
    const side = index % 2;
    const counter = counters[side] ?? 0;
    counters[side] = counter + 1;
    const [writes, reads] =
      side === 0 ? [ours.initiatorKey, theirs.initiatorKey] : [theirs.responderKey, ours.responderKey];
    const frame = seal(writes, counterNonce(counter), NOTHING, payload);
    if (toHex(frame) !== ciphertext.toLowerCase()) return differs(index, ciphertext, frame);
    const opened = open(reads, counterNonce(counter), NOTHING, frame);
    if (opened === null || toHex(opened) !== toHex(payload)) return `message ${index} does not open.`;
  }
  return null;
}

function differs(index: number, wanted: string, found: Uint8Array): string {
  return `message ${index} is ${toHex(found)}, not ${wanted}.`;
}

function sides(vector: Vector, pattern: Pattern): readonly [HandshakeState, HandshakeState] {
  const side = (
    role: 'initiator' | 'responder',
    prologue: Uint8Array,
    ephemeral: Uint8Array,
    psk: Uint8Array | undefined,
    own: Uint8Array | undefined,
    remoteStatic: Uint8Array | undefined,
  ): HandshakeState => {
    const staticKey = own === undefined ? undefined : keyPair(own);
    return startHandshake({
      pattern,
      role,
      prologue,
      bytes: () => ephemeral,
      ...(psk === undefined ? {} : { psk }),
      ...(staticKey === undefined ? {} : { staticKey }),
      ...(remoteStatic === undefined ? {} : { remoteStatic }),
    });
  };
  const { init_prologue, init_ephemeral, init_psks, init_static, init_remote_static } = vector;
  const { resp_prologue, resp_ephemeral, resp_psks, resp_static, resp_remote_static } = vector;
  return [
    side('initiator', init_prologue, init_ephemeral, init_psks?.[0], init_static, init_remote_static),
    side('responder', resp_prologue, resp_ephemeral, resp_psks?.[0], resp_static, resp_remote_static),
  ];
}

function main(file: string | undefined): number {
  if (file === undefined) {
    console.error('Name a file of test vectors: npm run noise-vectors -- FILE');
    return 2;
  }
  try {
    const { passed, leftAside, difference } = runVectors(readFileSync(file, 'utf8'));
    console.log(`${passed} passed, ${leftAside} of protocols that are not spoken here`);
    if (difference !== null) console.error(difference);
    else if (passed === 0) console.error(`${file} has no vector of ${Object.keys(PATTERNS).join(' or ')}.`);
    return difference === null && passed > 0 ? 0 : 1;
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    console.error(`${file} is no file of test vectors in the form of cacophony: ${reason}`);
    return 2;
  }
}

if (import.meta.main) process.exitCode = main(process.argv[2]);
