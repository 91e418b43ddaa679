import { chartById } from '../../fold/law.ts';
import { restoreBase } from '../../fold/snapshot.ts';
import type { Clock } from '../../seams/clock.ts';
import type { RecordedEvent } from '../../journal/port.ts';
import { basesOf } from '../../replay/bases.ts';
import type { JournalNote } from '../protocol/answers.ts';
import { momentIn } from './moment.ts';
import { OF_EACH_JOURNAL, type ReadJournal, type Source } from './source.ts';
import { MAX_EVENTS, type Timeline } from './timeline.ts';

/** Events a read. */
const PAGE = 1_000;

/** A message is not received before it is sent, whatever clocks say that differ by less than this. */
const CLOCK_SKEW_MS = 1_000;

interface Followed {
  readonly source: Source;
  journal: ReadJournal | null;
  /** Position of the last event that was read. */
  read: number;
  /** Read, and not yet on the timeline. */
  waiting: { readonly event: RecordedEvent; readonly round: number }[];
  /** Position of the last event that is in an archive. */
  archived: number;
  exhausted: boolean;
  trouble: string | null;
}

/**
 * Reads several journals onto one timeline: each in its own order, merged by the clock, and no message received before
 * it was sent. What was recorded after a round of reading began waits for the next one: another journal, read a moment
 * earlier, may have lacked the cause of it.
 */
export class Feed {
  readonly #timeline: Timeline;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #followed: readonly Followed[];
  #round = 0;
  #reading: Promise<number> | null = null;

  constructor(timeline: Timeline, sources: readonly Source[], clock: Pick<Clock, 'now'>) {
    this.#timeline = timeline;
    this.#clock = clock;
    this.#followed = sources.map((source) => ({
      source,
      journal: null,
      read: 0,
      waiting: [],
      archived: 0,
      exhausted: false,
      trouble: null,
    }));
  }

  get journals(): readonly JournalNote[] {
    return this.#followed.map(({ source: { name, kind }, read, archived, trouble }) => ({
      name,
      kind,
      head: read,
      archived,
      trouble,
    }));
  }

  /** Null where there is none of that name, or it is not there yet. */
  journal(name: string): ReadJournal | null {
    return this.#followed.find(({ source }) => source.name === name)?.journal ?? null;
  }

  /**
   * One round: reads what is there and moves it onto the timeline; calls that overlap share it.
   * @returns how many events came
   */
  catchUp(): Promise<number> {
    this.#reading ??= this.#read().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #read(): Promise<number> {
    const before = this.#timeline.total;
    const startedAt = this.#clock.now();
    this.#round += 1;
    for (const each of this.#followed) each.exhausted = false;
    for (;;) {
      for (const each of this.#followed) if (each.waiting.length === 0 && !each.exhausted) await this.#page(each);
      const next = this.#next(startedAt);
      if (next === null) break;
      const one = next.waiting.shift();
      if (one !== undefined) this.#timeline.append(next.source.name, one.event);
    }
    return this.#timeline.total - before;
  }

  async #page(each: Followed): Promise<void> {
    if (this.#timeline.total >= MAX_EVENTS) {
      each.exhausted = true;
      each.trouble = `The inspector is full: it shows the first ${MAX_EVENTS} events.`;
      return;
    }
    try {
      each.journal ??= await this.#open(each);
      const page = (await each.journal?.readAll({ after: each.read, limit: PAGE })) ?? [];
      this.#timeline.messages.expect(page);
      each.exhausted = page.length === 0;
      each.read = page.at(-1)?.position ?? each.read;
      each.waiting = page.map((event) => ({ event, round: this.#round }));
      each.trouble = null;
    } catch (error) {
      each.exhausted = true;
      each.trouble = error instanceof Error ? error.message : String(error);
    }
  }

  async #open(each: Followed): Promise<ReadJournal | null> {
    const { source } = each;
    const journal = await source.open();
    const archived = (await journal?.archived?.()) ?? null;
    if (journal === null || archived === null) return journal;
    // Its actors go on from what they were at their last archived events, also those that had none since.
    this.#timeline.archive(source.name, archived);
    const bases = basesOf({ bases: async (range) => (await journal.bases?.(range)) ?? [] });
    for await (const base of bases) {
      const restored = restoreBase(chartById(base.chart.id), base);
      if (restored.kind === 'restored' && base.position <= archived.upTo)
        this.#timeline.begin(source.name, base.stream, restored.actor);
    }
    for (const stream of OF_EACH_JOURNAL) {
      const { version, position, chart, state } = await momentIn(journal, stream, archived.upTo);
      if (chart !== null && state !== null)
        this.#timeline.begin(source.name, stream, { chart, state, version, position });
    }
    each.archived = archived.upTo;
    each.read = Math.max(each.read, each.archived);
    return journal;
  }

  /** The journal whose next event is to come, or null when the round is over. */
  #next(startedAt: number): Followed | null {
    const { messages } = this.#timeline;
    const ready = this.#followed.flatMap((each) => {
      const [first] = each.waiting;
      if (first === undefined) return [];
      const { event, round } = first;
      const at = Date.parse(event.meta.recordedAt);
      if (at >= startedAt && round === this.#round) return [];
      return [{ each, at, awaits: messages.awaits(event), takesIn: messages.takesIn(event) }];
    });
    const [first, ...others] = ready.toSorted((a, b) => a.at - b.at || Number(a.takesIn) - Number(b.takesIn));
    if (first === undefined) return null;
    if (!first.awaits) return first.each;
    return (others.find(({ at, awaits }) => !awaits && at - first.at < CLOCK_SKEW_MS) ?? first).each;
  }
}
