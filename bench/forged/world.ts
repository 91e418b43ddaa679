import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '../../actors/start.ts';
import { NO_PN } from '../../actors/sessions/binding.ts';
import type { ServerLimits } from '../../actors/roles/rate-limits.ts';
import { systemEntropy } from '../../seams/entropy.ts';
import { systemClock } from '../../seams/clock.ts';
import { lineLog } from '../../seams/log.ts';
import { createMemoryNetwork } from '../../wire/memory.ts';
import { wanUp } from '../../messages/subjects.ts';
import { openSqliteJournal } from '../../journal/sqlite/open.ts';
import { fromBase64url, toBase64url } from '../../security/base64url.ts';
import { createKeyring } from '../../security/keyring.ts';
import { frameCounter } from '../../security/replay-window.ts';
import {
  finishRegistration,
  startRegistration,
  type ExpectedCredential,
} from '../../security/registration-handshake.ts';
import { openFrame, sealFrame, type Session } from '../../security/session.ts';
import { timestampAt, timestampToBytes } from '../../security/timestamp.ts';
import { bytes, credentialOf, DEVICES, GATEWAY, GATEWAY_SECRET, PN } from './devices.ts';
import { encodeMessage, PROTOCOL_VERSION } from '../../messages/envelope.ts';

/** What goes over the wire, made before anything is measured. */
export interface Parcel {
  readonly subject: string;
  readonly payload: string;
}

/** A CPNS Server on a journal of its own, and a PN GW that is there only to speak to it. */
export interface ForgedWorld {
  seal(type: string, messageId: string, body: object): Parcel;
  /** Hands all of them to the server, and waits until it has done what it does about them. */
  send(parcels: readonly Parcel[]): Promise<void>;
  /** How many events, and how many answers with a code, there were since the last look. */
  look(): Promise<{ readonly events: number; readonly codes: readonly number[] }>;
  stop(): Promise<void>;
}

interface Heard {
  readonly subject: string;
  readonly text: string;
}

const utf8 = new TextEncoder();

export async function startWorld(limits: ServerLimits): Promise<ForgedWorld> {
  const dir = mkdtempSync(join(tmpdir(), 'cpns-forged-'));
  const log = lineLog({ role: 'bench', json: 'text', now: Date.now, write: () => {} });
  const network = createMemoryNetwork({ log });
  const journal = await openSqliteJournal(join(dir, 'server.sqlite'));
  const keyring = createKeyring({ kek: bytes(32), bytes });
  const seams = { journal, wire: network.connect('server'), clock: systemClock, entropy: systemEntropy, log, keyring };
  const identity = {
    limits,
    idKey: bytes(32),
    gatewayCredential: (id: string): ExpectedCredential =>
      id === GATEWAY ? { kind: 'psk', psk: GATEWAY_SECRET } : { kind: 'none' },
    pneCredential: credentialOf,
  };
  const pn = { id: PN, gatewayId: GATEWAY, joinPolicy: 'closed' as const, members: DEVICES };
  const { runtime } = await startServer(identity, [pn], [], { ...seams, observers: 'none' });
  const hub = network.connect('hub');
  const heard: Heard[] = [];
  hub.subscribe(`cpns.wan.down.${GATEWAY}.*`, ({ subject, payload }) => {
    heard.push({ subject, text: new TextDecoder().decode(payload) });
  });

  const send = async (parcels: readonly Parcel[]): Promise<void> => {
    for (const { subject, payload } of parcels) hub.publish(subject, payload);
    await hub.flush();
    // Frames wait for their session to be looked up, then messages for their unit.
    for (let turn = 0; turn < 2; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      await runtime.settled();
    }
  };
  const session = await registerGateway(send, heard);
  let counter = 0;
  const seal = (type: string, messageId: string, body: object): Parcel => {
    const subject = wanUp(GATEWAY, type);
    const text = encodeMessage({ subject, type, inReplyTo: null, body }, messageId, messageId);
    return sealed(session, counter++, subject, text);
  };
  await send([seal('pn-establishment-request', 'establish', { pnId: PN, revision: 0 })]);
  let seen = heard.length;
  let head = await journal.head();
  return {
    seal,
    send,
    async look() {
      const before = head;
      head = await journal.head();
      const codes = heard.slice(seen).flatMap((one) => codeIn(one, session));
      seen = heard.length;
      return { events: head - before, codes };
    },
    async stop() {
      await runtime.stop();
      await journal.close();
      rmSync(dir, { recursive: true });
    },
  };
}

function sealed(session: Session, counter: number, subject: string, text: string): Parcel {
  const number = { start: 1, counter };
  const frame = sealFrame(session, frameCounter(number), utf8.encode(text), utf8.encode(subject));
  const message = { v: PROTOCOL_VERSION, keyId: session.keyId, ...number, frame: toBase64url(frame) };
  return { subject, payload: JSON.stringify(message) };
}

/** The handshake of the PN GW, and the session that comes out of it. */
async function registerGateway(send: ForgedWorld['send'], heard: readonly Heard[]): Promise<Session> {
  const { message, pending } = startRegistration({
    credential: { kind: 'psk', psk: GATEWAY_SECRET },
    binding: { protocolVersion: 1, pnId: NO_PN, gatewayId: GATEWAY, deviceId: GATEWAY, requestId: 'register' },
    payload: timestampToBytes(timestampAt(Date.now())),
    bytes,
  });
  const type = 'gateway-registration-request';
  const subject = wanUp(GATEWAY, type);
  const body = { handshake: toBase64url(message) };
  await send([{ subject, payload: encodeMessage({ subject, type, inReplyTo: null, body }, 'register', 'register') }]);
  const answer: { readonly body: { readonly handshake: string } } = JSON.parse(heard[0]?.text ?? '{}');
  const reply = fromBase64url(answer.body.handshake);
  const finished = reply === null ? null : finishRegistration({ pending, message: reply });
  if (finished?.kind !== 'accepted') throw new Error('The PN GW of the benchmark was not registered.');
  return finished.session;
}

/** The code of an answer, sealed or not. */
function codeIn({ subject, text }: Heard, session: Session): readonly number[] {
  const outer: { readonly frame?: string; readonly start: number; readonly counter: number; body?: { code?: number } } =
    JSON.parse(text);
  if (outer.frame === undefined) return outer.body?.code === undefined ? [] : [outer.body.code];
  const frame = fromBase64url(outer.frame);
  const plain = frame === null ? null : openFrame(session, frameCounter(outer), frame, utf8.encode(subject));
  if (plain === null) throw new Error(`An answer on ${subject} does not open.`);
  const inner: { readonly body: { readonly code?: number } } = JSON.parse(new TextDecoder().decode(plain));
  return inner.body.code === undefined ? [] : [inner.body.code];
}
