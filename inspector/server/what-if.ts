import type { Chart } from '../../machines/chart.ts';
import { firing } from '../charts/graph.ts';
import type { ActorRow, WhatIfAnswer } from '../protocol/answers.ts';
import { changesBetween } from './diff.ts';
import { isJsonObject, toJson } from './json.ts';
import { stateText } from './standing.ts';
import { describe } from './state.ts';
import type { ChartId } from '../../machines/catalogue.ts';
import { checkEvent, UnreadableEvent, type DomainEvent } from '../../fold/decode.ts';
import type { ChartState } from '../../machines/state.ts';

/** What an event would do to the state of an actor. @param row what its last event left standing beside it */
export function tried(
  chart: Chart,
  id: ChartId,
  state: ChartState<unknown>,
  row: ActorRow | null,
  event: unknown,
): WhatIfAnswer {
  const before = describe(state);
  const nothing = { standing: null, before, after: before, changes: [], effects: [] };
  const fact = readEvent(event);
  if (fact === null) return { ...nothing, outcome: 'invalid', says: 'An event is { "type": text, "data": { ... } }.' };
  try {
    checkEvent(id, fact);
  } catch (error) {
    if (!(error instanceof UnreadableEvent)) throw error;
    return { ...nothing, outcome: 'invalid', says: error.message };
  }
  if (!chart.can(state, fact)) {
    const says = `${stateText(state.value)} has no transition for ${fact.type} whose guard holds; a message is refused with ${chart.refusal(state)}.`;
    return { ...nothing, outcome: 'refused', says };
  }
  const fired = firing(chart, state, fact);
  const step = chart.transition(state, fact);
  const after = describe(step.state);
  const { timers = [], outbox = [], refusals = 0 } = row?.standing ?? {};
  return {
    outcome: 'taken',
    says: `${stateText(state.value)} \u2192 ${stateText(step.state.value)}`,
    standing: { verdict: 'known', state: stateText(step.state.value), fired, timers, outbox, refusals },
    before,
    after,
    changes: changesBetween(before, after),
    effects: step.effects.map(toJson),
  };
}

function readEvent(event: unknown): DomainEvent | null {
  if (typeof event !== 'object' || event === null || !('type' in event) || typeof event.type !== 'string') return null;
  const data = toJson('data' in event ? event.data : {});
  return isJsonObject(data) ? { type: event.type, data } : null;
}
