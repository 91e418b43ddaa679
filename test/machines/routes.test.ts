import { afterEach, describe, expect, it, vi } from 'vitest';
import { assign, emit, enqueueActions, not, setup, stateIn, transition } from 'xstate';
import { chartOfMachine } from '../../machines/chart.ts';
import type { Effect } from '../../machines/effect.ts';

/** Charts that depend on more than the state and a guard: nothing kept of an earlier transition may be used again. */
const terms = setup({
  types: { context: {} as { readonly count: number }, emitted: {} as Effect },
  guards: {
    isThird: ({ context }) => context.count === 3,
    isOdd: ({ context }) => context.count % 2 === 1,
  },
  actions: {
    count: assign(({ context }) => ({ count: context.count + 1 })),
    double: assign({ count: ({ context }) => context.count * 2 }),
    tell: emit(({ context }) => ({ type: 'notify', message: `${context.count}` }) as const),
    addTo: assign(({ context }, { amount }: { readonly amount: number }) => ({ count: context.count + amount })),
    nothing: () => {},
  },
});

/** Two regions that take one event: both move, or one stays; from one state value the guard tells two ways apart. */
const REGIONS = terms.createMachine({
  context: { count: 0 },
  type: 'parallel',
  states: {
    one: {
      initial: 'off',
      states: {
        off: { exit: 'tell', on: { Tick: { target: 'on', actions: ['count', 'tell'] } } },
        on: { entry: 'tell', exit: 'tell', on: { Tick: 'off' } },
      },
    },
    other: {
      initial: 'idle',
      states: {
        idle: { exit: 'tell', on: { Tick: [{ guard: 'isOdd', target: 'busy' }, { actions: 'tell' }] } },
        busy: { entry: ['count', 'tell'], on: { Tick: { target: 'idle', actions: ['tell', 'count'] } } },
      },
    },
  },
});

const guarded = setup({
  types: { context: {} as { readonly count: number }, emitted: {} as Effect },
  guards: { isBelow: ({ context }, { limit }: { readonly limit: number }) => context.count < limit },
  actions: {
    count: assign(({ context }) => ({ count: context.count + 1 })),
    tell: emit(({ context }) => ({ type: 'notify', message: `${context.count}` }) as const),
  },
});

const CHARTS = {
  'an eventless transition': terms.createMachine({
    context: { count: 0 },
    initial: 'counting',
    states: {
      counting: { on: { Tick: { actions: ['count', 'tell'] } }, always: { guard: 'isThird', target: 'done' } },
      done: { on: { Tick: { actions: 'tell' } } },
    },
  }),
  'an assignment by member': terms.createMachine({ context: { count: 1 }, on: { Tick: { actions: 'double' } } }),
  'a parameter': terms.createMachine({
    context: { count: 0 },
    on: { Tick: { actions: [{ type: 'addTo', params: { amount: 2 } }, 'tell'] } },
  }),
  'a parameter that follows the event': terms.createMachine({
    context: { count: 0 },
    on: { Tick: { actions: [{ type: 'addTo', params: ({ context }) => ({ amount: context.count + 1 }) }, 'tell'] } },
  }),
  'an action that is a function': terms.createMachine({
    context: { count: 0 },
    on: { Tick: { actions: ['nothing', 'count'] } },
  }),
  'an assignment without a name': terms.createMachine({
    context: { count: 0 },
    on: { Tick: { actions: [assign({ count: 7 }), 'tell', assign(({ context }) => ({ count: context.count + 1 }))] } },
  }),
  'actions without a name, enqueued on the way in and out': terms.createMachine({
    context: { count: 0 },
    initial: 'one',
    states: {
      one: { exit: enqueueActions(({ enqueue }) => enqueue('count')), on: { Tick: 'other' } },
      other: { entry: assign({ count: 7 }), on: { Tick: { target: 'one', actions: 'tell' } } },
    },
  }),
  'an assignment without a name, where a state begins': terms.createMachine({
    context: { count: 0 },
    initial: 'one',
    states: {
      one: { on: { Tick: 'other' } },
      other: {
        initial: { target: 'inner', actions: assign({ count: 7 }) },
        states: { inner: { on: { Tick: { actions: ['count', 'tell'] } } } },
      },
    },
  }),
  'parallel states': terms.createMachine({
    context: { count: 0 },
    type: 'parallel',
    states: { one: { on: { Tick: { actions: 'count' } } }, other: { on: { Tick: { actions: ['count', 'tell'] } } } },
  }),
  'parallel states that move': REGIONS,
  'a transition for whatever comes': terms.createMachine({
    context: { count: 0 },
    on: { '*': { actions: ['count', 'tell'] } },
  }),
  'parallel states within a state': terms.createMachine({
    context: { count: 0 },
    initial: 'both',
    states: {
      both: {
        type: 'parallel',
        states: { one: { on: { Tick: { actions: 'count' } } }, other: { on: { Tick: { actions: 'tell' } } } },
      },
    },
  }),
  'a guard with a parameter': guarded.createMachine({
    context: { count: 0 },
    on: {
      Tick: [
        { guard: { type: 'isBelow', params: { limit: 2 } }, actions: ['count', 'tell'] },
        { guard: not(stateIn({ other: 'there' })), actions: 'tell' },
      ],
    },
  }),
};

/** More than any of them has states: what was kept of a first transition is used for a second and a third. */
const TURNS = 24;
const TICK = { type: 'Tick', data: {} };

const emitted = (params: unknown): readonly unknown[] =>
  typeof params === 'object' && params !== null && 'event' in params ? [params.event] : [];

describe.each(Object.entries(CHARTS))('a chart with %s', (_name, machine) => {
  it('moves as XState itself does', () => {
    const chart = chartOfMachine('test', machine);
    let ours = chart.initial();
    let theirs = machine.resolveState({ value: ours.value, context: ours.context });
    for (let turn = 0; turn < TURNS; turn++) {
      const taken = chart.transition(ours, TICK);
      const [next, actions] = transition(machine, theirs, TICK);
      expect([taken.state.value, taken.state.context]).toEqual([next.value, next.context]);
      expect(taken.effects).toEqual(actions.flatMap(({ params }) => emitted(params)));
      [ours, theirs] = [taken.state, next];
    }
  });
});

describe('a route through parallel states', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('is worked out once for each way that the regions go together, and kept for the second and third time', () => {
    const taken = vi.spyOn(REGIONS, 'transition');
    const provide = vi.spyOn(REGIONS, 'provide');
    const chart = chartOfMachine('test', REGIONS);
    const silent = provide.mock.results[0];
    if (silent?.type !== 'return') throw new Error('Routes are worked out by a machine whose actions are silent.');
    const workedOut = vi.spyOn(silent.value, 'transition');
    const ways = new Map<string, number>();
    let state = chart.initial();
    for (let turn = 0; turn < TURNS; turn++) {
      const next = chart.transition(state, TICK).state;
      const way = JSON.stringify([state.value, next.value]);
      ways.set(way, (ways.get(way) ?? 0) + 1);
      expect(workedOut).toHaveBeenCalledTimes(ways.size);
      state = next;
    }
    expect(ways.size).toBe(4);
    for (const [way, times] of ways) expect(times, way).toBeGreaterThanOrEqual(3);
    expect(taken).not.toHaveBeenCalled();
  });
});
