import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeededEntropy } from '../../seams/entropy.ts';
import { prologueOf } from '../../security/binding.ts';
import { startHandshake } from '../../security/noise/handshake-state.ts';
import { PATTERNS } from '../../security/noise/patterns.ts';
import { keyPair } from '../../security/noise/x25519.ts';
import { deviceNamed, gatewayNamed } from '../../security/pki/identity.ts';
import { issueRevocationList } from '../../security/pki/issue.ts';
import { readRevocationList } from '../../security/pki/revocation-list.ts';
import { verifyCertificate } from '../../security/pki/verify.ts';
import { readCertificate } from '../../security/pki/certificate.ts';
import {
  finishRegistration,
  readRegistration,
  startRegistration,
  type Binding,
  type Credential,
  type ExpectedCredential,
} from '../../security/registration-handshake.ts';
import { Authority, EPOCH_MS, PERIOD } from './pki/authority.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const seeded = new SeededEntropy('registration-pki');
const bytes = (length: number): Uint8Array => seeded.bytes(length);

const authority = new Authority('operator');
const serverKey = keyPair(bytes(32));
const watch = authority.device('watch-anna');
const binding: Binding = {
  protocolVersion: 1,
  pnId: 'pn-anna',
  gatewayId: 'gateway-hall',
  deviceId: 'watch-anna',
  requestId: 'request-1',
};

const held = (device = watch): Credential => ({ kind: 'pki', ...device, serverPublicKey: serverKey.publicKey });

function expected(options: Partial<Parameters<typeof verifyCertificate>[0]> = {}): ExpectedCredential {
  const rest = {
    trustAnchors: [authority.certificate],
    revocation: [],
    principal: deviceNamed('watch-anna'),
    at: EPOCH_MS + 1,
  };
  return { kind: 'pki', serverKey, verify: (chain) => verifyCertificate({ ...rest, ...options, chain }) };
}

function start(credential = held(), payload = text('request')) {
  return startRegistration({ credential, binding, payload, bytes });
}

function read(message: Uint8Array, credential = expected(), about = binding) {
  const result = readRegistration({ credential, binding: about, message, bytes });
  return result.kind === 'failed' ? result.reason : result;
}

function exchange() {
  const started = start();
  const outcome = read(started.message);
  if (typeof outcome === 'string') throw new Error(outcome);
  return { started, outcome, response: outcome.respond(text('answer')) };
}

/** All one-bit changes, all shorter forms and some longer ones. */
function damaged(message: Uint8Array): Uint8Array[] {
  const flipped = Array.from({ length: message.length * 8 }, (_, bit) =>
    message.with(bit >> 3, (message[bit >> 3] ?? 0) ^ (1 << (bit & 7))),
  );
  const truncated = Array.from({ length: message.length }, (_, length) => message.slice(0, length));
  const extended = [1, 16, 32].map((more) => Uint8Array.of(...message, ...new Uint8Array(more)));
  return [...flipped, ...truncated, ...extended];
}

describe('a registration with a certificate', () => {
  test('carries both payloads and leaves both sides with the same session, mirrored', () => {
    const { started, outcome, response } = exchange();
    expect(outcome.payload).toEqual(text('request'));
    const finished = finishRegistration({ pending: started.pending, message: response.message });
    if (finished.kind === 'failed') throw new Error('refused');
    expect(finished.payload).toEqual(text('answer'));
    expect(finished.session.keyId).toBe(response.session.keyId);
    expect(finished.session.sendKey).toEqual(response.session.receiveKey);
    expect(finished.session.receiveKey).toEqual(response.session.sendKey);
  });

  test('shows nobody on the way whose certificate it is', () => {
    const { message } = start();
    expect(Buffer.from(message).includes(Buffer.from(watch.staticKey.publicKey))).toBe(false);
    expect(Buffer.from(message).includes('urn:cpns:device')).toBe(false);
    expect(Buffer.from(message).includes('watch-anna')).toBe(false);
  });

  test('fits the wire even with three certificates: 8,192 characters of base64url', () => {
    const [der = new Uint8Array(0)] = watch.chain;
    const { message } = start(held({ ...watch, chain: [der, der, der] }));
    expect(Buffer.from(message).toString('base64url').length).toBeLessThan(8_192);
  });
});

describe('a certificate that the server does not take', () => {
  const reasonOf = (credential: Credential, options: Parameters<typeof expected>[0] = {}) =>
    read(start(credential).message, expected(options));

  test('is told apart', () => {
    const serial = readCertificate(watch.chain[0] ?? new Uint8Array(0))?.serial ?? '';
    const der = issueRevocationList({
      issuer: authority.issuer,
      number: 1,
      revoked: [{ serial, revokedAtMs: EPOCH_MS }],
      thisUpdateMs: EPOCH_MS,
      nextUpdateMs: PERIOD.notAfterMs,
    });
    const list = readRevocationList(der, authority.certificate);
    if (list.kind === 'refused') throw new Error(list.reason);
    const other = new Authority('another');
    expect(reasonOf(held())).toMatchObject({ kind: 'authenticated' });
    expect(reasonOf(held(), { at: PERIOD.notAfterMs + 1_000 })).toBe('expired');
    expect(reasonOf(held(), { at: EPOCH_MS - 1 })).toBe('notYetValid');
    expect(reasonOf(held(), { revocation: [list.list] })).toBe('revoked');
    expect(reasonOf(held(other.device('watch-anna')))).toBe('unknownIssuer');
    expect(reasonOf(held(authority.device('watch-otto')))).toBe('wrongIdentity');
  });

  test('is of no use to a device that has the id of a PN GW and says that it is one, and the other way round', () => {
    // What a PN GW is bound to: a device could ask for the PN `-` under the same ids.
    const about: Binding = { ...binding, pnId: '-', gatewayId: 'hub', deviceId: 'hub' };
    const bothWays = [
      [deviceNamed('hub'), gatewayNamed('hub')],
      [gatewayNamed('hub'), deviceNamed('hub')],
    ] as const;
    for (const [shown, wanted] of bothWays) {
      const credential = held(authority.certify(shown));
      const { message } = startRegistration({ credential, binding: about, payload: text(''), bytes });
      expect(read(message, expected({ principal: shown }), about)).toMatchObject({ kind: 'authenticated' });
      expect(read(message, expected({ principal: wanted }), about)).toBe('wrongIdentity');
    }
  });

  test('is of no use to who has it but not its key', () => {
    const thief = keyPair(bytes(32));
    expect(reasonOf(held({ staticKey: thief, chain: watch.chain }))).toBe('wrongKey');
  });

  test('is malformed when there is no chain in the payload, or half of one', () => {
    const chain = watch.chain[0] ?? new Uint8Array(0);
    // The same pattern driven by hand: a stranger may put whatever it likes into the payload.
    for (const [payload, reason] of [
      [new Uint8Array(0), 'malformed'],
      [Uint8Array.of(0), 'malformed'],
      [Uint8Array.of(1, 0), 'malformed'],
      [Uint8Array.of(1, 1, 0, ...chain.slice(0, 100)), 'malformed'],
      [Uint8Array.of(1, 0, 0), 'malformed'],
      [Uint8Array.of(4), 'chainTooLong'],
      [Uint8Array.of(255), 'chainTooLong'],
    ] as const) {
      expect(read(byHand(payload))).toBe(reason);
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (any) => typeof read(byHand(any)) === 'string'));
  });

  test('of our own that is too long to be sent is our defect, so it throws', () => {
    expect(() => start(held({ ...watch, chain: [] }))).toThrow(/0 certificates/);
    expect(() => start(held({ ...watch, chain: [new Uint8Array(3_000)] }))).toThrow(/3000 bytes/);
  });
});

describe('a message that was touched on its way', () => {
  test('is refused by the server, whatever bit, length or tail, and the certificate is not even looked at', () => {
    const looked: unknown[] = [];
    const blind: ExpectedCredential = {
      kind: 'pki',
      serverKey,
      verify(chain) {
        looked.push(chain);
        return { kind: 'refused', reason: 'malformed' };
      },
    };
    const messages = damaged(start().message);
    for (const message of messages) expect(read(message, blind)).toMatch(/^(malformed|decryptFailed)$/);
    expect(looked).toEqual([]);
    expect(messages.length).toBeGreaterThan(3_000);
  });

  test('is refused by the device, which still accepts the true answer afterwards', () => {
    const { started, response } = exchange();
    for (const message of damaged(response.message)) {
      expect(finishRegistration({ pending: started.pending, message })).toEqual({ kind: 'failed' });
    }
    expect(finishRegistration({ pending: started.pending, message: response.message }).kind).toBe('accepted');
  });

  test.each(['pnId', 'gatewayId', 'deviceId', 'requestId'] as const)('or sent on under another %s, fails', (field) => {
    const lie = { ...binding, [field]: `${binding[field]}x` };
    expect(read(start().message, expected(), lie)).toBe('decryptFailed');
  });
});

describe('the two patterns', () => {
  const psk = new Uint8Array(32).fill(7);

  test('do not stand in for one another: the server tries only what the device was provisioned with', () => {
    const secret = startRegistration({ credential: { kind: 'psk', psk }, binding, payload: text(''), bytes });
    expect(read(secret.message)).toBe('malformed');
    expect(read(Uint8Array.of(...secret.message, ...new Uint8Array(100)))).toBe('decryptFailed');
    expect(read(start().message, { kind: 'psk', psk })).toBe('decryptFailed');
    expect(read(start().message, { kind: 'none' })).toBe('decryptFailed');
  });

  test('to another server than the pinned one, a device says nothing that it could read', () => {
    const other = keyPair(bytes(32));
    const { message } = start({ kind: 'pki', ...watch, serverPublicKey: other.publicKey });
    expect(read(message)).toBe('decryptFailed');
  });

  test('a pending state is refused when a key is missing in it', () => {
    const { started, response } = exchange();
    const property = fc.property(fc.nat(started.pending.length - 1), fc.nat(255), (at, value) => {
      const pending = started.pending.with(at, value);
      expect(['failed', 'accepted']).toContain(finishRegistration({ pending, message: response.message }).kind);
    });
    fc.assert(property, { numRuns: 500 });
  });
});

function byHand(payload: Uint8Array): Uint8Array {
  const common = { pattern: PATTERNS.IK, role: 'initiator', prologue: prologueOf(binding), bytes } as const;
  const state = startHandshake({ ...common, staticKey: watch.staticKey, remoteStatic: serverKey.publicKey });
  return state.writeMessage(payload);
}
