import { describe, expect, expectTypeOf, it } from 'vitest';
import { assign, setup } from 'xstate';
import type { AskHandler, Handlers, HandlersOf, MessageBuilder } from '../../actors/loop/role.ts';
import type { Effects } from '../../machines/actions.ts';
import { CHART_IDS, CHARTS, type CATALOGUE, type ChartId } from '../../machines/catalogue.ts';
import {
  defineChart,
  type AskOf,
  type Chart,
  type MessageOf,
  type TakenIn,
  type Unread,
} from '../../machines/chart.ts';
import type { Effect } from '../../machines/effect.ts';

/** What the compiler refuses of a chart, and of a role that does not do all that a chart wants: checked by `tsc`. */

type Event =
  | { readonly type: 'Asked'; readonly data: { readonly count: number } }
  | { readonly type: 'Allowed'; readonly data: object }
  | { readonly type: 'Denied'; readonly data: object };

const terms = setup({
  types: { context: {} as { readonly count: number }, events: {} as Event, emitted: {} as Effect },
  guards: { isFirst: ({ context }) => context.count === 0 },
  actions: {
    count: assign(({ context }) => ({ count: context.count + 1 })),
  },
}).extend<Effects>({});

const idle = {
  on: { Asked: { guard: 'isFirst', target: 'judging', actions: ['count', 'send question'] } },
} as const;
const allowed = { target: 'idle', actions: ['settle question', 'answer verdict', 'notify news'] } as const;
const denied = { target: 'idle', actions: ['ask record', 'resend question'] } as const;

const whole = {
  context: { count: 0 },
  initial: 'idle',
  states: { idle, judging: { entry: 'ask judge', on: { Allowed: allowed, Denied: denied } } },
} as const;
/** No state takes `Denied`. */
const lacking = {
  context: { count: 0 },
  initial: 'idle',
  states: { idle, judging: { entry: 'ask judge', on: { Allowed: allowed } } },
} as const;
/** Each of two regions takes a part. */
const parallel = {
  context: { count: 0 },
  type: 'parallel',
  on: { Asked: { actions: 'count' } },
  states: {
    one: { initial: 'only', states: { only: { on: { Allowed: { actions: 'ask judge' } } } } },
    other: { on: { Denied: { actions: 'ask record' } } },
  },
} as const;

/** What `defineChart` wants of a configuration, given what it says. */
type Wanted<Config extends Parameters<(typeof terms)['createMachine']>[0]> = Parameters<
  typeof defineChart<'test', typeof terms, Config>
>[2];

const chart = defineChart('test', terms, whole);

describe('a chart that takes every event of its vocabulary', () => {
  it('compiles, wherever it takes them', () => {
    expectTypeOf(whole).toExtend<Wanted<typeof whole>>();
    expectTypeOf(parallel).toExtend<Wanted<typeof parallel>>();
    expectTypeOf<TakenIn<typeof parallel>>().toEqualTypeOf<Event['type']>();
  });
});

describe('a chart that does not', () => {
  it('does not compile, and the compiler names the event', () => {
    expectTypeOf(lacking).not.toExtend<Wanted<typeof lacking>>();
    expectTypeOf<Wanted<typeof lacking>>().toExtend<Unread<'Denied'>>();
    expectTypeOf<TakenIn<typeof lacking>>().toEqualTypeOf<'Asked' | 'Allowed'>();
  });
});

describe('what a chart wants of its role', () => {
  it('is known by name: what it asks for, and what it has sent, each once', () => {
    expectTypeOf<AskOf<typeof chart>>().toEqualTypeOf<'judge' | 'record'>();
    expectTypeOf<MessageOf<typeof chart>>().toEqualTypeOf<'question' | 'verdict' | 'news'>();
    expect(chart.asks).toEqual(['judge', 'record']);
    expect(chart.messages).toEqual(['question', 'verdict', 'news']);
  });

  it('is known by name for every chart of the catalogue', () => {
    type Loose = {
      [Id in ChartId]: string extends
        | AskOf<(typeof CATALOGUE)[Id]['chart']>
        | MessageOf<(typeof CATALOGUE)[Id]['chart']>
        ? Id
        : never;
    }[ChartId];
    expectTypeOf<Loose>().toBeNever();
    expectTypeOf<AskOf<(typeof CATALOGUE)['cpns-server/gateway-registration']['chart']>>().toEqualTypeOf<
      'authenticateGateway' | 'answerGatewayRegistration'
    >();
    expectTypeOf<MessageOf<(typeof CATALOGUE)['pne/registration']['chart']>>().toEqualTypeOf<
      'pairing-request' | 'registration-request' | 'session-confirm' | 'session-close' | 'session-closed'
    >();
    expectTypeOf<AskOf<(typeof CATALOGUE)['journal/record']['chart']>>().toBeNever();
  });

  it('is told at run time by the same names', () => {
    for (const id of CHART_IDS) {
      const { asks, messages, machine }: Chart<ChartId> = CHARTS[id];
      const actions = Object.keys(machine.implementations.actions);
      for (const ask of asks) expect(actions).toContain(`ask ${ask}`);
      for (const message of messages)
        expect(['send', 'answer', 'notify'].some((effect) => actions.includes(`${effect} ${message}`))).toBe(true);
    }
  });
});

describe('what a role does for the actors of a chart', () => {
  type Whole = {
    readonly asks: { readonly judge: AskHandler; readonly record: AskHandler };
    readonly messages: {
      readonly question: MessageBuilder<'question'>;
      readonly verdict: MessageBuilder<'verdict'>;
      readonly news: MessageBuilder<'news'>;
    };
  };

  it('compiles when it has all that the chart asks for and has sent', () => {
    expectTypeOf<Whole>().toExtend<Handlers<typeof chart>>();
    expectTypeOf<Handlers<typeof chart>>().toEqualTypeOf<Whole>();
  });

  it('does not compile without a fact that the chart asks for', () => {
    type Asks = Omit<Whole['asks'], 'record'>;
    expectTypeOf<{ asks: Asks; messages: Whole['messages'] }>().not.toExtend<Handlers<typeof chart>>();
  });

  it('does not compile without a message that the chart has sent', () => {
    type Without<Message extends keyof Whole['messages']> = {
      asks: Whole['asks'];
      messages: Omit<Whole['messages'], Message>;
    };
    expectTypeOf<Without<'question'>>().not.toExtend<Handlers<typeof chart>>();
    expectTypeOf<Without<'verdict'>>().not.toExtend<Handlers<typeof chart>>();
    expectTypeOf<Without<'news'>>().not.toExtend<Handlers<typeof chart>>();
  });

  it('does not compile with a builder of another message; a text of a session goes out sealed', () => {
    type Mixed = Omit<Whole['messages'], 'news'> & { readonly news: MessageBuilder<'verdict'> };
    expectTypeOf<{ asks: Whole['asks']; messages: Mixed }>().not.toExtend<Handlers<typeof chart>>();
    expectTypeOf<ReturnType<MessageBuilder<'session-close'>>['type']>().toEqualTypeOf<'sealed'>();
  });

  it('is wanted for every chart of the role, and none of another', () => {
    expectTypeOf<keyof HandlersOf<'pne'>>().toEqualTypeOf<'pne/registration'>();
    expectTypeOf<keyof HandlersOf<'pn-gateway'>>().toEqualTypeOf<
      'pn-gateway/gateway' | 'pn-gateway/admission' | 'pn-gateway/usage'
    >();
    expectTypeOf<Omit<HandlersOf<'pn-gateway'>, 'pn-gateway/usage'>>().not.toExtend<HandlersOf<'pn-gateway'>>();
  });
});
