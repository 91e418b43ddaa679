import { describe, it } from 'vitest';
import type { UsageSum } from '../../../events/fields.ts';
import { GATEWAY_BACK_OFF_CAP_MS } from '../../../machines/timing.ts';
import { gatewayUsage as chart } from '../../../machines/pn-gateway/usage.ts';
import { MAX_PENDING } from '../../../machines/pn-gateway/usage-terms.ts';
import {
  arm,
  armAnswer,
  ask,
  disarm,
  given,
  KEY_1,
  KEY_2,
  messageRefused,
  overdue,
  overdueUpTo,
  resend,
  send,
  settle,
  type EventOfChart,
} from '../given.ts';

type Event = EventOfChart<'pn-gateway/usage'>;

const sum = (change: Partial<UsageSum> = {}): UsageSum => ({
  keyId: KEY_1,
  serviceId: 'echo',
  direction: 'up',
  messages: 3,
  bytes: 90,
  from: 1_000,
  to: 2_000,
  ...change,
});
const recorded = (usage: UsageSum[], pnId = 'home'): Event => ({ type: 'UsageRecorded', data: { pnId, usage } });
const reported = (reportId: string, usage: UsageSum[]): Event => ({
  type: 'UsageReported',
  data: { reportId, pnId: 'home', usage },
});
const answered = (reportId: string, code: 200 | 403 | 480): Event => ({
  type: 'UsageReportAnswered',
  data: { reportId, code },
});

const underWay = [recorded([sum()]), reported('r1', [sum()])];
const left = [disarm('answer'), settle('usage-report')];

describe('a PN GW reports what it relayed', () => {
  it('as soon as something is recorded', () => {
    given(chart, [])
      .when(recorded([sum()]))
      .thenTaken({
        state: 'reporting',
        effects: [ask('reportUsage')],
        context: { pending: [{ pnId: 'home', sum: sum() }] },
      });
  });

  it('in a request that stays in the outbox', () => {
    given(chart, [recorded([sum()])])
      .when(reported('r1', [sum()]))
      .thenTaken({
        state: 'awaitingAnswer',
        effects: [send('usage-report'), armAnswer(500, 1)],
        context: { pending: [], reportId: 'r1', usage: [sum()] },
      });
  });

  it('the same again while nobody answers, for ever, and less and less often', () => {
    given(chart, underWay)
      .when(overdue(1))
      .thenTaken({ state: 'awaitingAnswer', effects: [resend('usage-report'), armAnswer(1_000, 2)] });
    given(chart, [...underWay, ...overdueUpTo(40)])
      .when(overdue(41))
      .thenTaken({
        state: 'awaitingAnswer',
        effects: [resend('usage-report'), armAnswer(GATEWAY_BACK_OFF_CAP_MS, 42)],
      });
  });

  it.each([200, 403] as const)('once: after %i it is settled', (code) => {
    given(chart, underWay)
      .when(answered('r1', code))
      .thenTaken({ state: 'idle', effects: left, context: { pending: [], usage: [] } });
  });

  it('and adds up what comes meanwhile, by session, service and direction', () => {
    const more = [sum({ to: 5_000 }), sum({ direction: 'down' }), sum({ keyId: KEY_2 }), sum({ serviceId: 'alarm' })];
    given(chart, [...underWay, recorded(more)])
      .when(recorded([sum({ messages: 1, bytes: 7, from: 500 })]))
      .thenTaken({
        state: 'awaitingAnswer',
        effects: [],
        context: {
          usage: [sum()],
          pending: [sum({ messages: 4, bytes: 97, from: 500, to: 5_000 }), ...more.slice(1)].map((each) => ({
            pnId: 'home',
            sum: each,
          })),
        },
      });
  });

  it('and goes on with the next report', () => {
    given(chart, [...underWay, recorded([sum()])])
      .when(answered('r1', 200))
      .thenTaken({
        state: 'reporting',
        effects: [...left, ask('reportUsage')],
        context: { pending: [{ pnId: 'home', sum: sum() }], usage: [] },
      });
  });

  it('keeps the other PN of the device for a report of its own', () => {
    given(chart, [...underWay, recorded([sum()]), recorded([sum()], 'office'), answered('r1', 200)])
      .when(reported('r2', [sum()]))
      .thenTaken({
        state: 'awaitingAnswer',
        effects: [send('usage-report'), armAnswer(500, 1)],
        context: { pending: [{ pnId: 'office', sum: sum() }] },
      });
  });
});

describe('a report that is not taken now', () => {
  it('is put back, together with what came meanwhile, and waits', () => {
    given(chart, [...underWay, recorded([sum({ messages: 1, bytes: 7 })])])
      .when(answered('r1', 480))
      .thenTaken({
        state: 'backingOff',
        effects: [...left, arm('backOff', GATEWAY_BACK_OFF_CAP_MS, { type: 'BackOffEnded', data: {} })],
        context: { pending: [{ pnId: 'home', sum: sum({ messages: 4, bytes: 97 }) }], usage: [] },
      });
  });

  it('is written anew under another id', () => {
    given(chart, [...underWay, answered('r1', 480)])
      .when({ type: 'BackOffEnded', data: {} })
      .thenTaken({ state: 'reporting', effects: [ask('reportUsage')] });
  });
});

describe('what a PN GW does not take', () => {
  const full = Array.from({ length: MAX_PENDING }, (_, index) => recorded([sum({ serviceId: `s${index}` })]));

  it('an answer to another report', () => {
    given(chart, underWay).when(answered('r0', 200)).thenRefused(409);
  });

  it('more kinds of usage than may wait for a server that is away', () => {
    given(chart, [...underWay, ...full])
      .when(recorded([sum({ serviceId: 'one-more' })]))
      .thenRefused(409);
  });

  it('but what adds to a sum that waits already it takes', () => {
    given(chart, [...underWay, ...full])
      .when(recorded([sum({ serviceId: 's0' })]))
      .thenTaken({ state: 'awaitingAnswer', effects: [] });
  });

  it('is counted', () => {
    given(chart, [messageRefused(2)])
      .when(messageRefused(3))
      .thenTaken({ state: 'idle', effects: [], context: { refusals: 5 } });
  });
});
