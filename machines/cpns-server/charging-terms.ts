import { assign, setup } from 'xstate';
import type { ChargingEvent } from '../../events/vocabulary/cpns-server/charging.ts';
import { refusalCount, type Effects } from '../actions.ts';
import type { Effect } from '../effect.ts';
import { addTotal, NOTHING, type Total } from '../usage.ts';

export interface ChargingContext {
  /** All that each of the two has counted for this PNE, whatever the service. */
  readonly server: Total;
  readonly gateway: Total;
  /** The report that came last. */
  readonly gatewayId: string;
  readonly reportId: string;
  readonly refusals: number;
}

export const initialContext: ChargingContext = {
  server: NOTHING,
  gateway: NOTHING,
  gatewayId: '',
  reportId: '',
  refusals: 0,
};

/** What the chart's words mean: its actions, by name. */
export const terms = setup({
  types: { context: {} as ChargingContext, events: {} as ChargingEvent, emitted: {} as Effect },
  actions: {
    ...refusalCount(),
    addToServer: assign(({ context, event }) =>
      event.type === 'UsageRecorded' ? { server: addTotal(context.server, event.data.usage) } : {},
    ),
    addToGateway: assign(({ context, event }) =>
      event.type === 'GatewayUsageReceived' ? { gateway: addTotal(context.gateway, event.data.usage) } : {},
    ),
    keepReport: assign(({ event }) =>
      event.type === 'GatewayUsageReceived' ? { gatewayId: event.data.gatewayId, reportId: event.data.reportId } : {},
    ),
  },
}).extend<Effects>({});
