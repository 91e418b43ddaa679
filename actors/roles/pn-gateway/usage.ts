import { MAX_SUMS, type UsageSum } from '../../../events/fields.ts';
import type { GatewayUsageEvent } from '../../../events/vocabulary/pn-gateway/usage.ts';
import { gatewayUsage } from '../../../machines/pn-gateway/usage.ts';
import type { DecidersOf, Handlers, StreamEvent } from '../../loop/role.ts';
import { askServer } from './say.ts';
import { streamOf, idsOf } from '../../../machines/streams.ts';
import { StepError } from '../../loop/step-error.ts';

/** What a PN GW has to do with usage. */

const aboutUsage = (stream: string, event: GatewayUsageEvent): StreamEvent => ({ stream, ...event });

/** What the PN GW itself counted. */
export const relayedUsage = (
  gatewayId: string,
  { pnId, deviceId }: { readonly pnId: string; readonly deviceId: string },
  usage: UsageSum[],
): StreamEvent =>
  aboutUsage(streamOf('pn-gateway/usage', { gatewayId, deviceId }), { type: 'UsageRecorded', data: { pnId, usage } });

export const usageDeciders: DecidersOf<'pn-gateway/usage'> = {
  'usage-report-response'(message, stream) {
    const data = { reportId: message.inReplyTo ?? '', code: message.content.body.code };
    return { kind: 'take', event: aboutUsage(stream, { type: 'UsageReportAnswered', data }) };
  },
};

export const usageHandlers: Handlers<typeof gatewayUsage> = {
  asks: {
    /** One report is about one PN: the one that has waited longest. */
    reportUsage(scope, stream) {
      const { pending } = scope.context(gatewayUsage, stream);
      const pnId = pending[0]?.pnId;
      if (pnId === undefined) throw new StepError(`There is nothing to report of ${stream}.`);
      const usage = pending
        .filter((one) => one.pnId === pnId)
        .slice(0, MAX_SUMS)
        .map(({ sum }) => sum);
      return [aboutUsage(stream, { type: 'UsageReported', data: { reportId: scope.id(), pnId, usage } })];
    },
  },
  messages: {
    'usage-report': (scope, stream) => {
      const { gatewayId, deviceId } = idsOf('pn-gateway/usage', stream);
      const { reportId, pnId, usage } = scope.context(gatewayUsage, stream);
      return askServer(gatewayId, 'usage-report', reportId, { pnId, deviceId, usage });
    },
  },
};
