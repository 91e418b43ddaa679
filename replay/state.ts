import type { FoldSource } from '../fold/source.ts';
import { archivedError } from '../journal/archived.ts';
import type { Json, RecordedEvent } from '../journal/port.ts';
import { pnGateway } from '../machines/pn-gateway/gateway.ts';
import { personalNetwork } from '../machines/cpns-server/personal-network.ts';
import type { Members } from '../machines/inventory.ts';
import { chartsWith, idInStream, readStreamName, streamPrefix } from '../machines/streams.ts';
import { jsonDiff, type Difference } from './json-diff.ts';
import { momentOf, type Moment } from './moment.ts';

/** What is asked of a journal to say how things stood in it. */
export interface JournalView extends FoldSource {
  readonly name: string;
  /** Position of the last event; 0 where there is none. */
  readonly last: number;
  /** Events before its first one that are not here. */
  readonly missing: number;
  /** The first event with a position that is not below this one; null behind the last. */
  eventFrom(position: number): Promise<RecordedEvent | null>;
  /** Names of streams behind `after`, ascending. */
  streams(range: { readonly after: string; readonly limit: number }): Promise<readonly string[]>;
}

/** When: a position of the journal, or a time, milliseconds since 1970 UTC. */
export type When = { readonly position: number } | { readonly time: number };

/** Which actors. All that is given has to hold; with nothing, every actor. */
export interface Selection {
  readonly stream?: string;
  readonly pn?: string;
  readonly pne?: string;
}

/** An actor as it was. */
export interface ActorState {
  readonly stream: string;
  readonly version: number;
  /** Position of the last event that is in it. */
  readonly position: number;
  readonly chart: string | null;
  /** Names of the states that it was in; null where nobody can say. */
  readonly value: Json;
  readonly context: Json;
  /** Why nobody can say. */
  readonly lost: string | null;
}

/** A PN Inventory as it was: the server's, or the local one of a PN GW. */
export interface InventoryState {
  readonly pnId: string;
  /** The stream whose state it is part of. */
  readonly stream: string;
  readonly revision: number;
  readonly members: readonly { readonly deviceId: string; readonly status: string; readonly cpnsId: string | null }[];
}

export interface StateAt {
  readonly journal: string;
  readonly position: number;
  /** When the event at the position was recorded; null before the first, and where it is archived. */
  readonly recordedAt: string | null;
  readonly inventories: readonly InventoryState[];
  readonly actors: readonly ActorState[];
  /** Snapshots that were folded on from. Nothing signs them: what is told above is no surer than they are. */
  readonly snapshots: readonly UsedSnapshot[];
}

export interface UsedSnapshot {
  readonly stream: string;
  readonly position: number;
}

/** Actors that are told at once; whoever has more asks for some. */
export const MAX_ACTORS = 1_000;

export class TooManyActors extends Error {
  override readonly name = 'TooManyActors';
  readonly remedy = 'Ask for one PN, one PNE or one stream.';
  constructor() {
    super(`More than ${MAX_ACTORS} actors fit`);
  }
}

/**
 * The position that a moment is at: of a time, that of the last event that was recorded not after it. The clock of whoever
 * recorded may have been set back; then the search, which halves, ends at one of the places that fit.
 * @throws JournalError `archived` for a time before the first event that is here, where that is not the first of the journal
 */
export async function positionAt(view: JournalView, when: When): Promise<number> {
  if ('position' in when) return Math.min(when.position, view.last);
  let [low, high] = [view.missing, view.last];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const event = await view.eventFrom(middle);
    if (event !== null && Date.parse(event.meta.recordedAt) <= when.time) low = middle;
    else high = middle - 1;
  }
  if (low > 0 && low === view.missing) throw archivedError(`${view.name}, so early`, low);
  return low;
}

/**
 * How actors stood right after a position.
 * @throws TooManyActors where a selection without names fits more than `MAX_ACTORS`
 */
export async function stateAt(view: JournalView, position: number, selection: Selection): Promise<StateAt> {
  const moments: Moment[] = [];
  for await (const stream of selected(view, selection)) {
    const moment = await momentOf(view, stream, position);
    if (moment.version > 0) moments.push(moment);
    if (moments.length > MAX_ACTORS) throw new TooManyActors();
  }
  return {
    journal: view.name,
    position,
    recordedAt: await recordedAt(view, position),
    inventories: moments
      .flatMap(inventoriesOf)
      .filter(({ pnId }) => selection.pn === undefined || pnId === selection.pn),
    actors: moments.map(actorOf),
    snapshots: moments.flatMap(snapshotsOf),
  };
}

/** When the event at a position was recorded; null where it is not here. */
async function recordedAt(view: JournalView, position: number): Promise<string | null> {
  const event = position === 0 ? null : await view.eventFrom(position);
  return event?.position === position ? event.meta.recordedAt : null;
}

/** The PN Inventories alone, right after a position. */
export async function inventoriesAt(view: JournalView, position: number): Promise<StateAt> {
  const inventories: InventoryState[] = [];
  const snapshots: UsedSnapshot[] = [];
  for (const prefix of [streamPrefix('pn-gateway/gateway', {}), streamPrefix('cpns-server/personal-network', {})])
    for await (const stream of withPrefix(view, prefix)) {
      const moment = await momentOf(view, stream, position);
      inventories.push(...inventoriesOf(moment));
      snapshots.push(...snapshotsOf(moment));
    }
  return {
    journal: view.name,
    position,
    recordedAt: await recordedAt(view, position),
    inventories,
    actors: [],
    snapshots,
  };
}

const snapshotsOf = ({ stream, snapshotAt }: Moment): readonly UsedSnapshot[] =>
  snapshotAt === null ? [] : [{ stream, position: snapshotAt }];

const PAGE = 1_000;
const FIRST_PAGE = 10;

async function* withPrefix(view: JournalView, prefix: string): AsyncIterable<string> {
  // No name of a stream has a character before `!`, and none beyond `~`.
  // Most prefixes fit few names, and each name is a look into an index that may be on a cold disk.
  let limit = FIRST_PAGE;
  for (let after = prefix; ;) {
    const page = await view.streams({ after, limit });
    limit = PAGE;
    for (const stream of page) {
      if (!stream.startsWith(prefix)) return;
      yield stream;
    }
    const last = page.at(-1);
    if (last === undefined) return;
    after = last;
  }
}

async function* selected(view: JournalView, { stream, pn, pne }: Selection): AsyncIterable<string> {
  // A PN GW keeps local inventories of its PNs, and its name tells none of them.
  const fits = (name: string): boolean =>
    (pne === undefined || idInStream(name, 'deviceId') === pne) &&
    (pn === undefined || idInStream(name, 'pnId') === pn || readStreamName(name)?.chart === 'pn-gateway/gateway');
  if (stream !== undefined) {
    if (fits(stream)) yield stream;
    return;
  }
  if (pn === undefined) {
    for await (const name of withPrefix(view, '')) if (fits(name)) yield name;
    return;
  }
  // By name, for there may be a million streams of other PNs in between.
  const prefixes = [
    streamPrefix('pn-gateway/gateway', {}),
    ...chartsWith('pnId').map((chart) => streamPrefix(chart, { pnId: pn })),
  ];
  for (const prefix of prefixes.toSorted()) {
    if (readStreamName(prefix) === null) {
      for await (const name of withPrefix(view, prefix)) if (fits(name)) yield name;
    } else if (fits(prefix)) yield prefix;
  }
}

/** Streams of the actors of one device, whoever keeps them. */
export function namesOfDevice(view: JournalView, deviceId: string): AsyncIterable<string> {
  return selected(view, { pne: deviceId });
}

function actorOf({ stream, version, position, chart, state, lost }: Moment): ActorState {
  const why = lost === null ? null : 'says' in lost ? lost.says : `chart ${lost.id} of hash ${lost.hash} is not known`;
  return {
    stream,
    version,
    position,
    chart: chart?.id ?? null,
    value: plain(state?.value ?? null),
    context: plain(state?.context ?? null),
    lost: why,
  };
}

/** What a context is as JSON: contexts hold nothing else. */
function plain(value: unknown): Json {
  const copy: Json = JSON.parse(JSON.stringify(value));
  return copy;
}

function inventoriesOf({ stream, state }: Moment): readonly InventoryState[] {
  if (state === null) return [];
  if (personalNetwork.owns(state)) {
    const { pnId, revision, members } = state.context;
    return [{ pnId, stream, revision, members: rowsOf(members) }];
  }
  if (!pnGateway.owns(state)) return [];
  return Object.entries(state.context.pns).map(([pnId, { revision, members }]) => ({
    pnId,
    stream,
    revision,
    members: rowsOf(members),
  }));
}

function rowsOf(members: Members): InventoryState['members'] {
  return Object.entries(members)
    .map(([deviceId, { status, cpnsId }]) => ({ deviceId, status, cpnsId }))
    .toSorted((a, b) => (a.deviceId < b.deviceId ? -1 : 1));
}

/** What became of one actor between two moments. */
export interface ActorDifference {
  readonly stream: string;
  readonly versions: readonly [before: number, after: number];
  readonly differences: readonly Difference[];
}

export interface StateDifference {
  readonly journal: string;
  readonly positions: readonly [before: number, after: number];
  readonly inventories: readonly {
    readonly pnId: string;
    readonly stream: string;
    readonly differences: readonly Difference[];
  }[];
  readonly actors: readonly ActorDifference[];
  /** Those that either moment was folded on from. */
  readonly snapshots: readonly UsedSnapshot[];
}

/** Where two states of the same journal differ, actor by actor. */
export function stateDifference(before: StateAt, after: StateAt): StateDifference {
  const actorBefore = new Map(before.actors.map((actor) => [actor.stream, actor]));
  const pnBefore = new Map(before.inventories.map((pn) => [`${pn.stream} ${pn.pnId}`, pn]));
  return {
    journal: after.journal,
    positions: [before.position, after.position],
    inventories: after.inventories.flatMap((pn) => {
      const { pnId, stream } = pn;
      const differences = jsonDiff(byDevice(pnBefore.get(`${stream} ${pnId}`)), byDevice(pn));
      return differences.length === 0 ? [] : [{ pnId, stream, differences }];
    }),
    actors: after.actors.flatMap((actor) => {
      const was = actorBefore.get(actor.stream);
      if (was?.version === actor.version) return [];
      const differences = jsonDiff(of(was), of(actor));
      return [{ stream: actor.stream, versions: [was?.version ?? 0, actor.version] as const, differences }];
    }),
    snapshots: [...before.snapshots, ...after.snapshots],
  };
}

const of = (actor: ActorState | undefined): Json =>
  actor === undefined ? {} : { value: actor.value, context: actor.context };

function byDevice(pn: InventoryState | undefined): Json {
  const rows = pn?.members ?? [];
  return Object.fromEntries(rows.map(({ deviceId, status, cpnsId }) => [deviceId, `${status}, ${cpnsId ?? '-'}`]));
}
