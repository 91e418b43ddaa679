import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeededEntropy } from '../../seams/entropy.ts';
import type { Binding } from '../../security/binding.ts';
import { finishRegistration, readRegistration, startRegistration } from '../../security/registration-handshake.ts';
import { firstChain } from '../../security/epochs.ts';
import * as stranger from './stranger.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const psk = new Uint8Array(32).fill(7);
const credential = { kind: 'psk', psk } as const;
const binding: Binding = {
  protocolVersion: 1,
  pnId: 'pn-anna',
  gatewayId: 'gateway-hall',
  deviceId: 'watch-anna',
  requestId: 'request-1',
};

function entropy(seed = 'seed'): (length: number) => Uint8Array {
  const seeded = new SeededEntropy(seed);
  return (length) => seeded.bytes(length);
}

function exchange(options: {
  readonly binding?: Binding;
  readonly request?: Uint8Array;
  readonly answer?: Uint8Array;
}) {
  const started = startRegistration({
    credential,
    binding: options.binding ?? binding,
    payload: options.request ?? text('request'),
    bytes: entropy('pne'),
  });
  const read = readRegistration({
    credential,
    binding: options.binding ?? binding,
    message: started.message,
    bytes: entropy('server'),
  });
  if (read.kind === 'failed') throw new Error(read.reason);
  return { started, read, response: read.respond(options.answer ?? text('answer')) };
}

/** All one-bit changes, all shorter forms and some longer ones. */
function damaged(message: Uint8Array): Uint8Array[] {
  const flipped = Array.from({ length: message.length * 8 }, (_, bit) =>
    message.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)),
  );
  const truncated = Array.from({ length: message.length }, (_, length) => message.slice(0, length));
  const extended = [1, 16, 32].map((more) => Uint8Array.of(...message, ...new Uint8Array(more)));
  return [...flipped, ...truncated, ...extended];
}

describe('a registration between two sides with the same secret and binding', () => {
  test('gives fixed bytes for fixed randomness', () => {
    const { started, response } = exchange({});
    const digest = createHash('sha256').update(started.message).update(response.message).digest('hex');
    expect({ keyId: response.session.keyId, digest }).toMatchInlineSnapshot(`
      {
        "digest": "221892a81000ac7bb98efc440d18226debfcbe532c7e1195f661885767c8ccb3",
        "keyId": "OqUB2hZVJuXAuinp__I4MQ",
      }
    `);
  });

  test('carries both payloads and leaves both sides with the same session, mirrored', () => {
    const { started, read, response } = exchange({});
    expect(read.payload).toEqual(text('request'));
    const finished = finishRegistration({ pending: started.pending, message: response.message });
    if (finished.kind === 'failed') throw new Error('refused');
    expect(finished.payload).toEqual(text('answer'));
    expect(finished.session.keyId).toBe(response.session.keyId);
    expect(finished.session.sendKey).toEqual(response.session.receiveKey);
    expect(finished.session.receiveKey).toEqual(response.session.sendKey);
    expect(finished.session.sendKey).not.toEqual(finished.session.receiveKey);
  });

  test('is the handshake that docs/security-bytes.md describes, written again: its payloads open with node:crypto and with noble', () => {
    const id = fc.stringMatching(/^[a-z0-9_-]{1,64}$/);
    const property = fc.property(
      fc.record({ protocolVersion: fc.constant(1 as const), pnId: id, gatewayId: id, deviceId: id, requestId: id }),
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ maxLength: 300 }),
      fc.string(),
      (drawn, request, answer, seed) => {
        const ours = startRegistration({ credential, binding: drawn, payload: request, bytes: entropy(seed) });
        const theirs = stranger.readRequest(psk, drawn, ours.message);
        expect(toHex(theirs.payload)).toBe(toHex(request));
        const respond = stranger.answerRequest(theirs, answer, entropy(`${seed}/answer`)(32));
        const finished = finishRegistration({ pending: ours.pending, message: respond.message });
        if (finished.kind === 'failed') throw new Error('refused');
        expect(toHex(finished.payload)).toBe(toHex(answer));
        expect(finished.session.keyId).toBe(respond.keyId);
        expect(toHex(finished.session.sendKey)).toBe(toHex(respond.initiatorKey));
        expect(toHex(finished.session.receiveKey)).toBe(toHex(respond.responderKey));
        const { up, down } = finished.session.chains;
        expect([up, down]).toEqual([firstChain(respond.dataRoot, 'up'), firstChain(respond.dataRoot, 'down')]);

        const fromStranger = stranger.writeRequest(psk, drawn, request, entropy(seed)(32));
        expect(toHex(fromStranger)).toBe(toHex(ours.message));
      },
    );
    fc.assert(property, { numRuns: 40 });
  });
});

describe('a message that was touched on its way', () => {
  test('is refused by the server, whatever bit, length or tail', () => {
    const { started } = exchange({ request: text('r') });
    for (const message of damaged(started.message)) {
      expect(readRegistration({ credential, binding, message, bytes: entropy() }).kind).toBe('failed');
    }
  });

  test('is refused by the device, which still accepts the true answer afterwards', () => {
    const { started, response } = exchange({ answer: text('a') });
    for (const message of damaged(response.message)) {
      expect(finishRegistration({ pending: started.pending, message })).toEqual({ kind: 'failed' });
    }
    expect(finishRegistration({ pending: started.pending, message: response.message }).kind).toBe('accepted');
  });

  test('never throws, whatever the bytes are', () => {
    const { started } = exchange({});
    const property = fc.property(fc.uint8Array({ maxLength: 200 }), (message) => {
      expect(readRegistration({ credential, binding, message, bytes: entropy() }).kind).toBe('failed');
      expect(finishRegistration({ pending: started.pending, message }).kind).toBe('failed');
      expect(finishRegistration({ pending: message, message }).kind).toBe('failed');
    });
    fc.assert(property);
  });

  test('is malformed when it is too short or too long, and fails to decrypt otherwise', () => {
    const read = (message: Uint8Array) => readRegistration({ credential, binding, message, bytes: entropy() });
    expect(read(new Uint8Array(47))).toEqual({ kind: 'failed', reason: 'malformed' });
    expect(read(new Uint8Array(48))).toEqual({ kind: 'failed', reason: 'decryptFailed' });
    expect(read(new Uint8Array(65_536))).toEqual({ kind: 'failed', reason: 'malformed' });
  });
});

describe('a gateway that lies', () => {
  test.each(['pnId', 'gatewayId', 'deviceId', 'requestId'] as const)('about %s makes the handshake fail', (field) => {
    const { started } = exchange({});
    const lie = { ...binding, [field]: `${binding[field]}x` };
    const read = readRegistration({ credential, binding: lie, message: started.message, bytes: entropy() });
    expect(read).toEqual({ kind: 'failed', reason: 'decryptFailed' });
  });

  test('by moving the border between two fields makes the handshake fail', () => {
    const { started } = exchange({ binding: { ...binding, pnId: 'ab', gatewayId: 'c' } });
    const lie = { ...binding, pnId: 'a', gatewayId: 'bc' };
    expect(readRegistration({ credential, binding: lie, message: started.message, bytes: entropy() }).kind).toBe(
      'failed',
    );
  });

  test("cannot give one request the answer to another, or echo the device's own request", () => {
    const { started } = exchange({});
    const other = exchange({ binding: { ...binding, requestId: 'request-2' } });
    expect(finishRegistration({ pending: started.pending, message: other.response.message }).kind).toBe('failed');
    expect(finishRegistration({ pending: started.pending, message: started.message }).kind).toBe('failed');
  });
});

describe('a secret that does not fit', () => {
  test('and a device that is unknown fail alike', () => {
    const { started } = exchange({});
    const failed = { kind: 'failed', reason: 'decryptFailed' };
    const options = { binding, message: started.message };
    expect(
      readRegistration({ ...options, credential: { kind: 'psk', psk: new Uint8Array(32) }, bytes: entropy() }),
    ).toEqual(failed);
    expect(readRegistration({ ...options, credential: { kind: 'none' }, bytes: entropy() })).toEqual(failed);
  });

  test('an unknown device fails even when its message fits the throw-away secret', () => {
    const { started } = exchange({});
    const read = readRegistration({
      credential: { kind: 'none' },
      binding,
      message: started.message,
      bytes: () => psk,
    });
    expect(read).toEqual({ kind: 'failed', reason: 'decryptFailed' });
  });

  test('of the wrong length is our own defect, so it throws', () => {
    const wrong = { kind: 'psk', psk: new Uint8Array(31) } as const;
    const short = { credential: wrong, binding, payload: text(''), bytes: entropy() };
    expect(() => startRegistration(short)).toThrow(/31 bytes/);
  });
});

test('the pending state holds no pre-shared secret', () => {
  const { started } = exchange({});
  expect(toHex(started.pending)).not.toContain(toHex(psk));
});

test('the server answers once', () => {
  const { read } = exchange({});
  expect(() => read.respond(text('again'))).toThrow(/cannot write/);
});
