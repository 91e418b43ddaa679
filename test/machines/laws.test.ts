import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { transition } from 'xstate';
import { RESPONSE_CODE_VALUES, RESPONSE_CODES } from '../../events/codes.ts';
import type { Flow } from '../../events/fields.ts';
import { changeRequestStep } from '../../events/vocabulary/define.ts';
import { chartOfMachine, type Chart } from '../../machines/chart.ts';
import { edgesOf, explore, fired, statesOf, type Exploration } from './explore.ts';
import { POOL } from './pool.ts';
import { CHART_IDS, CHARTS, vocabularyOf, type ChartId } from '../../machines/catalogue.ts';
import { checkEvent, type DomainEvent } from '../../fold/decode.ts';
import type { ChartState } from '../../machines/state.ts';

/** What holds for every chart. */

const charts: readonly (readonly [ChartId, Chart<ChartId>, readonly DomainEvent[]])[] = CHART_IDS.map((id) => [
  id,
  CHARTS[id],
  POOL[id],
]);

const stepsIn = (text: string): readonly string[] => text.match(/1\.4\.[12]\/\d/g) ?? [];
const stepIn = (id: ChartId, type: string, flow: Flow): readonly string[] => {
  const definition = vocabularyOf(id)[type];
  const step = definition === undefined ? null : changeRequestStep(definition, flow);
  return step === null ? [] : [step];
};
/** Once also where an event is a step of the same flow whatever its actor is doing. */
const stepsOf = (id: ChartId, type: string): readonly string[] => [
  ...new Set((['1.4.1', '1.4.2'] as const).flatMap((flow) => stepIn(id, type, flow))),
];

/** A random walk: each number chooses among the events that the state takes. */
function walk(chart: Chart<ChartId>, pool: readonly DomainEvent[], choices: readonly number[]): ChartState<unknown> {
  let state: ChartState<unknown> = chart.initial();
  for (const choice of choices) {
    const taken = pool.filter((event) => chart.can(state, event));
    const event = taken[choice % taken.length];
    if (event !== undefined) state = chart.transition(state, event).state;
  }
  return state;
}

const choices = fc.array(fc.nat(10_000), { maxLength: 40 });
const fromJson = (chart: Chart<ChartId>, { value, context }: ChartState<unknown>) =>
  chart.restore(JSON.parse(JSON.stringify({ value, context })));

const emitted = (params: unknown): readonly unknown[] =>
  typeof params === 'object' && params !== null && 'event' in params ? [params.event] : [];

/** The pure function of XState, which works everything out anew. */
function byXState(chart: Chart<ChartId>, { value, context }: ChartState<unknown>, event: DomainEvent) {
  const [state, actions] = transition(chart.machine, chart.machine.resolveState({ value, context }), event);
  return { state, effects: actions.flatMap(({ params }) => emitted(params)) };
}

const plain = ({ value, context }: ChartState<unknown>) => ({ value, context });

describe.each(charts)('chart %s', (id, chart, pool) => {
  const edges = edgesOf(chart);
  let explored: Exploration | undefined;
  const exploration = (): Exploration => (explored ??= explore(chart, pool));

  it('says of every state what it is', () => {
    for (const state of statesOf(chart)) expect(state.description, state.id).toMatch(/\S.*[.?]$/);
  });

  it('says of every transition what happens, and of no two the same way', () => {
    for (const { name, description } of edges) expect(description, name).not.toBe('');
    expect(new Set(edges.map(({ name }) => name)).size).toBe(edges.length);
  });

  it('names guards and actions, implements each one that it names and names each one that it implements', () => {
    const actions = statesOf(chart).flatMap(({ entry, exit }) => [...entry, ...exit]);
    const named = [...edges.flatMap((edge) => edge.actions), ...actions.map(String)];
    const guards = edges.flatMap(({ guard }) => guard ?? []);
    expect([...new Set(named)].toSorted()).toEqual(Object.keys(chart.machine.implementations.actions).toSorted());
    expect([...new Set(guards)].toSorted()).toEqual(Object.keys(chart.machine.implementations.guards).toSorted());
  });

  it('has no timers, children, eventless or wildcard transitions and no history: all that it knows is in the journal', () => {
    for (const state of statesOf(chart)) {
      expect(state.after, state.id).toEqual([]);
      expect(state.invoke, state.id).toEqual([]);
      expect(state.always ?? [], state.id).toEqual([]);
      const types = ['atomic', 'compound', 'final', ...(state === chart.machine.root ? ['parallel'] : [])];
      expect(types, state.id).toContain(state.type);
    }
    for (const { event, name } of edges) expect(event, name).toMatch(/^[A-Z][A-Za-z]+$/);
  });

  it('takes every event of its vocabulary, and none outside of it', () => {
    const taken = [...new Set(edges.map(({ event }) => event))];
    expect(taken.toSorted()).toEqual(Object.keys(vocabularyOf(id)).toSorted());
  });

  it('takes no transition for nothing: each has a target or an action', () => {
    for (const { name, targets, actions } of edges) expect(targets.length + actions.length, name).toBeGreaterThan(0);
  });

  it('has a guard on every alternative but the last', () => {
    for (const state of statesOf(chart)) {
      for (const [type, alternatives] of state.transitions) {
        const unguarded = alternatives.findIndex(({ guard }) => guard === undefined);
        expect([-1, alternatives.length - 1], `${state.id} on ${type}`).toContain(unguarded);
      }
    }
  });

  it('reaches every state and fires every transition', () => {
    for (const event of pool) checkEvent(id, event);
    const { visited, fired } = exploration();
    expect([...visited].toSorted()).toEqual(
      statesOf(chart)
        .map((state) => state.id)
        .toSorted(),
    );
    expect([...fired].toSorted()).toEqual(edges.map(({ name }) => name).toSorted());
  });

  it('calls its effects by name: each one that an action promises occurs, and no other', () => {
    const EFFECT = /^(?:ask|send|resend|settle|answer|notify|arm|disarm) /;
    const promised = Object.keys(chart.machine.implementations.actions).filter((name) => EFFECT.test(name));
    expect([...exploration().wanted].toSorted()).toEqual(promised.toSorted());
  });

  it('tells its role what it asks for and what it has sent', () => {
    const { wanted } = exploration();
    const named = (form: RegExp) => new Set([...wanted].flatMap((action) => form.exec(action)?.[1] ?? []));
    expect(new Set(chart.asks)).toEqual(named(/^ask (.+)/));
    expect(new Set(chart.messages)).toEqual(named(/^(?:send|answer|notify) (.+)/));
    for (const message of named(/^(?:resend|settle) (.+)/)) expect(chart.messages).toContain(message);
  });

  it('names only steps of the change request that its events realise, and each of these somewhere', () => {
    for (const { name, event, description } of edges) {
      for (const step of stepsIn(description)) expect(stepsOf(id, event), name).toContain(step);
    }
    for (const type of Object.keys(vocabularyOf(id))) {
      expect(Object.keys(vocabularyOf(id))).toContain(type);
      const said = edges.filter(({ event }) => event === type).flatMap(({ description }) => stepsIn(description));
      expect([...new Set(said)].toSorted(), type).toEqual(stepsOf(id, type).toSorted());
    }
  });

  it('has one definition, whenever and however often it is built', () => {
    const again = chartOfMachine(id, chart.machine);
    expect(again.definition).toBe(chart.definition);
    expect(JSON.parse(chart.definition)).toMatchObject({ id });
  });

  it('behaves the same after its state went through JSON', () => {
    const check = (state: ChartState<unknown>): void => {
      const restored = fromJson(chart, state);
      expect(plain(restored)).toEqual(plain(state));
      expect(chart.next(restored)).toEqual(chart.next(state));
      expect(chart.refusal(restored)).toBe(chart.refusal(state));
      for (const event of pool) {
        expect(chart.can(restored, event)).toBe(chart.can(state, event));
        if (!chart.can(state, event)) continue;
        const [kept, back] = [chart.transition(state, event), chart.transition(restored, event)];
        expect(back.effects).toEqual(kept.effects);
        expect(plain(back.state)).toEqual(plain(kept.state));
      }
    };
    fc.assert(
      fc.property(choices, (choices) => check(walk(chart, pool, choices))),
      { numRuns: 50 },
    );
  });

  it('is pure: the same event twice gives the same, and the state given stays as it was', () => {
    fc.assert(
      fc.property(choices, (choices) => {
        const state = walk(chart, pool, choices);
        const before = JSON.stringify(plain(state));
        for (const event of pool.filter((each) => chart.can(state, each))) {
          const [first, second] = [chart.transition(state, event), chart.transition(state, event)];
          expect(second.effects).toEqual(first.effects);
          expect(plain(second.state)).toEqual(plain(first.state));
        }
        expect(JSON.stringify(plain(state))).toBe(before);
      }),
      { numRuns: 50 },
    );
  });

  it('takes what `can` says, and throws at anything else', () => {
    fc.assert(
      fc.property(choices, (choices) => {
        const state = walk(chart, pool, choices);
        const theirs = chart.machine.resolveState({ value: state.value, context: state.context });
        for (const event of pool) {
          expect(chart.can(state, event), event.type).toBe(theirs.can(event));
          if (chart.can(state, event)) {
            expect(chart.next(state)).toContain(event.type);
            const regions = fired(chart, state, event).map(({ region }) => region);
            expect(regions.length).toBeGreaterThan(0);
            expect([...new Set(regions)]).toEqual(regions);
            if (regions.includes(null)) expect(regions).toEqual([null]);
          } else expect(() => chart.transition(state, event)).toThrow(/cannot take/);
        }
        expect(chart.can(state, { type: 'NoSuchEvent', data: {} })).toBe(false);
      }),
      { numRuns: 25 },
    );
  });

  it('moves as XState itself does: the same state, and the same effects in the same order', () => {
    fc.assert(
      fc.property(choices, (choices) => {
        const state = walk(chart, pool, choices);
        for (const event of pool.filter((each) => chart.can(state, each))) {
          const ours = chart.transition(state, event);
          const theirs = byXState(chart, state, event);
          expect(plain(ours.state)).toEqual(plain(theirs.state));
          expect(ours.effects).toEqual(theirs.effects);
          expect(chart.next(ours.state)).toEqual(chart.next(chart.restore(theirs.state)));
          expect(JSON.stringify(ours.state)).toBe(JSON.stringify(theirs.state));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('refuses the state of another chart', () => {
    const [, other] = charts.find(([otherId]) => otherId !== id) ?? [];
    expect(other).toBeDefined();
    if (other === undefined) return;
    expect(chart.owns(other.initial())).toBe(false);
    expect(() => chart.next(other.initial())).toThrow(/another chart/);
  });
});

describe('the change request', () => {
  const realised = new Set(
    charts.flatMap(([id]) => Object.keys(vocabularyOf(id)).flatMap((type) => stepsOf(id, type))),
  );

  it('has every numbered step of 1.4.1 and 1.4.2 realised by some event, and no other step', () => {
    const member = ['1.4.1/1', '1.4.1/2', '1.4.1/3', '1.4.1/4'];
    const stranger = ['1.4.2/1', '1.4.2/2', '1.4.2/3', '1.4.2/4', '1.4.2/5', '1.4.2/6'];
    expect([...realised].toSorted()).toEqual([...member, ...stranger]);
  });
});

describe('the response codes', () => {
  it('are listed once, as in their table', () => {
    expect(RESPONSE_CODE_VALUES.map(String)).toEqual(Object.keys(RESPONSE_CODES));
  });
});
