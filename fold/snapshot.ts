import { hash } from 'node:crypto';
import type { Json, Snapshot } from '../journal/port.ts';
import type { Chart } from '../machines/chart.ts';
import { chartName, programOf } from './chart-hash.ts';
import { canonicalJson } from './canonical.ts';
import type { ChartState, StateValue } from '../machines/state.ts';

/**
 * Why a snapshot is not used. `otherChart`: taken under another definition of the chart. `otherProgram`: under the same
 * one, by a program whose guards or actions are others. `damaged`: the state is not what its hash was taken of. `beyond`:
 * the stream has no such event.
 */
export type SnapshotFault = 'otherChart' | 'otherProgram' | 'damaged' | 'beyond';

export type Restored =
  | { readonly kind: 'restored'; readonly state: ChartState<unknown> }
  | { readonly kind: 'refused'; readonly fault: SnapshotFault };

/** A state as it is kept, at one event of its stream. */
export function snapshotOf(
  chart: Chart,
  at: Pick<Snapshot, 'stream' | 'version' | 'position'>,
  state: ChartState<unknown>,
): Snapshot {
  const text = textOf(state);
  return {
    stream: at.stream,
    version: at.version,
    position: at.position,
    chart: chartName(chart),
    program: programOf(chart),
    stateHash: hashOf(text),
    state: text,
  };
}

/** Equal for equal states, in whatever order their keys came to be. SHA-256 of the canonical form, hex. */
export function stateHashOf(state: ChartState<unknown>): string {
  return hashOf(textOf(state));
}

/** The state again, if it is what was kept, and this program's. */
export function restoreSnapshot(chart: Chart, snapshot: Omit<Snapshot, 'stream' | 'version' | 'position'>): Restored {
  const { id, hash: definition } = chartName(chart);
  if (snapshot.chart.id !== id || snapshot.chart.hash !== definition) return { kind: 'refused', fault: 'otherChart' };
  if (snapshot.program !== programOf(chart)) return { kind: 'refused', fault: 'otherProgram' };
  try {
    const kept: Json = JSON.parse(snapshot.state);
    if (isState(kept) && hash('sha256', canonicalJson(kept)) === snapshot.stateHash)
      return { kind: 'restored', state: chart.restore(kept) };
  } catch {
    // No JSON, or a state that the chart does not have.
  }
  return { kind: 'refused', fault: 'damaged' };
}

/**
 * The state of a stream whose events are archived. What this program's contexts have and those of then had not is as in
 * the first context.
 * @returns `otherChart`: it has to be folded anew, through the definition of today
 */
export function restoreBase(chart: Chart, base: Snapshot): Restored {
  const restored = restoreSnapshot(chart, { ...base, program: programOf(chart) });
  if (restored.kind === 'refused' || base.program === programOf(chart)) return restored;
  const { value, context } = restored.state;
  const { context: first } = chart.initial();
  if (typeof first !== 'object' || typeof context !== 'object') return restored;
  return { kind: 'restored', state: chart.restore({ value, context: { ...first, ...context } }) };
}

/** The order of the keys is kept: what goes through the members of an object does so as it would have without. */
const textOf = ({ value, context }: ChartState<unknown>): string => JSON.stringify({ value, context });

function hashOf(text: string): string {
  const state: Json = JSON.parse(text);
  return hash('sha256', canonicalJson(state));
}

function isState(kept: Json): kept is Json & { readonly value: StateValue; readonly context: unknown } {
  return typeof kept === 'object' && kept !== null && 'value' in kept && 'context' in kept;
}
