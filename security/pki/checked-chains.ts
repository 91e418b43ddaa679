/**
 * Chains that were checked and found valid, so that whoever registers again costs a hash and not two parsed certificates and a
 * signature (`npm run bench -- certificates` prints both, and the ratio). Only what was valid is kept: a stranger with
 * a thousand certificates of its own fills nothing.
 */
import { concat, uint32, utf8 } from '../bytes.ts';
import { sha256 } from '../noise/hkdf.ts';
import type { Certificate } from './certificate.ts';
import { principalUri, type Principal } from './identity.ts';
import type { RevocationList } from './revocation-list.ts';
import { verifyCertificate, type CertificateVerdict } from './verify.ts';

/** Of 200 bytes each: devices beyond it are checked in full each time. */
export const MAX_CHECKED_CHAINS = 10_000;

type Valid = Extract<CertificateVerdict, { readonly kind: 'valid' }>;

/** What `verifyCertificate` says, by one set of trust anchors; it takes the same time in the worst case only. */
export class CheckedChains {
  readonly #trustAnchors: readonly Certificate[];
  readonly #capacity: number;
  /** Longest unused first. */
  readonly #valid = new Map<string, Valid>();
  /** The lists by which all of these are valid. */
  #revocation: readonly RevocationList[] = [];

  constructor(trustAnchors: readonly Certificate[], capacity = MAX_CHECKED_CHAINS) {
    this.#trustAnchors = [...trustAnchors];
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#valid.size;
  }

  /** @param options.revocation another array counts as other lists: then everything is checked again */
  verify(options: {
    readonly chain: readonly Uint8Array[];
    readonly revocation: readonly RevocationList[];
    readonly principal: Principal;
    readonly at: number;
  }): CertificateVerdict {
    const { chain, revocation, principal, at } = options;
    if (revocation !== this.#revocation) {
      this.#valid.clear();
      this.#revocation = revocation;
    }
    const key = keyOf(chain, principal);
    const known = this.#valid.get(key);
    this.#valid.delete(key);
    const isInTime = known !== undefined && known.notBeforeMs <= at && at <= known.notAfterMs;
    const verdict = isInTime ? known : verifyCertificate({ ...options, trustAnchors: this.#trustAnchors });
    if (verdict.kind === 'valid') this.#keep(key, verdict);
    return verdict;
  }

  #keep(key: string, verdict: Valid): void {
    for (const oldest of this.#valid.keys()) {
      if (this.#valid.size < this.#capacity) break;
      this.#valid.delete(oldest);
    }
    this.#valid.set(key, verdict);
  }
}

/** SHA-256 over the number of certificates, each with its length before it, and the principal's name: no two cases share it. */
function keyOf(chain: readonly Uint8Array[], principal: Principal): string {
  const parts = chain.flatMap((der) => [uint32(der.length), der]);
  const digest = sha256(concat(uint32(chain.length), ...parts, utf8(principalUri(principal))));
  return Buffer.from(digest).toString('base64');
}
