import type { JournalReader, RecordedEvent } from '../journal/port.ts';
import {
  aheadError,
  applyTo,
  ProjectionError,
  type Fold,
  type ProjectionStore,
  type ReadModel,
  type Standing,
} from './port.ts';
import { PAGE, rebuild, type RebuildProgress } from './rebuild.ts';
import { Turns } from './turns.ts';

/** A read model with what it needs to go on from its rows. */
export interface Maintained<Delta> {
  readonly model: ReadModel<Delta>;
  readonly journal: JournalReader;
  readonly store: ProjectionStore<Delta>;
  /** A fold on top of what the store has of what these events touch. */
  foldOnto(events: readonly RecordedEvent[]): Promise<Delta & Fold>;
}

/**
 * A read model, maintained: events go through its fold in journal order, a page at a time, and rows and checkpoint move
 * together. An event that its handler cannot apply stops it right before that event, and is never skipped. The checkpoint
 * is the fence: where somebody else has moved it, in this process or in another, it goes on from there.
 */
export class Projection<Delta> {
  readonly #maintained: Maintained<Delta>;
  readonly #turns = new Turns(() => this.#alone());
  constructor(maintained: Maintained<Delta>) {
    this.#maintained = maintained;
  }

  get name(): string {
    return this.#maintained.model.name;
  }

  standing(): Promise<Standing> {
    return this.#maintained.store.standing();
  }

  async checkpoint(): Promise<number> {
    return (await this.standing()).position;
  }

  /**
   * Applies all events since the checkpoint. Returns the new checkpoint, the position of the last event applied.
   * @throws ProjectionError; all events before the failing one are applied
   */
  async catchUp(): Promise<number> {
    await this.#turns.run();
    return this.checkpoint();
  }

  /** @returns the checkpoint. @throws ProjectionError `ahead` */
  async begin(): Promise<number> {
    const { model, journal, store } = this.#maintained;
    const { position } = await store.standing();
    const head = await journal.head();
    if (position > head) throw aheadError(model.name, position, head);
    return position;
  }

  /**
   * Applies events that follow the checkpoint `from`.
   * @returns the new checkpoint; that of whoever moved it meanwhile
   * @throws ProjectionError `handler`; the checkpoint is then right before the event
   */
  async take(from: number, events: readonly RecordedEvent[]): Promise<number> {
    const { model, store, foldOnto } = this.#maintained;
    const to = events.at(-1)?.position ?? from;
    let good = 0;
    try {
      const fold = await foldOnto(events);
      for (const event of events) {
        applyTo(fold, model.name, event);
        good += 1;
      }
      if (to > from) await store.advance({ from, to, delta: fold });
      return to;
    } catch (error) {
      if (!(error instanceof ProjectionError)) throw error;
      // Where the checkpoint was moved meanwhile, what was read of the rows is of another moment than these events.
      const actual = await this.checkpoint();
      if (actual !== from) return actual;
      if (good > 0 && good < events.length) await this.take(from, events.slice(0, good));
      throw error;
    }
  }

  /** Notes for everybody why it stopped. */
  async stop({ fault, message, event }: ProjectionError): Promise<void> {
    await this.#maintained.store.stop(await this.checkpoint(), { fault, says: message, event });
  }

  /**
   * Folds the journal from its first event and replaces the rows; until then readers see the former ones, and commits go
   * on. Returns the new checkpoint.
   * @throws ProjectionError `handler`; then rows and checkpoint are as they were
   */
  async rebuild(onProgress?: RebuildProgress): Promise<number> {
    const { model, journal, store } = this.#maintained;
    const [rebuilt] = await rebuild(journal, [{ model, store }], onProgress);
    if (rebuilt === undefined || rebuilt.failure !== null)
      throw rebuilt?.failure ?? new RangeError('Nothing was rebuilt.');
    return rebuilt.position;
  }

  async #alone(): Promise<void> {
    const failures: unknown[] = [];
    await catchUpTogether(this.#maintained.journal, [this], (_, error) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}

/** @param error a `ProjectionError` where the projection stopped; anything else may pass */
export type OnFailure = (projection: Projection<unknown>, error: unknown) => void;

/**
 * Brings projections to the end of the journal from one ordered read. Those at the same checkpoint share each page; one
 * that is behind gets pages of its own, up to where the next is, and shares from there. One that fails leaves the others
 * alone.
 */
export async function catchUpTogether(
  journal: JournalReader,
  projections: readonly Projection<unknown>[],
  onFailure: OnFailure,
): Promise<void> {
  const at = new Map<Projection<unknown>, number>();
  const attempt = async (projection: Projection<unknown>, work: () => Promise<number>): Promise<void> => {
    try {
      at.set(projection, await work());
    } catch (error) {
      at.delete(projection);
      onFailure(projection, error);
      // Where even that cannot be written, the next one who tries says so.
      if (error instanceof ProjectionError) await projection.stop(error).catch(() => undefined);
    }
  };
  for (const projection of projections) await attempt(projection, () => projection.begin());
  for (let isMore = true; isMore;) {
    isMore = false;
    let ahead = Number.POSITIVE_INFINITY;
    const cohorts = Map.groupBy(at, ([, position]) => position);
    for (const [from, cohort] of [...cohorts].toSorted(([a], [b]) => b - a)) {
      const events = await journal.readAll({ after: from, limit: Math.min(PAGE, ahead - from) });
      ahead = from + events.length;
      if (events.length === 0) continue;
      isMore = true;
      for (const [projection] of cohort) await attempt(projection, () => projection.take(from, events));
    }
  }
}

/**
 * The projections of one journal, kept up together. One that stopped is left out until somebody has moved its checkpoint
 * (a rebuild), or the process is started again; the others go on.
 */
export class Engine {
  readonly #journal: JournalReader;
  readonly #projections: readonly Projection<unknown>[];
  readonly #onFailure: OnFailure;
  readonly #turns = new Turns(() => this.#catchUp());
  readonly #stopped = new Map<Projection<unknown>, { readonly at: number; readonly error: ProjectionError }>();

  constructor(journal: JournalReader, projections: readonly Projection<unknown>[], onFailure: OnFailure) {
    this.#journal = journal;
    this.#projections = projections;
    this.#onFailure = onFailure;
  }

  /** Why those that stopped did, in this process. */
  get stopped(): readonly ProjectionError[] {
    return [...this.#stopped.values()].map(({ error }) => error);
  }

  /** Resolves when all that run have what was committed before the call. @throws JournalError */
  catchUp(): Promise<void> {
    return this.#turns.run();
  }

  async #catchUp(): Promise<void> {
    for (const [projection, { at }] of this.#stopped) {
      if ((await projection.checkpoint()) !== at) this.#stopped.delete(projection);
    }
    const running = this.#projections.filter((projection) => !this.#stopped.has(projection));
    const failures: (readonly [Projection<unknown>, ProjectionError])[] = [];
    await catchUpTogether(this.#journal, running, (projection, error) => {
      if (error instanceof ProjectionError) failures.push([projection, error]);
      this.#onFailure(projection, error);
    });
    for (const [projection, error] of failures) {
      this.#stopped.set(projection, { at: await projection.checkpoint(), error });
    }
  }
}
