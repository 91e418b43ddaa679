import type { Base, Json, Snapshot } from '../journal/port.ts';
import type { Chart } from '../machines/chart.ts';
import { canonicalHash } from './canonical.ts';
import { chartName, programOf } from './chart-hash.ts';
import type { ChartState, StateValue } from '../machines/state.ts';

/** A stream as far as it is folded: up to the event of that version and position, 0 where there is none. */
export interface FoldedStream {
  readonly chart: Chart;
  readonly state: ChartState<unknown>;
  readonly version: number;
  readonly position: number;
}

/**
 * Why a snapshot is not used. `otherChart`: taken under another definition of the chart. `otherProgram`: under the same
 * one, by a program whose guards or actions are others. `damaged`: the state is not what its hash was taken of. `beyond`:
 * the stream has no such event.
 */
export type SnapshotFault = 'otherChart' | 'otherProgram' | 'damaged' | 'beyond';

export type Restored =
  | { readonly kind: 'restored'; readonly actor: FoldedStream }
  | { readonly kind: 'refused'; readonly fault: SnapshotFault };

/** A state as it is kept, at one event of its stream. */
export function snapshotOf(
  chart: Chart,
  { stream, version, position }: Pick<Snapshot, 'stream' | 'version' | 'position'>,
  state: ChartState<unknown>,
): Snapshot {
  const text = textOf(state);
  const stateHash = canonicalHash(JSON.parse(text));
  return { stream, version, position, chart: chartName(chart), program: programOf(chart), stateHash, state: text };
}

/** Equal for equal states, in whatever order their keys came to be. SHA-256 of the canonical form, hex. */
export const stateHashOf = (state: ChartState<unknown>): string => canonicalHash(JSON.parse(textOf(state)));

/**
 * Rehydrates what this program kept and nobody changed.
 * @param chart null: this program has none of that id
 */
export function restoreSnapshot(chart: Chart | null, snapshot: Snapshot): Restored {
  if (chart === null || !isOfChart(chart, snapshot)) return { kind: 'refused', fault: 'otherChart' };
  if (snapshot.program !== programOf(chart)) return { kind: 'refused', fault: 'otherProgram' };
  return restoreState(chart, snapshot);
}

/**
 * Rehydrates the state of a stream whose events are archived, whatever program kept it. A context that lacks a field of
 * today has the one of the first context.
 * @returns `otherChart`: the archives have to be folded through the definition of today
 */
export function restoreBase(chart: Chart | null, base: Base): Restored {
  if (chart === null || !isOfChart(chart, base)) return { kind: 'refused', fault: 'otherChart' };
  const restored = restoreState(chart, base);
  if (restored.kind === 'refused' || base.program === programOf(chart)) return restored;
  const { value, context } = restored.actor.state;
  const { context: first } = chart.initial();
  if (typeof first !== 'object' || typeof context !== 'object') return restored;
  return {
    kind: 'restored',
    actor: { ...restored.actor, state: chart.restore({ value, context: { ...first, ...context } }) },
  };
}

function isOfChart(chart: Chart, { chart: { id, hash } }: Snapshot): boolean {
  const name = chartName(chart);
  return name.id === id && name.hash === hash;
}

function restoreState(chart: Chart, { state, stateHash, version, position }: Snapshot): Restored {
  try {
    const kept: Json = JSON.parse(state);
    if (isState(kept) && canonicalHash(kept) === stateHash)
      return { kind: 'restored', actor: { chart, state: chart.restore(kept), version, position } };
  } catch {
    // No JSON, or a state that the chart does not have.
  }
  return { kind: 'refused', fault: 'damaged' };
}

/** The order of the keys is kept: what goes through the members of an object does so as it would have without. */
const textOf = ({ value, context }: ChartState<unknown>): string => JSON.stringify({ value, context });

function isState(kept: Json): kept is Json & { readonly value: StateValue; readonly context: unknown } {
  return typeof kept === 'object' && kept !== null && 'value' in kept && 'context' in kept;
}
