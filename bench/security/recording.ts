import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  hash,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';

/**
 * Bare calls of node:crypto. Whoever writes a protocol out by hand on these methods gets each result at once; the calls are
 * noted with their inputs, and `player` runs them again, one after the other, with nothing between them. Each is the fastest
 * way that node 24 has from raw bytes to raw bytes: keys as PEM (13 us less than DER or JWK), a hash by way of a string
 * (half of a buffer), HMAC as two hashes (1 us, `createHmac` 3 us), AEAD under a KeyObject (10 us less than under bytes).
 */
export class Recording {
  readonly #calls: (() => Uint8Array)[] = [];
  readonly #places = new Map<Uint8Array, number>();

  hash(...parts: readonly Uint8Array[]): Uint8Array {
    const input = Buffer.concat(parts);
    return this.#note(() => Buffer.from(hash('sha256', input, 'binary'), 'binary'));
  }

  /** RFC 2104, the key no longer than a block. */
  hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
    const pad = (byte: number): Uint8Array => Uint8Array.from({ length: 64 }, (_, i) => (key[i] ?? 0) ^ byte);
    return this.hash(pad(0x5c), this.hash(pad(0x36), ...parts));
  }

  /** Of a key pair made of 32 bytes: the public key, and the handle to agree with. */
  keyPair(secret: Uint8Array): { readonly publicKey: Uint8Array; readonly handle: KeyObject } {
    const pem = privatePem(secret);
    const publicKey = this.#note(() => {
      const { x = '' } = createPublicKey(createPrivateKey(pem)).export({ format: 'jwk' });
      return Buffer.from(x, 'base64url');
    });
    return { publicKey, handle: createPrivateKey(pem) };
  }

  /** A key taken up from its bytes once more, for the handle alone. */
  takeUp(secret: Uint8Array): void {
    const pem = privatePem(secret);
    this.#note(() => {
      createPrivateKey(pem);
      return NOTHING;
    });
  }

  agree(privateKey: KeyObject, publicKey: Uint8Array): Uint8Array {
    const pem = publicPem(publicKey);
    return this.#note(() => diffieHellman({ privateKey, publicKey: createPublicKey(pem) }));
  }

  seal(key: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array, plaintext: Uint8Array): Uint8Array {
    return this.#note(() => sealBare(createSecretKey(key), nonce, associatedData, plaintext));
  }

  open(key: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array, sealed: Uint8Array): Uint8Array {
    return this.#note(() => openBare(createSecretKey(key), nonce, associatedData, sealed));
  }

  /** The key that a certificate certifies, its signature checked. */
  certified(der: Uint8Array, issuer: KeyObject): Uint8Array {
    return this.#note(() => {
      const certificate = new X509Certificate(der);
      if (!certificate.verify(issuer)) throw new Error('The certificate of the benchmark is not signed by its issuer.');
      return Buffer.from(certificate.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
    });
  }

  /** @param outputs results of the methods above; the player gives those of its own run */
  player(outputs: readonly Uint8Array[]): () => readonly Uint8Array[] {
    const calls = this.#calls;
    const places = outputs.map((output) => this.#places.get(output) ?? -1);
    return () => {
      const results = calls.map((call) => call());
      return places.map((place) => results[place] ?? NOTHING);
    };
  }

  #note(call: () => Uint8Array): Uint8Array {
    const result = call();
    this.#places.set(result, this.#calls.push(call) - 1);
    return result;
  }
}

const NOTHING = new Uint8Array(0);
const TAG_BYTES = 16;
const OPTIONS = { authTagLength: TAG_BYTES };

export function sealBare(key: KeyObject, nonce: Uint8Array, associatedData: Uint8Array, plaintext: Uint8Array): Buffer {
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, OPTIONS);
  cipher.setAAD(associatedData, { plaintextLength: plaintext.length });
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return Buffer.concat([ciphertext, cipher.getAuthTag()]);
}

export function openBare(key: KeyObject, nonce: Uint8Array, associatedData: Uint8Array, sealed: Uint8Array): Buffer {
  const end = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv('chacha20-poly1305', key, nonce, OPTIONS);
  decipher.setAAD(associatedData, { plaintextLength: end });
  decipher.setAuthTag(sealed.subarray(end));
  const plaintext = decipher.update(sealed.subarray(0, end));
  decipher.final();
  return plaintext;
}

const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');

const pem = (what: string, der: Uint8Array): string =>
  `-----BEGIN ${what}-----\n${Buffer.from(der).toString('base64')}\n-----END ${what}-----\n`;

const privatePem = (secret: Uint8Array): string => pem('PRIVATE KEY', Buffer.concat([PKCS8_PREFIX, secret]));
const publicPem = (publicKey: Uint8Array): string => pem('PUBLIC KEY', Buffer.concat([SPKI_PREFIX, publicKey]));
