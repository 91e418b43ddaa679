import { toBase64 } from '../security/transparency/base64.ts';
import { rootOf } from '../journal/merkle/frontier.ts';
import { isSameHash } from '../journal/merkle/hash.ts';
import { leafText } from '../journal/leaf.ts';
import type { StoredEvent } from '../journal/port.ts';
import { inOrder, type IntegrityFault } from './integrity.ts';
import { BEFORE_ALL, PAGE, type JournalSource } from './source.ts';
import type { JournalAudit } from './journal-audit.ts';

/**
 * Two that begin with the same event are one journal, however far each of them goes: a file and its export, or a copy that was
 * kept since last year. The longest is judged; of the others it is asked whether they are its beginning.
 */
export class Copies {
  /** By index of a copy, that of the longest. */
  readonly #longest: ReadonlyMap<number, number>;
  readonly #sources: readonly JournalSource[];

  private constructor(sources: readonly JournalSource[], longest: ReadonlyMap<number, number>) {
    this.#sources = sources;
    this.#longest = longest;
  }

  static async among(sources: readonly JournalSource[]): Promise<Copies> {
    const alike = new Map<string, number[]>();
    for (const [index, source] of sources.entries()) {
      const beginning = await beginningOf(source);
      if (beginning !== null) alike.set(beginning, [...(alike.get(beginning) ?? []), index]);
    }
    const sizeOf = (index: number): number => sources[index]?.head.size ?? 0;
    const longest = [...alike.values()].flatMap((copies) => {
      const [first = 0, ...others] = copies.toSorted((a, b) => sizeOf(b) - sizeOf(a));
      return others.map((copy) => [copy, first] as const);
    });
    return new Copies(sources, new Map(longest));
  }

  /** Index of the journal that this one is a copy of; null where it is judged itself. */
  of(index: number): number | null {
    return this.#longest.get(index) ?? null;
  }

  /** Sizes at which the tree of that journal has to be the one of a copy. */
  sizesOf(index: number): readonly number[] {
    return [...this.#longest].flatMap(([copy, first]) =>
      first === index || copy === index ? [this.#sources[copy]?.head.size ?? 0] : [],
    );
  }

  /** Where two copies say something else, and each is whole by itself, nobody can say which is the record. */
  async settled(journals: readonly JournalAudit[]): Promise<readonly JournalAudit[]> {
    const faults = new Map<number, IntegrityFault>();
    for (const [copy, first] of this.#longest) {
      const position = isParted(journals[copy], journals[first]) ? await this.#parting(copy, first) : null;
      if (position === null) continue;
      const says = 'another copy of this journal, which is whole as well, has another event here';
      for (const index of [copy, first]) faults.set(index, { kind: 'rewritten', position, says });
    }
    return journals.map((journal, index) => {
      const fault = faults.get(index);
      if (fault === undefined) return journal;
      const { integrity } = journal;
      return { ...journal, integrity: { ...integrity, faults: inOrder([...integrity.faults, fault]) } };
    });
  }

  /** The first position at which their events are not the same; null where there is none. */
  async #parting(one: number, other: number): Promise<number | null> {
    const [here, there] = [this.#sources[one], this.#sources[other]];
    for (let after = BEFORE_ALL; here !== undefined && there !== undefined;) {
      const page = await here.stored({ after, limit: PAGE });
      const beside = await there.stored({ after, limit: PAGE });
      const differs = page.findIndex((event, index) => textOf(event) !== textOf(beside[index]));
      if (differs >= 0) return page[differs]?.position ?? null;
      const last = page.at(-1);
      if (last === undefined) return null;
      after = last.position;
    }
    return null;
  }
}

const textOf = (event: StoredEvent | undefined): string | null =>
  event === undefined ? null : leafText(event, event.data);

/** The first event, and the tree before it. */
async function beginningOf(source: JournalSource): Promise<string | null> {
  const [first] = await source.stored({ after: BEFORE_ALL, limit: 1 });
  const text = textOf(first);
  return text === null ? null : `${toBase64(rootOf(source.head.before))} ${text}`;
}

function isParted(copy: JournalAudit | undefined, first: JournalAudit | undefined): boolean {
  if (copy === undefined || first === undefined) return false;
  const { faults, events, root } = copy.integrity;
  const beside = first.integrity.rootsAt.get(events);
  return faults.length + first.integrity.faults.length === 0 && beside !== undefined && !isSameHash(root, beside);
}
