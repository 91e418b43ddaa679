/**
 * Every decoder of bytes that somebody else wrote. A target that takes what was forged throws as well: to be fooled is worse
 * than to fall over.
 */
import { SimulatedClock } from '../../seams/clock.ts';
import { RecordedLog } from '../../seams/log.ts';
import { readText } from '../../actors/sessions/sealed-text.ts';
import { sealFields } from '../../actors/roles/cpns-server/subject/personal.ts';
import { SealedWire } from '../../actors/sessions/wan/sealed-wire.ts';
import type { Delivery, Wire } from '../../wire/port.ts';
import { SERVER_HEARS, subjectOf } from '../../messages/subjects.ts';
import { check, type CrossCheck } from '../../cli/config/check.ts';
import { parseConfig, type Contents } from '../../cli/config/document.ts';
import { GatewayFile } from '../../cli/config/gateway.ts';
import { householdOf } from '../../cli/config/household.ts';
import { checkDevices, PneFile } from '../../cli/config/pne.ts';
import { ConfigError } from '../../cli/config/problems.ts';
import { ServerFile, uniquePns } from '../../cli/config/server.ts';
import { OperatorFile } from '../../cli/config/operator.ts';
import { ServiceFile } from '../../cli/config/service.ts';
import { decodeContent, encodeContent, type DataContent } from '../../security/data-frame.ts';
import { subjectEvents } from '../../events/vocabulary/cpns-server/subject.ts';
import { padded } from '../../security/personal-data.ts';
import { createKeyring } from '../../security/keyring.ts';
import { readCertificate } from '../../security/pki/certificate.ts';
import { readChain } from '../../security/pki/chain.ts';
import { keyPairFromPem, publicKeyFromPem, signingKeyFromPem } from '../../security/pki/keys.ts';
import { fromPem } from '../../security/pki/pem.ts';
import { readRevocationList } from '../../security/pki/revocation-list.ts';
import { readTrustAnchor } from '../../security/pki/verify.ts';
import { finishRegistration, readRegistration } from '../../security/registration-handshake.ts';
import { ReplayWindow } from '../../security/replay-window.ts';
import { openFrame, sealFrame, sessionFromBytes, sessionToBytes } from '../../security/session.ts';
import type { CorpusEntry } from './corpus.ts';
import * as genuine from './genuine.ts';
import { onlyGenuine, type SeededTarget } from './seeded.ts';
import { serviceEnvelope, serviceMessage } from './service.ts';
import { journalExport, noteKey, receipt } from './transparency.ts';
import { ALIASES, DER, JSONS, PEM, YAML } from './tokens.ts';
import { CredentialsFile } from '../../cli/config/credentials-file.ts';
import { encodeMessage } from '../../messages/envelope.ts';
import { decodeMessage } from '../../messages/decode.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8');
const secret = genuine.registrationOf(genuine.PAIRS.psk);
const certified = genuine.registrationOf(genuine.PAIRS.pki);
const concat = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const isSame = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;

/** Subject, line feed, payload. */
const message = (seeds: readonly CorpusEntry[]): SeededTarget => ({
  name: 'message',
  tokens: JSONS,
  seeds,
  run(input) {
    const border = input.indexOf(0x0a);
    const subject = decoder.decode(input.subarray(0, Math.max(0, border)));
    const decoded = decodeMessage(subject, input.subarray(border + 1));
    if (decoded.kind === 'malformed') return `${decoded.code} ${decoded.reason}`;
    const { content, messageId, correlationId, inReplyTo } = decoded.message;
    const letter = { subject, type: content.type, inReplyTo, body: content.body };
    const again = decodeMessage(subject, encoder.encode(encodeMessage(letter, messageId, correlationId)));
    if (again.kind === 'malformed') throw new Error(`Taken, but not when it is written again: ${again.reason}.`);
    return `taken ${content.leg} ${content.type}`;
  },
});

const SEALED_SUBJECT = subjectOf('wan.up', { gatewayId: genuine.binding.gatewayId }, 'pn-update-request');

function sealedEnvelope(): SeededTarget {
  const plaintext = encoder.encode('{"v":1}');
  const number = { start: 1, counter: 5 };
  const sent: (string | Uint8Array)[] = [];
  const [sender] = wireEnd((payload) => sent.push(payload), secret.deviceSession, number);
  sender.publish(SEALED_SUBJECT, plaintext);
  const seeds = sent.map((payload) => ({
    name: 'wan-up',
    bytes: typeof payload === 'string' ? encoder.encode(payload) : payload,
  }));
  return {
    name: 'sealed-envelope',
    tokens: JSONS,
    seeds,
    run(payload) {
      const [receiver, deliver, log] = wireEnd(() => {}, secret.serverSession, number);
      const taken: Uint8Array[] = [];
      receiver.subscribe(SERVER_HEARS[0], (delivery) => taken.push(delivery.payload));
      deliver({ subject: SEALED_SUBJECT, payload });
      const [opened] = taken;
      if (opened === undefined) return String(log.lines.at(-1)?.fields['reason']);
      // The JSON around a frame may be spelt otherwise; what comes out may not differ.
      if (!isSame(opened, plaintext)) throw new Error('A forged frame was opened.');
      return 'taken';
    },
  };
}

/** One end of the WAN on a wire that keeps what it is given. */
function wireEnd(
  publish: (payload: string | Uint8Array) => void,
  session: (typeof secret)['serverSession'],
  number: { readonly start: number; readonly counter: number },
) {
  const handlers: ((delivery: Delivery) => void)[] = [];
  const wire: Wire = {
    status: 'connected',
    publish(_subject, payload) {
      publish(payload);
      return true;
    },
    subscribe(_pattern, handler) {
      handlers.push(handler);
      return { unsubscribe() {}, drain: () => Promise.resolve() };
    },
    request: () => Promise.resolve(new Uint8Array(0)),
    onStatus: () => () => {},
    flush: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  const peer = { session, window: new ReplayWindow() };
  const book = { peer: () => peer, nextNumber: () => number, accepted() {} };
  const log = new RecordedLog();
  const end = new SealedWire({ wire, book, log, clock: new SimulatedClock(), onUnknownSession() {} });
  const deliver = (delivery: Delivery): void => handlers.forEach((handler) => handler(delivery));
  return [end, deliver, log] as const;
}

/** Counter (8 bytes), length of the associated data (1), associated data, frame. */
function frame(): SeededTarget {
  const about = encoder.encode(SEALED_SUBJECT);
  const seeds = [0n, 1n, 2n ** 64n - 2n].map((counter) => {
    const head = new Uint8Array(9);
    new DataView(head.buffer).setBigUint64(0, counter);
    head[8] = about.length;
    const sealed = sealFrame(secret.deviceSession, counter, encoder.encode(`message ${counter}`), about);
    return { name: `counter-${counter}`, bytes: concat(head, about, sealed) };
  });
  return {
    name: 'frame',
    tokens: DER,
    seeds,
    run(input) {
      const head = concat(input.subarray(0, 9), new Uint8Array(9));
      const counter = new DataView(head.buffer).getBigUint64(0);
      const border = 9 + (head[8] ?? 0);
      const opened = openFrame(secret.serverSession, counter, input.subarray(border), input.subarray(9, border));
      return opened === null ? 'refused' : onlyGenuine(input, seeds);
    },
  };
}

/** What is inside a data frame, once it is open: the other end of the session wrote it, and may be anybody's device. */
function dataContent(): SeededTarget {
  const bytes = encoder.encode('21.5');
  const contents: readonly DataContent[] = [
    { kind: 'chunk', messageNumber: 2n ** 40n, index: 0, count: 1, bytes },
    { kind: 'chunk', messageNumber: 2n ** 64n - 1n, index: 65_534, count: 65_535, bytes: bytes.subarray(0, 0) },
    { kind: 'ack', messageNumber: 2n ** 40n, index: 16, code: 404 },
    { kind: 'rekey', epoch: 258 },
    { kind: 'hello' },
  ];
  return {
    name: 'data-content',
    tokens: DER,
    seeds: contents.map((content, at) => ({ name: `${at}-${content.kind}`, bytes: encodeContent(content) })),
    run(input) {
      const content = decodeContent(input);
      if (content === null) return 'refused';
      if (!isSame(encodeContent(content), input)) throw new Error('Content is written otherwise than it was read.');
      return `taken ${content.kind}`;
    },
  };
}

const zeros = (length: number): Uint8Array => new Uint8Array(length);

/** What a device says of itself in its session: whatever is taken of it an event can hold, and reads the same again. */
function sessionText(): SeededTarget {
  const about = { user: 'Ottilie Morgenrot', name: 'Flurlicht', mac: '00:17:88:f1:fc:54' };
  const texts = { confirm: { type: 'session-confirm' }, personal: { type: 'session-confirm', about } };
  const place = ['subject/lamp', 'subject/lamp/AAAAAAAAAAAAAAAAAAAAAA'] as const;
  return {
    name: 'session-text',
    tokens: JSONS,
    seeds: Object.entries(texts).map(([name, text]) => ({ name, bytes: padded(encoder.encode(JSON.stringify(text))) })),
    run(input) {
      const text = readText(input);
      if (text === null) return 'refused';
      if (text.about === null) return `taken ${text.type}`;
      const again = readText(encoder.encode(JSON.stringify(text)));
      if (JSON.stringify(again) !== JSON.stringify(text))
        throw new Error('A text is read otherwise than it was taken.');
      const sealed = sealFields(zeros(32), ...place, text.about, zeros);
      subjectEvents.SubjectDescribed.data.parse({ keyId: place[1], by: 'device', sealed });
      return `taken ${text.type} with what is personal`;
    },
  };
}

/** Which of them in one byte; a state of the device has its length (2 bytes) before it, and the answer behind it. */
function handshake(): SeededTarget {
  const withState = (pending: Uint8Array, answer: Uint8Array): Uint8Array =>
    concat(Uint8Array.of(4, pending.length >> 8, pending.length & 0xff), pending, answer);
  const seeds = [
    { name: 'request-psk', bytes: concat(Uint8Array.of(0), secret.request) },
    { name: 'request-pki', bytes: concat(Uint8Array.of(1), certified.request) },
    { name: 'answer-psk', bytes: concat(Uint8Array.of(2), secret.answer) },
    { name: 'answer-pki', bytes: concat(Uint8Array.of(3), certified.answer) },
    { name: 'state-psk', bytes: withState(secret.pending, secret.answer) },
    { name: 'state-pki', bytes: withState(certified.pending, certified.answer) },
  ];
  const { binding, bytes, PAIRS } = genuine;
  const read = (pair: genuine.Pair, input: Uint8Array): string => {
    const outcome = readRegistration({ credential: pair.server, binding, message: input.subarray(1), bytes });
    return outcome.kind === 'failed' ? outcome.reason : onlyGenuine(input, seeds);
  };
  const finish = (pending: Uint8Array, input: Uint8Array): string => {
    const outcome = finishRegistration({ pending, message: input.subarray(1) });
    return outcome.kind === 'failed' ? 'answer refused' : onlyGenuine(input, seeds);
  };
  return {
    name: 'handshake',
    tokens: DER,
    seeds,
    run(input) {
      const [kind, high = 0, low = 0] = input;
      if (kind === 0) return `psk ${read(PAIRS.psk, input)}`;
      if (kind === 1) return `pki ${read(PAIRS.pki, input)}`;
      if (kind === 2) return finish(secret.pending, input);
      if (kind === 3) return finish(certified.pending, input);
      // The state is the device's own, out of its keyring: broken bytes may be refused or not, but do not throw.
      const border = 3 + high * 256 + low;
      const own = { pending: input.subarray(3, border), message: input.subarray(border) };
      return `state ${finishRegistration(own).kind}`;
    },
  };
}

/** A chain as it comes out of the first message, decrypted: the sender is anybody who knows the server's public key. */
function certificate(): SeededTarget {
  const { deviceDer, authorityDer } = genuine;
  const chainOf = (...chain: readonly Uint8Array[]): Uint8Array =>
    concat(
      Uint8Array.of(chain.length),
      ...chain.flatMap((der) => [Uint8Array.of(der.length >> 8, der.length & 0xff), der]),
    );
  const seeds = [
    { name: 'device', bytes: chainOf(deviceDer) },
    { name: 'device-authority', bytes: chainOf(deviceDer, authorityDer) },
    { name: 'authority', bytes: chainOf(authorityDer) },
  ];
  return {
    name: 'certificate',
    tokens: DER,
    seeds,
    run(input) {
      const sent = readChain(input);
      if (sent.kind === 'refused') return sent.reason;
      for (const der of sent.chain) {
        const anchor = readTrustAnchor(der);
        if (anchor !== null && readCertificate(der) === null) throw new Error('An anchor that is no certificate.');
      }
      const verdict = genuine.verify(sent.chain);
      if (verdict.kind === 'refused') return verdict.reason;
      if (!isSame(sent.chain[0] ?? new Uint8Array(0), deviceDer)) throw new Error('A forged certificate was taken.');
      return 'taken';
    },
  };
}

function revocationList(): SeededTarget {
  const seeds = [{ name: 'three', bytes: genuine.revocationListDer }];
  return {
    name: 'revocation-list',
    tokens: DER,
    seeds,
    run(input) {
      const read = readRevocationList(input, genuine.authority);
      return read.kind === 'refused' ? read.reason : onlyGenuine(input, seeds);
    },
  };
}

const pem = (seeds: readonly CorpusEntry[]): SeededTarget => ({
  name: 'pem',
  tokens: PEM,
  seeds,
  run(input) {
    const text = decoder.decode(input);
    const found = [
      keyPairFromPem(text) === null ? '' : 'key pair',
      signingKeyFromPem(text) === null ? '' : 'signing key',
      publicKeyFromPem(text) === null ? '' : 'public key',
      fromPem('CERTIFICATE', text).some((der) => readCertificate(der) !== null) ? 'certificate' : '',
      fromPem('X509 CRL', text).some((der) => readRevocationList(der, genuine.authority).kind === 'read') ? 'list' : '',
    ].filter((one) => one !== '');
    return found.length === 0 ? 'nothing in it' : `taken ${found.join(', ')}`;
  },
});

/** What the keyring holds, and what the database may have become. */
function atRest(): SeededTarget {
  const keyring = createKeyring({ kek: genuine.psk, bytes: (length) => new Uint8Array(length) });
  const seeds = [
    { name: 'session', bytes: sessionToBytes(secret.deviceSession) },
    { name: 'wrapped', bytes: keyring.wrap('session', sessionToBytes(secret.deviceSession)) },
  ];
  return {
    name: 'at-rest',
    tokens: DER,
    seeds,
    run(input) {
      if (keyring.unwrap('session', input) !== null) return `${onlyGenuine(input, seeds)} wrapped`;
      const session = sessionFromBytes(input);
      if (session === null) return 'refused';
      if (!isSame(sessionToBytes(session), input)) throw new Error('A session is written otherwise than it was read.');
      return 'taken session';
    },
  };
}

interface ConfigKind {
  readonly name: string;
  readonly contents: Contents;
  readonly read: (document: ReturnType<typeof parseConfig>) => unknown;
}

/** Windows of a secret that no message may show; shorter ones might be words. */
const WINDOW_CHARACTERS = 16;

const config = ({ name, contents, read }: ConfigKind, seeds: readonly CorpusEntry[]): SeededTarget => ({
  name,
  tokens: [...YAML, ...ALIASES],
  seeds,
  run(input) {
    const text = decoder.decode(input);
    try {
      read(parseConfig('fuzzed.yaml', text, contents));
      return 'taken';
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      if (contents === 'secret') refuseQuoted(error.message);
      const [first] = error.problems;
      return `${error.problems.length > 1 ? 'many, ' : ''}${first?.message.replaceAll(/"[^"]*"|\d+/g, '_').slice(0, 40)}`;
    }
  },
});

function refuseQuoted(said: string): void {
  for (let at = 0; at + WINDOW_CHARACTERS <= FUZZED_SECRET.length; at++) {
    if (said.includes(FUZZED_SECRET.slice(at, at + WINDOW_CHARACTERS))) throw new Error('A message quotes a secret.');
  }
}

/** In the place of every secret of the corpus; each window of it has a capital letter, so that it is no id. */
export const FUZZED_SECRET = 'Qk9Zt3LmPx7RwVb2NcHd8GfJs5TyKa4EuXo6MiBzDqI';

const checked =
  (
    schema:
      | typeof ServerFile
      | typeof GatewayFile
      | typeof PneFile
      | typeof ServiceFile
      | typeof OperatorFile
      | typeof CredentialsFile,
    cross?: CrossCheck,
  ) =>
  (document: ReturnType<typeof parseConfig>): unknown =>
    check<unknown>(document, schema, cross);

const CONFIGS: readonly ConfigKind[] = [
  { name: 'household', contents: 'public', read: householdOf },
  { name: 'config-server', contents: 'public', read: checked(ServerFile, uniquePns) },
  { name: 'config-gateway', contents: 'public', read: checked(GatewayFile) },
  { name: 'config-pne', contents: 'public', read: checked(PneFile, checkDevices) },
  { name: 'config-service', contents: 'public', read: checked(ServiceFile) },
  { name: 'config-operator', contents: 'public', read: checked(OperatorFile) },
  { name: 'config-credentials', contents: 'secret', read: checked(CredentialsFile) },
];

/** @param written seeds that take a while to write, by target: see `seeds.ts`. From the corpus they come by themselves */
export function targets(written: ReadonlyMap<string, readonly CorpusEntry[]> = new Map()): readonly SeededTarget[] {
  const seedsOf = (name: string): readonly CorpusEntry[] => written.get(name) ?? [];
  return [
    message(seedsOf('message')),
    sealedEnvelope(),
    frame(),
    dataContent(),
    sessionText(),
    handshake(),
    certificate(),
    revocationList(),
    pem(seedsOf('pem')),
    atRest(),
    serviceEnvelope(),
    serviceMessage(),
    noteKey(),
    receipt(),
    journalExport(),
    ...CONFIGS.map((kind) => config(kind, seedsOf(kind.name))),
  ];
}
