import { assign, emit, setup } from 'xstate';
import { isTemporary } from '../../events/codes.ts';
import type { UsageSum } from '../../events/fields.ts';
import type { GatewayUsageEvent } from '../../events/vocabulary/pn-gateway/usage.ts';
import { attempts, refusalCount, type Effects } from '../actions.ts';
import type { Effect } from '../effect.ts';
import { GATEWAY_BACK_OFF_CAP_MS, WAN_RETRY } from '../timing.ts';
import { addSum, usageKey } from '../usage.ts';

export interface PnUsage {
  readonly pnId: string;
  readonly sum: UsageSum;
}

export interface GatewayUsageContext {
  /** Recorded and not reported yet: one sum for each PN, session, service and direction. */
  readonly pending: readonly PnUsage[];
  /** The report that is under way. */
  readonly reportId: string;
  readonly pnId: string;
  readonly usage: readonly UsageSum[];
  readonly attempt: number;
  readonly refusals: number;
}

export const initialContext: GatewayUsageContext = {
  pending: [],
  reportId: '',
  pnId: '',
  usage: [],
  attempt: 0,
  refusals: 0,
};

/**
 * Sums of one PNE that may wait for the server, however long it is away: 32 sessions with 4 services in both
 * directions. With more the PN GW keeps what it counts in memory, and then relays no more.
 */
export const MAX_PENDING = 256;

const keyOf = ({ pnId, sum }: PnUsage): string => `${pnId}|${usageKey(sum)}`;
const ofPn = (pnId: string, usage: readonly UsageSum[]): readonly PnUsage[] => usage.map((sum) => ({ pnId, sum }));

function withPending(pending: readonly PnUsage[], more: readonly PnUsage[]): readonly PnUsage[] {
  const all = new Map(pending.map((one) => [keyOf(one), one]));
  for (const one of more) {
    const before = all.get(keyOf(one));
    all.set(keyOf(one), before === undefined ? one : { ...one, sum: addSum(before.sum, one.sum) });
  }
  return [...all.values()];
}

const recorded = (event: GatewayUsageEvent): readonly PnUsage[] =>
  event.type === 'UsageRecorded' ? ofPn(event.data.pnId, event.data.usage) : [];

const isAnswer = (context: GatewayUsageContext, event: GatewayUsageEvent): boolean =>
  event.type === 'UsageReportAnswered' && event.data.reportId === context.reportId;

const effect = (what: Effect) => what;

/** What the chart's words mean: its guards and its actions, by name. */
export const terms = setup({
  types: { context: {} as GatewayUsageContext, events: {} as GatewayUsageEvent, emitted: {} as Effect },
  guards: {
    hasRoom: ({ context, event }) => withPending(context.pending, recorded(event)).length <= MAX_PENDING,
    isTemporaryRefusal: ({ context, event }) =>
      isAnswer(context, event) && event.type === 'UsageReportAnswered' && isTemporary(event.data.code),
    isLastReport: ({ context, event }) => isAnswer(context, event) && context.pending.length === 0,
    isCurrentReport: ({ context, event }) => isAnswer(context, event),
  },
  actions: {
    ...refusalCount(),
    ...attempts('answer', 'attempt', WAN_RETRY, GATEWAY_BACK_OFF_CAP_MS),
    addUsage: assign(({ context, event }) => ({ pending: withPending(context.pending, recorded(event)) })),
    keepReport: assign(({ context, event }) => {
      if (event.type !== 'UsageReported') return context;
      const { reportId, pnId, usage } = event.data;
      const reported = new Set(ofPn(pnId, usage).map(keyOf));
      const pending = context.pending.filter((one) => !reported.has(keyOf(one)));
      return { ...context, reportId, pnId, usage, pending };
    }),
    takeBack: assign(({ context: { pnId, usage, pending } }) => ({
      usage: [],
      pending: withPending(ofPn(pnId, usage), pending),
    })),
    forgetReport: assign({ usage: [] }),
    'arm backOff': emit(
      effect({
        type: 'arm',
        timer: 'backOff',
        delayMs: GATEWAY_BACK_OFF_CAP_MS,
        event: { type: 'BackOffEnded', data: {} },
      }),
    ),
  },
}).extend<Effects>({});
