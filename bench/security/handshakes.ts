import { utf8 } from '../../security/bytes.ts';
import { startHandshake, type HandshakeState } from '../../security/noise/handshake-state.ts';
import { PATTERNS } from '../../security/noise/patterns.ts';
import { readChain, writeChain } from '../../security/pki/chain.ts';
import { verifyCertificate } from '../../security/pki/verify.ts';
import { anchor, AT, certificate, DEVICE, e1, e2, own, prologue, psk, server } from './device.ts';
import { initiateIK, initiateNNpsk0, respondIK, respondNNpsk0 } from './hand.ts';
import type { Pair } from './pair.ts';
import { Recording } from './recording.ts';

/** Each side of both patterns, with the payloads of a registration; for the responder of IK also with the certificate. */
export function handshakes(): readonly Pair[] {
  const nn = exchange(NNPSK0, new Uint8Array(0));
  const ik = exchange(IK, writeChain([certificate]));
  const asks = ({ question, response }: Exchange) => ({
    prologue,
    ephemeral: e1,
    payload: question,
    message: response,
  });
  const answers = ({ request }: Exchange) => ({ prologue, ephemeral: e2, payload: ANSWER, message: request });
  const responderIK = (recording: Recording) => respondIK({ recording, ...answers(ik), own: server });
  return [
    {
      name: 'NNpsk0, initiator',
      ours: () => initiate(NNPSK0, nn),
      floor: played((recording) => initiateNNpsk0({ recording, ...asks(nn), psk })),
    },
    {
      name: 'NNpsk0, responder',
      ours: () => respond(NNPSK0, nn),
      floor: played((recording) => respondNNpsk0({ recording, ...answers(nn), psk })),
    },
    {
      name: 'IK, initiator',
      ours: () => initiate(IK, ik),
      floor: played((recording) => initiateIK({ recording, ...asks(ik), own, pinned: server.publicKey })),
    },
    { name: 'IK, responder', ours: () => respond(IK, ik), floor: played(responderIK) },
    {
      name: 'IK, responder, certificate verified',
      ours: () => [...respond(IK, ik), verified(ik.question)],
      floor: played((recording) => [...responderIK(recording), recording.certified(certificate, anchor.publicKey)]),
    },
  ];
}

/** What the server answers a registration. */
const ANSWER = utf8('{"code":200,"cpnsId":"cpns-tg73t7elb52ail3ilid4tdnw6n"}');

/** Both sides of a pattern at their start. */
interface Starts {
  readonly initiator: () => HandshakeState;
  readonly responder: () => HandshakeState;
}

const asking = { role: 'initiator', prologue, bytes: () => e1 } as const;
const answering = { role: 'responder', prologue, bytes: () => e2 } as const;
const NNPSK0: Starts = {
  initiator: () => startHandshake({ ...asking, pattern: PATTERNS.NNpsk0, psk }),
  responder: () => startHandshake({ ...answering, pattern: PATTERNS.NNpsk0, psk }),
};
const IK: Starts = {
  initiator: () => startHandshake({ ...asking, pattern: PATTERNS.IK, staticKey: own, remoteStatic: server.publicKey }),
  responder: () => startHandshake({ ...answering, pattern: PATTERNS.IK, staticKey: server }),
};

interface Exchange {
  readonly question: Uint8Array;
  readonly request: Uint8Array;
  readonly response: Uint8Array;
}

/** What goes over the wire, with the fixed keys of both sides. */
function exchange({ initiator, responder }: Starts, question: Uint8Array): Exchange {
  const request = initiator().writeMessage(question);
  const state = responder();
  read(state, request);
  return { question, request, response: state.writeMessage(ANSWER) };
}

function initiate({ initiator }: Starts, { question, response }: Exchange): readonly Uint8Array[] {
  const state = initiator();
  return [state.writeMessage(question), read(state, response), ...keysOf(state)];
}

function respond({ responder }: Starts, { request }: Exchange): readonly Uint8Array[] {
  const state = responder();
  const question = read(state, request);
  return [state.writeMessage(ANSWER), question, ...keysOf(state)];
}

function read(state: HandshakeState, message: Uint8Array): Uint8Array {
  const outcome = state.readMessage(message);
  if (outcome.kind === 'failed') throw new Error(`A handshake of the benchmark failed: ${outcome.reason}.`);
  return outcome.payload;
}

function keysOf(state: HandshakeState): readonly Uint8Array[] {
  const { initiatorKey, responderKey, dataRoot, handshakeHash } = state.split();
  return [initiatorKey, responderKey, dataRoot, handshakeHash];
}

/** The key that the chain in front of a payload certifies. */
function verified(payload: Uint8Array): Uint8Array {
  const sent = readChain(payload);
  const chain = sent.kind === 'read' ? sent.chain : [];
  const verdict = verifyCertificate({ chain, trustAnchors: [anchor], revocation: [], principal: DEVICE, at: AT });
  if (verdict.kind === 'refused') throw new Error(`The certificate of the benchmark is refused: ${verdict.reason}.`);
  return verdict.publicKey;
}

function played(write: (recording: Recording) => readonly Uint8Array[]): Pair['floor'] {
  const recording = new Recording();
  return recording.player(write(recording));
}
