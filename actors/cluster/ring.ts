import { createHash } from 'node:crypto';

/** Owners that are remembered; more are computed again. */
const MAX_REMEMBERED = 65_536;

/**
 * Shares keys out among members so that whoever knows the same members finds the same owner, and each member that comes or
 * goes moves only what becomes or was its own: rendezvous hashing (Thaler and Ravishankar, IEEE/ACM ToN 6(1), 1998).
 */
export class Ring {
  /** Ascending. */
  readonly members: readonly string[];
  readonly #owners = new Map<string, string | null>();

  constructor(members: Iterable<string>) {
    this.members = [...new Set(members)].toSorted();
  }

  /** Null where there are no members. */
  ownerOf(key: string): string | null {
    const known = this.#owners.get(key);
    if (known !== undefined) return known;
    const owner = this.#heaviest(key);
    if (this.#owners.size >= MAX_REMEMBERED) this.#owners.clear();
    this.#owners.set(key, owner);
    return owner;
  }

  #heaviest(key: string): string | null {
    let best: { readonly member: string; readonly weight: number } | null = null;
    for (const member of this.members) {
      const weight = weightOf(member, key);
      if (best === null || weight > best.weight) best = { member, weight };
    }
    return best?.member ?? null;
  }
}

/** 48 bits: of equal ones, the first member has it. */
function weightOf(member: string, key: string): number {
  return createHash('sha256').update(`${member}\n${key}`).digest().readUIntBE(0, 6);
}
