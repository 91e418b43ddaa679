/** An authority of ours with fixed randomness, for tests: a key, its certificate, and devices or PN GWs certified by it. */
import { SeededEntropy } from '../../../seams/entropy.ts';
import { keyPair, type KeyPair } from '../../../security/noise/x25519.ts';
import { readCertificate, type Certificate } from '../../../security/pki/certificate.ts';
import { deviceNamed, type Principal } from '../../../security/pki/identity.ts';
import {
  issueAuthority,
  issueCertificate,
  issueRevocationList,
  type Issuer,
  type Period,
} from '../../../security/pki/issue.ts';
import { newSigningKey } from '../../../security/pki/keys.ts';
import { readRevocationList, type RevocationList } from '../../../security/pki/revocation-list.ts';
import { readTrustAnchor } from '../../../security/pki/verify.ts';

const DAY_MS = 86_400_000;
export const EPOCH_MS = Date.UTC(2026, 0, 1);
export const PERIOD: Period = { notBeforeMs: EPOCH_MS, notAfterMs: EPOCH_MS + 30 * DAY_MS };

export interface Certified {
  readonly staticKey: KeyPair;
  readonly chain: readonly Uint8Array[];
}

export class Authority {
  readonly #entropy: SeededEntropy;
  readonly certificate: Certificate;
  readonly issuer: Issuer;

  constructor(name: string) {
    this.#entropy = new SeededEntropy(name);
    const key = newSigningKey(this.bytes);
    const der = issueAuthority({ name, key, bytes: this.bytes, ...PERIOD });
    const certificate = readTrustAnchor(der);
    if (certificate === null) throw new Error('our own authority is no trust anchor');
    this.certificate = certificate;
    this.issuer = { certificate, key };
  }

  readonly bytes = (length: number): Uint8Array => this.#entropy.bytes(length);

  device(deviceId: string, period: Period = PERIOD): Certified {
    return this.certify(deviceNamed(deviceId), period);
  }

  certify(principal: Principal, period: Period = PERIOD): Certified {
    const staticKey = keyPair(this.bytes(32));
    const { issuer, bytes } = this;
    return {
      staticKey,
      chain: [issueCertificate({ issuer, principal, publicKey: staticKey.publicKey, bytes, ...period })],
    };
  }

  /** A list that names these certificates, and no other. */
  revoke(...ders: readonly Uint8Array[]): RevocationList {
    const revoked = ders.map((der) => ({ serial: readCertificate(der)?.serial ?? '', revokedAtMs: EPOCH_MS }));
    const times = { thisUpdateMs: EPOCH_MS, nextUpdateMs: PERIOD.notAfterMs };
    const read = readRevocationList(
      issueRevocationList({ issuer: this.issuer, number: 1, revoked, ...times }),
      this.certificate,
    );
    if (read.kind === 'refused') throw new Error(read.reason);
    return read.list;
  }
}
