import { readEvent, UnreadableEvent } from './decode.ts';
import { archivedError } from '../journal/archived.ts';
import type { AsOf, Base, RecordedEvent } from '../journal/port.ts';
import type { Chart } from '../machines/chart.ts';
import { applyEvent, isFault, type Fault } from './apply.ts';
import { chartName } from './chart-hash.ts';
import { restoreBase, type FoldedStream, type SnapshotFault } from './snapshot.ts';
import { isBeyond, pagesOf, startAtSnapshot, takeAll, type FoldSource, type Unfolded } from './source.ts';

/** One actor in memory: its chart, its state, and the version of its stream that the state is the fold of. */
export type Actor = Pick<FoldedStream, 'chart' | 'state' | 'version'>;

/** An actor as the journal has it. */
export interface FoldedActor extends FoldedStream {
  /** Events that were folded, on top of a snapshot or from the first one on. */
  readonly folded: number;
  /** The snapshot that was there and could not be used. */
  readonly ignored: { readonly version: number; readonly fault: SnapshotFault } | null;
}

/** An event that its chart does not take: the chart was another one when it did, or the journal was changed. */
export class UnfoldableEvent extends Error {
  override readonly name = 'UnfoldableEvent';
  readonly remedy: string;
  constructor(chart: Chart, { stream, version, position, meta }: RecordedEvent, { kind, message }: Fault) {
    const law = meta.chart.hash === chartName(chart).hash ? 'this definition' : 'another definition';
    super(
      `${stream} does not fold at version ${version}, position ${position}, recorded under ${law} of its chart: ${kind === 'gap' ? `it ${message}` : message}`,
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

/**
 * The state of an actor: its stream folded through its chart, from the newest snapshot that holds on.
 * @param asOf up to which event; default: all
 * @throws UnreadableEvent, UnfoldableEvent, UnusableBase; JournalError `archived` for a state of before
 */
export async function foldActor(
  journal: FoldSource,
  chart: Chart,
  stream: string,
  asOf: AsOf = {},
): Promise<FoldedActor> {
  const start = await startAtSnapshot(journal, stream, asOf, () => chart);
  if (start?.kind === 'restored') return foldOn({ ...start.actor, folded: 0, ignored: null }, start.unfolded);
  const ignored = start === null ? null : { version: start.version, fault: start.fault };
  const actor = await beginningOf(journal, chart, stream, asOf);
  return foldOn({ ...actor, folded: 0, ignored }, { pages: pagesOf(journal, stream, actor.version, asOf) });
}

/** The state before the first event; where events are archived, that at the last of them. */
async function beginningOf(journal: FoldSource, chart: Chart, stream: string, asOf: AsOf): Promise<FoldedStream> {
  const base = (await journal.base?.(stream)) ?? null;
  if (base === null) return { chart, state: chart.initial(), version: 0, position: 0 };
  if (isBeyond(base, asOf)) throw archivedError(`Stream ${stream}`, base.position);
  const restored = restoreBase(chart, base);
  if (restored.kind === 'refused') throw new UnusableBase(base, restored.fault);
  return restored.actor;
}

type Folding = { -readonly [Field in keyof FoldedActor]: FoldedActor[Field] };

async function foldOn(actor: Folding, unfolded: Unfolded): Promise<FoldedActor> {
  await takeAll(unfolded, (event) => {
    const applied = applyEvent(actor, event, 'asToday');
    if (isFault(applied)) throw errorOf(actor.chart, event, applied);
    actor.state = applied.state;
    actor.version = event.version;
    actor.position = event.position;
    actor.folded += 1;
  });
  return actor;
}

/** @throws UnreadableEvent where nobody can read the event, whatever chart its stream is of */
function errorOf(chart: Chart, event: RecordedEvent, fault: Fault): Error {
  if (fault.kind === 'gap' || fault.kind === 'impossible') return new UnfoldableEvent(chart, event, fault);
  const { stream, version } = event;
  const fact = readEvent(event);
  const sentence = `Stream ${stream} has an event of chart ${fact.chart} at version ${version}; it belongs to ${chart.id}.`;
  return new UnreadableEvent('unknownChart', sentence, 'Verify the journal: this event was not written by this role.');
}
