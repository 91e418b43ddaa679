import { archivedError } from '../journal/archived.ts';
import type { AsOf, Base, RecordedEvent, StreamSource } from '../journal/port.ts';
import { ChartError, type Chart } from '../machines/chart.ts';
import { chartName } from './chart-hash.ts';
import { restoreBase, restoreSnapshot, type SnapshotFault } from './snapshot.ts';
import { readFact, UnreadableEvent, type Fact } from './decode.ts';
import type { ChartState } from '../machines/state.ts';

/** Events read at once while an actor is folded. */
export const FOLD_PAGE = 1_000;

/** One actor in memory: its chart, its state, and the version of its stream that the state is the fold of. */
export interface Actor {
  readonly chart: Chart;
  readonly state: ChartState<unknown>;
  readonly version: number;
}

/** An event that its chart does not take: the chart was another one when it did, or the journal was changed. */
export class UnfoldableEvent extends Error {
  override readonly name = 'UnfoldableEvent';
  readonly remedy: string;
  constructor(chart: Chart, { stream, version, position, meta }: RecordedEvent, cause: ChartError) {
    const law = meta.chart.hash === chartName(chart).hash ? 'this definition' : 'another definition';
    super(
      `${stream} does not fold at version ${version}, position ${position}, recorded under ${law} of its chart: ${cause.message}`,
    );
    this.remedy =
      'List the streams that do not fold with cpns journal charts, or use the program version that wrote them.';
  }
}

/** What a stream with archived events is folded from does not hold for this program: nothing else can be put in its place. */
export class UnusableBase extends Error {
  override readonly name = 'UnusableBase';
  readonly remedy: string;
  constructor({ stream, position, chart }: Base, fault: SnapshotFault) {
    const why = fault === 'otherChart' ? `was folded through another definition of ${chart.id}` : 'was changed by hand';
    super(`The base of ${stream}, at position ${position}, ${why}.`);
    this.remedy = 'Fold it anew: cpns journal compact --refold --archive FILE, with every archive of the journal.';
  }
}

/** An actor as the journal has it. */
export interface FoldedActor extends Actor {
  /** Position of the last event that is in the state; 0 where there is none. */
  readonly position: number;
  /** Events that were folded, on top of a snapshot or from the first one on. */
  readonly folded: number;
  /** The snapshot that was there and could not be used. */
  readonly ignored: { readonly version: number; readonly fault: SnapshotFault } | null;
}

/**
 * The state of an actor: its stream folded through its chart, from the newest snapshot that holds on.
 * @param asOf up to which event; default: all
 * @throws UnreadableEvent, UnfoldableEvent, UnusableBase; JournalError `archived` for a state of before
 */
export async function foldActor(
  journal: StreamSource,
  chart: Chart,
  stream: string,
  asOf: AsOf = {},
): Promise<FoldedActor> {
  const snapshot = await journal.snapshot(stream, asOf);
  if (snapshot === null) return foldOn(journal, stream, asOf, await beginningOf(journal, chart, stream, asOf));
  const { version, position } = snapshot;
  const restored = restoreSnapshot(chart, snapshot);
  if (restored.kind === 'refused') {
    const ignored = { version, fault: restored.fault };
    return foldOn(journal, stream, asOf, { ...(await beginningOf(journal, chart, stream, asOf)), ignored });
  }
  // The event that it was taken at has to be there still: a page from it on says so, and what came since.
  const page = await journal.readStream(stream, { after: version - 1, limit: FOLD_PAGE });
  const [last, ...since] = page;
  if (last?.version !== version || last.position !== position) {
    const beginning = await beginningOf(journal, chart, stream, asOf);
    return foldOn(journal, stream, asOf, { ...beginning, ignored: { version, fault: 'beyond' } });
  }
  const actor = foldPage(since, stream, asOf, { chart, ...restored, version, position, folded: 0, ignored: null });
  return page.length < FOLD_PAGE || isBeyond(page.at(-1), asOf) ? actor : foldOn(journal, stream, asOf, actor);
}

/** The state before the first event; where events are archived, that at the last of them. */
async function beginningOf(journal: StreamSource, chart: Chart, stream: string, asOf: AsOf): Promise<FoldedActor> {
  const base = await journal.base(stream);
  const none = { chart, folded: 0, ignored: null };
  if (base === null) return { ...none, state: chart.initial(), version: 0, position: 0 };
  const { version, position } = base;
  if (isBeyond(base, asOf)) throw archivedError(`Stream ${stream}`, position);
  const restored = restoreBase(chart, base);
  if (restored.kind === 'restored') return { ...none, state: restored.state, version, position };
  throw new UnusableBase(base, restored.fault);
}

async function foldOn(journal: StreamSource, stream: string, asOf: AsOf, from: FoldedActor): Promise<FoldedActor> {
  for (let actor = from; ;) {
    const page = await journal.readStream(stream, { after: actor.version, limit: FOLD_PAGE });
    actor = foldPage(page, stream, asOf, actor);
    if (page.length < FOLD_PAGE || isBeyond(page.at(-1), asOf)) return actor;
  }
}

function foldPage(events: readonly RecordedEvent[], stream: string, asOf: AsOf, from: FoldedActor): FoldedActor {
  const { chart } = from;
  let { state, version, position, folded } = from;
  for (const event of events) {
    if (isBeyond(event, asOf)) break;
    const fact = readFact(event);
    if (fact.chart !== chart.id) {
      const sentence = `Stream ${stream} has an event of chart ${fact.chart} at version ${event.version}; it belongs to ${chart.id}.`;
      throw new UnreadableEvent(
        'unknownChart',
        sentence,
        'Verify the journal: this event was not written by this role.',
      );
    }
    state = transition(chart, state, fact, event);
    ({ version, position } = event);
    folded += 1;
  }
  return { ...from, state, version, position, folded };
}

function transition(chart: Chart, state: ChartState<unknown>, fact: Fact, event: RecordedEvent): ChartState<unknown> {
  try {
    return chart.transition(state, fact).state;
  } catch (error) {
    if (error instanceof ChartError) throw new UnfoldableEvent(chart, event, error);
    throw error;
  }
}

function isBeyond(
  event: Pick<RecordedEvent, 'version' | 'position'> | undefined,
  { version, position }: AsOf,
): boolean {
  if (event === undefined) return false;
  return (version !== undefined && event.version > version) || (position !== undefined && event.position > position);
}
