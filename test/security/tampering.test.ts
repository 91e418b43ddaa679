import { afterAll, describe, expect, test } from 'vitest';
import { SeededEntropy } from '../../seams/entropy.ts';
import { keyPair } from '../../security/noise/x25519.ts';
import { deviceNamed } from '../../security/pki/identity.ts';
import { verifyCertificate } from '../../security/pki/verify.ts';
import {
  finishRegistration,
  readRegistration,
  startRegistration,
  type Binding,
  type Credential,
  type ExpectedCredential,
} from '../../security/registration-handshake.ts';
import { frameCounter, ReplayWindow, WINDOW_FRAMES, type FrameNumber } from '../../security/replay-window.ts';
import { openData, sealData } from '../../security/data-frame.ts';
import { claimEpoch } from '../../security/epochs.ts';
import { openFrame, sealFrame, type Session } from '../../security/session.ts';
import { Authority, EPOCH_MS } from './pki/authority.ts';
import { flips, tampered } from './tampered.ts';

/**
 * Whoever carries the messages changes, cuts, repeats, reorders and splices them: nothing of that is taken, nothing throws,
 * and afterwards the genuine message is taken as if nothing had happened. Each case is counted.
 */

const LEAST_CASES = 100_000;
const counts = new Map<string, number>();

afterAll(() => {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const table = [...counts].map(([name, count]) => `${String(count).padStart(8)}  ${name}`).join('\n');
  console.log(`Tampering, cases refused:\n${table}\n${String(total).padStart(8)}  in all`);
  expect(total).toBeGreaterThanOrEqual(LEAST_CASES);
});

/** Counts the cases that are refused, and fails with the first that is not. A check for each in `expect` takes longer than the case. */
function allRefused(name: string, cases: Iterable<Uint8Array>, isRefused: (bytes: Uint8Array) => boolean): number {
  let count = 0;
  for (const bytes of cases) {
    if (!isRefused(bytes)) throw new Error(`${name}: taken: ${Buffer.from(bytes).toString('hex')}`);
    count += 1;
  }
  counts.set(name, (counts.get(name) ?? 0) + count);
  return count;
}

const seeded = new SeededEntropy('tampering');
const bytes = (length: number): Uint8Array => seeded.bytes(length);
const binding: Binding = {
  protocolVersion: 1,
  pnId: 'pn-anna',
  gatewayId: 'gateway-hall',
  deviceId: 'watch-anna',
  requestId: 'request-1',
};

interface Pattern {
  readonly name: string;
  readonly device: Credential;
  readonly server: ExpectedCredential;
  /** Every tampered form is tried for a payload of each of these sizes. */
  readonly payloadSizes: readonly number[];
  readonly leastCases: number;
}

const authority = new Authority('operator');
const watch = authority.device('watch-anna');
const serverKey = keyPair(bytes(32));
const psk = bytes(32);

const PATTERNS: readonly Pattern[] = [
  {
    name: 'NNpsk0',
    device: { kind: 'psk', psk },
    server: { kind: 'psk', psk },
    payloadSizes: [0, 1, 5, 15, 16, 17, 31, 32, 33, 48, 64, 65, 80, 100, 128],
    leastCases: 20_000,
  },
  {
    name: 'IK',
    device: { kind: 'pki', ...watch, serverPublicKey: serverKey.publicKey },
    server: {
      kind: 'pki',
      serverKey,
      verify: (chain) =>
        verifyCertificate({
          chain,
          trustAnchors: [authority.certificate],
          revocation: [],
          principal: deviceNamed(binding.deviceId),
          at: EPOCH_MS + 1,
        }),
    },
    payloadSizes: [5],
    leastCases: 5_000,
  },
];

function exchange({ device, server }: Pattern, size: number, requestId = binding.requestId) {
  const about = { ...binding, requestId };
  const started = startRegistration({ credential: device, binding: about, payload: bytes(size), bytes });
  const read = readRegistration({ credential: server, binding: about, message: started.message, bytes });
  if (read.kind === 'failed') throw new Error(read.reason);
  return { started, read, response: read.respond(bytes(size)) };
}

describe.each(PATTERNS)('a message of $name that was touched on its way', (pattern) => {
  test('is refused by the server, which takes the genuine one afterwards', () => {
    const { server, name } = pattern;
    const read = (message: Uint8Array) => readRegistration({ credential: server, binding, message, bytes });
    let count = 0;
    for (const size of pattern.payloadSizes) {
      const { started } = exchange(pattern, size);
      const genuine = started.message.slice();
      const other = exchange(pattern, size, 'request-2');
      const cases = tampered(started.message, other.started.message);
      count += allRefused(`${name}, request`, cases, (message) => read(message).kind === 'failed');
      const elsewhere = [other.started.message, other.response.message, started.pending];
      allRefused(`${name}, request`, elsewhere, (message) => read(message).kind === 'failed');
      expect(started.message).toEqual(genuine);
      expect(read(started.message).kind).toBe('authenticated');
    }
    expect(count).toBeGreaterThanOrEqual(pattern.leastCases);
  });

  test('is refused by the device, which takes the genuine one afterwards, from the same state', () => {
    const { name } = pattern;
    for (const size of [0, 5, 40]) {
      const { started, response } = exchange(pattern, size);
      const pending = started.pending.slice();
      const other = exchange(pattern, size, 'request-2');
      const finish = (message: Uint8Array) => finishRegistration({ pending: started.pending, message });
      const isRefused = (message: Uint8Array): boolean => finish(message).kind === 'failed';
      allRefused(`${name}, answer`, tampered(response.message, other.response.message), isRefused);
      allRefused(`${name}, answer`, [other.response.message, started.message, other.started.message], isRefused);
      expect(started.pending).toEqual(pending);
      const finished = finish(response.message);
      if (finished.kind === 'failed') throw new Error('the genuine answer is refused');
      expect(finished.session.keyId).toBe(response.session.keyId);
    }
  });

  test('is refused by who expects another pattern', () => {
    const { started } = exchange(pattern, 5);
    for (const { server } of PATTERNS) {
      if (server === pattern.server) continue;
      const read = readRegistration({ credential: server, binding, message: started.message, bytes });
      expect(read.kind).toBe('failed');
    }
  });

  test('is refused when a bit of what it is about was changed', () => {
    const { started } = exchange(pattern, 5);
    for (const field of ['pnId', 'gatewayId', 'deviceId', 'requestId'] as const) {
      const ids = flips(new TextEncoder().encode(binding[field]));
      allRefused(`${pattern.name}, what the request is about`, ids, (id) => {
        const about = { ...binding, [field]: Buffer.from(id).toString('latin1') };
        const read = readRegistration({ credential: pattern.server, binding: about, message: started.message, bytes });
        return read.kind === 'failed';
      });
    }
  });
});

describe('a sealed frame', () => {
  const [nnpsk0] = PATTERNS;
  if (nnpsk0 === undefined) throw new Error('no pattern');
  const { started, response } = exchange(nnpsk0, 5);
  const finished = finishRegistration({ pending: started.pending, message: response.message });
  if (finished.kind === 'failed') throw new Error('the genuine answer is refused');
  const device: Session = finished.session;
  const server: Session = response.session;
  const about = new TextEncoder().encode('cpns.link.gateway-hall.up.watch-anna.sealed');

  /** As whoever receives frames has to: the window is asked, the frame opened, and only then does the window move. */
  function take(window: ReplayWindow, number: FrameNumber, frame: Uint8Array, data = about): Uint8Array | null {
    if (!window.isNew(number)) return null;
    const plaintext = openFrame(server, frameCounter(number), frame, data);
    if (plaintext !== null) window.accept(number);
    return plaintext;
  }

  const seal = (number: FrameNumber, plaintext: Uint8Array): Uint8Array =>
    sealFrame(device, frameCounter(number), plaintext, about);

  test('that was touched is not opened, and does not move the window; the genuine one is taken, once', () => {
    const window = new ReplayWindow({ start: 1, counter: 7 });
    let counter = 8;
    for (const size of [...Array(65).keys(), 96, 127, 128, 200, 256, 400]) {
      const number = { start: 1, counter };
      const [plaintext, otherPlaintext] = [bytes(size), bytes(size)];
      const frame = seal(number, plaintext);
      const other = seal({ start: 1, counter: counter + 1 }, otherPlaintext);
      const before = window.highest;
      const isRefused = (forged: Uint8Array): boolean => take(window, number, forged) === null;
      allRefused('frame', tampered(frame, other), isRefused);
      allRefused('frame', [other], isRefused);
      expect(window.highest).toEqual(before);
      expect(take(window, number, frame)).toEqual(plaintext);
      allRefused('frame', [frame], isRefused);
      counter += 1;
    }
  });

  test('is not opened under a counter, key id or subject of which a bit was changed', () => {
    const frame = sealFrame(device, 77n, bytes(20), about);
    for (let bit = 0n; bit < 64n; bit++) {
      const isRefused = (): boolean => openFrame(server, 77n ^ (1n << bit), frame, about) === null;
      allRefused('frame, counter', [frame], isRefused);
    }
    allRefused('frame, subject', flips(about), (data) => openFrame(server, 77n, frame, data) === null);
    const keyId = new TextEncoder().encode(server.keyId);
    allRefused('frame, key id', flips(keyId), (changed) => {
      const session = { ...server, keyId: Buffer.from(changed).toString('latin1') };
      return openFrame(session, 77n, frame, about) === null;
    });
    allRefused('frame, direction', [frame], () => openFrame(device, 77n, frame, about) === null);
    expect(openFrame(server, 77n, frame, about)).not.toBeNull();
  });

  test('of data is not opened when it was touched, nor in another epoch, direction or for another service', () => {
    const seats = [0, 1].map((epoch) => claimEpoch(server.chains.up, epoch)?.claimed);
    const [first, second] = seats;
    if (first === undefined || second === undefined) throw new Error('no epoch');
    const header = { direction: 'up', keyId: device.keyId, epoch: 0, counter: 5, serviceId: 'echo' } as const;
    for (const size of [0, 1, 16, 51, 100]) {
      const chunk = (count: number): Uint8Array =>
        sealData(first, header, { kind: 'chunk', messageNumber: 5n, index: 0, count, bytes: bytes(size) });
      const [frame, other] = [chunk(1), chunk(2)];
      allRefused('data frame', tampered(frame, other), (forged) => openData(first, header, forged) === null);
      allRefused('data frame, epoch', [frame], () => openData(second, { ...header, epoch: 1 }, frame) === null);
      allRefused(
        'data frame, direction',
        [frame],
        () => openData(first, { ...header, direction: 'down' }, frame) === null,
      );
      allRefused('data frame, service', flips(new TextEncoder().encode('echo')), (changed) => {
        const serviceId = Buffer.from(changed).toString('latin1');
        return openData(first, { ...header, serviceId }, frame) === null;
      });
      expect(openData(first, header, frame)?.kind).toBe('chunk');
    }
  });

  test('of many that are reordered, repeated and given other numbers is taken once, under its own', () => {
    const draw = (below: number): number => Buffer.from(bytes(4)).readUInt32BE() % below;
    const window = new ReplayWindow();
    const frames = Array.from({ length: 5_000 }, (_, counter) => {
      const plaintext = new TextEncoder().encode(`message ${counter}`);
      return { number: { start: 3, counter }, plaintext, frame: seal({ start: 3, counter }, plaintext) };
    });
    // Each moves by less than half a window, and comes three times.
    const arrivals = [...frames, ...frames, ...frames]
      .map((one) => ({ one, at: one.number.counter + draw(WINDOW_FRAMES / 2) }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ one }) => one);
    const taken = new Set<number>();
    let repeated = 0;
    let misnumbered = 0;
    for (const { number, plaintext, frame } of arrivals) {
      const other = { start: number.start, counter: draw(frames.length) };
      if (other.counter !== number.counter) {
        if (take(window, other, frame) !== null) throw new Error(`taken under ${other.counter}: ${number.counter}`);
        misnumbered += 1;
      }
      const opened = take(window, number, frame);
      if (taken.has(number.counter)) {
        if (opened !== null) throw new Error(`taken twice: ${number.counter}`);
        repeated += 1;
      } else {
        expect(opened).toEqual(plaintext);
        taken.add(number.counter);
      }
    }
    expect(taken.size).toBe(frames.length);
    counts.set('frame, seen before', repeated);
    counts.set('frame, under the number of another', misnumbered);
  });
});
