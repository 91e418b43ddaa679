import { describe, expect, it } from 'vitest';
import { assign, emit, enqueueActions, setup, transition } from 'xstate';
import { chartOfMachine } from '../../machines/chart.ts';
import type { Effect } from '../../machines/effect.ts';

/** Charts that depend on more than the state and a guard: nothing kept of an earlier transition may be used again. */
const terms = setup({
  types: { context: {} as { readonly count: number }, emitted: {} as Effect },
  guards: { isThird: ({ context }) => context.count === 3 },
  actions: {
    count: assign(({ context }) => ({ count: context.count + 1 })),
    double: assign({ count: ({ context }) => context.count * 2 }),
    tell: emit(({ context }) => ({ type: 'notify', message: `${context.count}` }) as const),
    addTo: assign(({ context }, { amount }: { readonly amount: number }) => ({ count: context.count + amount })),
    nothing: () => {},
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
};

const emitted = (params: unknown): readonly unknown[] =>
  typeof params === 'object' && params !== null && 'event' in params ? [params.event] : [];

describe.each(Object.entries(CHARTS))('a chart with %s', (_name, machine) => {
  it('moves as XState itself does', () => {
    const chart = chartOfMachine('test', machine);
    let ours = chart.initial();
    let theirs = machine.resolveState({ value: ours.value, context: ours.context });
    for (let turn = 0; turn < 5; turn++) {
      const tick = { type: 'Tick', data: {} };
      const taken = chart.transition(ours, tick);
      const [next, actions] = transition(machine, theirs, tick);
      expect([taken.state.value, taken.state.context]).toEqual([next.value, next.context]);
      expect(taken.effects).toEqual(actions.flatMap(({ params }) => emitted(params)));
      [ours, theirs] = [taken.state, next];
    }
  });
});
