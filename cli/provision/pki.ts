import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { keyPair, type KeyPair } from '../../security/noise/x25519.ts';
import { readCertificate, type Certificate } from '../../security/pki/certificate.ts';
import { principalUri, type Principal } from '../../security/pki/identity.ts';
import { issueAuthority, issueCertificate, issueRevocationList, type Issuer } from '../../security/pki/issue.ts';
import {
  keyPairToPem,
  newSigningKey,
  publicKeyToPem,
  rawPublicKey,
  signingKeyFromPem,
  signingKeyToPem,
} from '../../security/pki/keys.ts';
import { ROLES } from '../../events/parties.ts';
import { fromPem, toPem } from '../../security/pki/pem.ts';
import { isListOf, type Revocation } from '../../security/pki/revocation-list.ts';
import { readChainFile, readRevocationFile, readTrustAnchors, staticKeyIn } from '../config/pki.ts';
import { ConfigError } from '../config/problems.ts';
import { SECRET_BYTES } from '../config/secrets.ts';
import { UsageError } from '../errors.ts';
import type { OperatorDirectory, SecretPlace } from './directory.ts';
import { CA_FILES, filesOf, SERVER_FILES } from './pki-files.ts';
import { keyElsewhere, type Ring } from './ring.ts';
import type { operatorRings } from './operator-rings.ts';

const ISSUED_FOLDER = 'ca/issued';

const WORDS = { device: ROLES.pne, gateway: ROLES['pn-gateway'] } as const;

const nameOf = ({ kind, id }: Principal): string => `${WORDS[kind]} ${id}`;

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3_650;
export const CERTIFICATE_DAYS = 365;
/** When the next list is due. The server goes by an overdue one too: it is for other readers. */
const LIST_DAYS = 30;
/** The clock of the server may be behind the clock here. */
const CLOCK_DIFFERENCE_MS = 300_000;

export interface PkiSeams {
  readonly nowMs: number;
  /** Cryptographically secure random bytes. */
  readonly bytes: (length: number) => Uint8Array;
  readonly rings: ReturnType<typeof operatorRings>;
}

/** The authority that is there, or else a new one, with an empty revocation list; and the static key of the server. */
export class Authority {
  readonly #directory: OperatorDirectory;
  readonly #seams: PkiSeams;
  readonly #issuer: Issuer;

  /** @throws ConfigError when a file is there and cannot be used */
  constructor(directory: OperatorDirectory, seams: PkiSeams) {
    this.#directory = directory;
    this.#seams = seams;
    for (const folder of ['ca', ISSUED_FOLDER]) directory.folder(folder);
    this.#issuer = this.#open();
    if (!directory.has(CA_FILES.revocation)) {
      directory.create(CA_FILES.revocation, this.#list(1, []), 'certificates that count no more');
    } else directory.keep(CA_FILES.revocation, 'certificates that count no more');
    const pair = this.#staticKey({
      file: SERVER_FILES.key,
      name: 'static/server',
      ring: seams.rings.server(),
      detail: 'key by which the server shows PNEs and PN GWs that it is the server',
    });
    const detail = 'its public half, which PNEs and PN GWs pin';
    if (pair === null) directory.keep(SERVER_FILES.publicKey, detail);
    else directory.propose(SERVER_FILES.publicKey, publicKeyToPem(pair.publicKey), detail);
  }

  /** Key and certificate of a PNE or PN GW, each unless it is there. @param proof `wrong`: the key is not the certified one */
  provision(principal: Principal, proof: 'right' | 'wrong', ring: Ring): void {
    const { key, keyName, certificate } = filesOf(principal);
    const detail = `private key of the ${nameOf(principal)}`;
    const pair = this.#staticKey({ file: key, name: keyName, ring, detail });
    if (this.#directory.has(certificate)) {
      this.#directory.keep(certificate, `certificate of the ${nameOf(principal)}`);
      return;
    }
    const certified = proof === 'right' ? pair : keyPair(this.#seams.bytes(SECRET_BYTES));
    if (certified === null) throw keyElsewhere(key);
    this.issue(principal, certified.publicKey, CERTIFICATE_DAYS);
  }

  /** Certifies a key; the file of its owner then holds the new certificate. Earlier ones stay valid until they expire. */
  issue(principal: Principal, publicKey: Uint8Array, days: number): void {
    const { nowMs, bytes } = this.#seams;
    const period = {
      notBeforeMs: Math.max(nowMs - CLOCK_DIFFERENCE_MS, this.#issuer.certificate.notBeforeMs),
      notAfterMs: Math.min(nowMs + days * DAY_MS, this.#issuer.certificate.notAfterMs),
    };
    const der = issueCertificate({ issuer: this.#issuer, principal, publicKey, bytes, ...period });
    const text = toPem('CERTIFICATE', der);
    // The record first: whatever was given out can be revoked.
    this.#directory.create(
      `${ISSUED_FOLDER}/${readCertificate(der)?.serial ?? ''}.pem`,
      text,
      `issued to the ${nameOf(principal)}`,
    );
    const until = new Date(period.notAfterMs).toISOString().slice(0, 10);
    this.#directory.derive(
      filesOf(principal).certificate,
      text,
      `certificate of the ${nameOf(principal)} until ${until}`,
    );
  }

  /** Another certificate for the key that the present one is for. @throws UsageError, ConfigError */
  renew(principal: Principal, days: number): void {
    const file = filesOf(principal).certificate;
    if (!this.#directory.has(file)) {
      throw new UsageError(
        `There is no certificate of the ${nameOf(principal)} to renew`,
        'Issue one: cpns provision issue; a PN GW is named with --gateway.',
      );
    }
    const [der = new Uint8Array(0)] = readChainFile(this.#directory.path(file));
    const certificate = readCertificate(der);
    const publicKey = certificate === null ? null : rawPublicKey(certificate.publicKey);
    if (publicKey === null) {
      const message = 'is no certificate of an X25519 key';
      throw new ConfigError(this.#directory.path(file), [{ path: '', message, remedy: 'Issue another one.' }]);
    }
    this.issue(principal, publicKey, days);
  }

  /** Revokes every certificate of a PNE or PN GW that has not expired. @throws UsageError when there is none */
  revoke(principal: Principal): void {
    const { nowMs } = this.#seams;
    const all = this.#issued();
    const lost = all.filter(({ uris, notAfterMs }) => uris.includes(principalUri(principal)) && nowMs <= notAfterMs);
    if (lost.length === 0) {
      throw new UsageError(
        `No certificate of the ${nameOf(principal)} is valid`,
        `The certificates given out are in ${ISSUED_FOLDER}; a PN GW is named with --gateway.`,
      );
    }
    const file = this.#directory.path(CA_FILES.revocation);
    const lists = readRevocationFile(file, [this.#issuer.certificate]);
    const before = lists.find((list) => isListOf(list, this.#issuer.certificate));
    const revoked = new Map(before?.revoked);
    for (const { serial } of lost) {
      if (!revoked.has(serial)) revoked.set(serial, { serial, revokedAtMs: nowMs });
    }
    // RFC 5280 section 3.3: what has expired may leave the list.
    const expired = new Set(all.filter(({ notAfterMs }) => notAfterMs < nowMs).map(({ serial }) => serial));
    const entries = [...revoked.values()].filter(({ serial }) => !expired.has(serial));
    const detail = `${entries.length} certificates that count no more, ${lost.length} of the ${nameOf(principal)}`;
    this.#directory.derive(CA_FILES.revocation, this.#list((before?.number ?? 0) + 1, entries), detail);
  }

  #open(): Issuer {
    const directory = this.#directory;
    const ring = this.#seams.rings.authority();
    const detail = 'key of the authority that certifies PNEs and PN GWs';
    const pem = directory.secret({ file: CA_FILES.key, name: 'authority', ring, detail }, () =>
      signingKeyToPem(newSigningKey(this.#seams.bytes)),
    );
    if (pem === null) throw keyElsewhere(CA_FILES.key);
    const keyFile = directory.path(CA_FILES.key);
    const key = signingKeyFromPem(`${pem}\n`);
    if (key === null) {
      const remedy = 'Bring the file back from a copy.';
      throw new ConfigError(keyFile, [
        { path: '', message: 'is no private key, Ed25519 or ECDSA P-256, in PEM', remedy },
      ]);
    }
    if (!directory.has(CA_FILES.certificate)) {
      const { nowMs, bytes } = this.#seams;
      const period = { notBeforeMs: nowMs - CLOCK_DIFFERENCE_MS, notAfterMs: nowMs + AUTHORITY_DAYS * DAY_MS };
      const der = issueAuthority({ name: 'CPNS operator', key, bytes, ...period });
      directory.create(CA_FILES.certificate, toPem('CERTIFICATE', der), 'its certificate, which the server trusts');
    } else directory.keep(CA_FILES.certificate, 'its certificate, which the server trusts');
    const file = directory.path(CA_FILES.certificate);
    const certificate = readTrustAnchors(file).find((one) => one.publicKey.equals(createPublicKey(key.handle)));
    if (certificate !== undefined) return { certificate, key };
    const remedy = `Put the certificate of ${CA_FILES.key} there.`;
    throw new ConfigError(file, [{ path: '', message: 'is of another key than the authority has', remedy }]);
  }

  /** Null where it is there, and what it is encrypted under is not. */
  #staticKey(place: SecretPlace): KeyPair | null {
    const text = this.#directory.secret(place, () => keyPairToPem(keyPair(this.#seams.bytes(SECRET_BYTES))));
    return text === null ? null : staticKeyIn(this.#directory.path(place.file), text);
  }

  #list(number: number, revoked: readonly Revocation[]): string {
    const { nowMs } = this.#seams;
    const times = { thisUpdateMs: nowMs, nextUpdateMs: nowMs + LIST_DAYS * DAY_MS };
    return toPem('X509 CRL', issueRevocationList({ issuer: this.#issuer, number, revoked, ...times }));
  }

  #issued(): readonly Certificate[] {
    return this.#directory
      .files(ISSUED_FOLDER, '.pem')
      .flatMap((file) => fromPem('CERTIFICATE', readFileSync(this.#directory.path(file), 'utf8')))
      .map(readCertificate)
      .filter((certificate) => certificate !== null);
  }
}
