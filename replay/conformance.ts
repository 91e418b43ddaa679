import { isKnownChart, type Charts } from '../fold/law.ts';
import { StreamFold } from '../fold/stream-fold.ts';
import { CHARTS } from '../machines/catalogue.ts';
import type { RecordedEvent, StoredEvent } from '../journal/port.ts';
import type { Report, Seen } from './finding.ts';
import { Folds } from './folds.ts';
import type { Watches } from './rules/watch.ts';
import type { Scratch } from './scratch/scratch.ts';
import { recordedOf, type Pass } from './source.ts';

/** A chart that events were recorded under. */
export interface UsedChart {
  readonly id: string;
  readonly hash: string;
  /** `unknown`: this program has no such chart, so nothing is said about these events. */
  readonly known: 'known' | 'unknown';
  readonly events: number;
  readonly firstPosition: number;
}

interface Used {
  readonly id: string;
  readonly hash: string;
  readonly isKnown: boolean;
  readonly firstPosition: number;
  events: number;
}

/**
 * Folds every stream of one journal through its chart, in the order of positions, and gives each event to the rules. Actors
 * that rest are on a shelf.
 */
export class ConformancePass implements Pass {
  readonly #journal: number;
  readonly #report: Report;
  readonly #watches: Watches;
  readonly #charts: Charts;
  readonly #begins: 'first' | 'amid';
  readonly #folds: Folds;
  /** By id and hash. */
  readonly #used = new Map<string, Map<string, Used>>();
  #charted = 0;
  #step = 0;
  #last: RecordedEvent['meta'] | null = null;

  /** @param charts the law; tests change it */
  constructor(
    journal: number,
    {
      report,
      watches,
      scratch,
      charts = CHARTS,
      begins = 'first',
    }: {
      readonly report: Report;
      readonly watches: Watches;
      readonly scratch: Scratch;
      readonly charts?: Charts;
      /** `amid`: the first events of the journal are not there, and those of its streams may be among them. */
      readonly begins?: 'first' | 'amid';
    },
  ) {
    this.#journal = journal;
    this.#report = report;
    this.#watches = watches;
    this.#charts = charts;
    this.#begins = begins;
    this.#folds = new Folds(scratch, charts, 'asRecorded', HOT_FOLDS);
  }

  page(events: readonly StoredEvent[]): void {
    for (const stored of events) {
      const event = recordedOf(stored);
      if (event === null) this.#unreadable(stored);
      else this.#take({ journal: this.#journal, event, step: this.#stepOf(event.meta) });
    }
  }

  /** By id, then hash. */
  get charts(): readonly UsedChart[] {
    return [...this.#used.values()]
      .flatMap((named) => [...named.values()])
      .map(({ isKnown, ...chart }) => ({ ...chart, known: isKnown ? ('known' as const) : ('unknown' as const) }))
      .toSorted((a, b) => (`${a.id} ${a.hash}` < `${b.id} ${b.hash}` ? -1 : 1));
  }

  #take(seen: Seen): void {
    const { event } = seen;
    const taken = this.#foldOf(event).take(event);
    this.#use(event);
    if (taken.kind === 'deviates') {
      const { position, stream, version, type, state, possible, says } = taken.deviation;
      const where = { rule: 'chart', journal: this.#journal, position, stream, version, type };
      this.#report({ ...where, state, possible, says, other: null });
    }
    this.#watches.take(seen);
  }

  #unreadable({ position, stream, version, type }: StoredEvent): void {
    const says = 'the data is no JSON object';
    const where = { rule: 'chart', journal: this.#journal, position, stream, version, type };
    this.#report({ ...where, state: null, possible: [], says, other: null });
  }

  #foldOf({ stream, version }: RecordedEvent): StreamFold {
    const isAmid = this.#begins === 'amid' && version > 1;
    return isAmid ? this.#folds.of(stream, () => StreamFold.amid(version, this.#charts)) : this.#folds.of(stream);
  }

  /** The events of one step stand together, and have their cause in common. */
  #stepOf(meta: RecordedEvent['meta']): number {
    const { messageId, causationId, correlationId, recordedAt } = meta;
    const last = this.#last;
    const isSame =
      last !== null &&
      last.messageId === messageId &&
      last.causationId === causationId &&
      last.correlationId === correlationId &&
      last.recordedAt === recordedAt;
    this.#last = meta;
    return isSame ? this.#step : ++this.#step;
  }

  #use({ position, meta: { chart } }: RecordedEvent): void {
    const { id, hash } = chart;
    let named = this.#used.get(id);
    const used = named?.get(hash);
    if (used !== undefined) used.events += 1;
    else if (this.#charted < MAX_CHARTS) {
      this.#charted += 1;
      const isKnown = isKnownChart(chart, this.#charts);
      named ??= new Map<string, Used>();
      named.set(hash, { id, hash, events: 1, firstPosition: position, isKnown });
      this.#used.set(id, named);
    }
  }
}

/** An actor is some 4 KB; so many at once are busy in a journal of some thousand registrations a second. */
const HOT_FOLDS = 2_000;

/** Ten charts in a few versions each; a journal that names more was made up. */
const MAX_CHARTS = 1_000;
