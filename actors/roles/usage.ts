import { MAX_SUMS, type UsageSum } from '../../events/fields.ts';
import type { GatewayUsageEvent } from '../../events/vocabulary/gateway-usage.ts';
import { gatewayUsage } from '../../machines/pn-gateway/usage.ts';
import type { Meaning, Scope, Targeted } from '../role.ts';
import { StepError } from '../step.ts';
import type { Body, Incoming, Letter } from '../wire/messages.ts';
import { wanUp } from '../wire/subjects.ts';

/** What a PN GW has to do with usage. */

export const usageStream = (gatewayId: string, deviceId: string): string => `usage/${gatewayId}/${deviceId}`;

const aboutUsage = (stream: string, event: GatewayUsageEvent): Targeted => ({ stream, ...event });

/** What the PN GW itself counted. */
export const relayedUsage = (
  gatewayId: string,
  { pnId, deviceId }: { readonly pnId: string; readonly deviceId: string },
  usage: UsageSum[],
): Targeted => aboutUsage(usageStream(gatewayId, deviceId), { type: 'UsageRecorded', data: { pnId, usage } });

export function reportAnswer(
  message: Incoming,
  { code }: Body<'usage-report-response', 'wan.down'>,
  stream: string,
): Meaning {
  const data = { reportId: message.inReplyTo ?? '', code };
  return { kind: 'facts', primary: aboutUsage(stream, { type: 'UsageReportAnswered', data }) };
}

export const usageFacts = {
  /** One report is about one PN: the one that has waited longest. */
  reportUsage(scope: Scope, stream: string): readonly Targeted[] {
    const { pending } = scope.context(gatewayUsage, stream);
    const pnId = pending[0]?.pnId;
    if (pnId === undefined) throw new StepError(`There is nothing to report of ${stream}.`);
    const usage = pending
      .filter((one) => one.pnId === pnId)
      .slice(0, MAX_SUMS)
      .map(({ sum }) => sum);
    return [aboutUsage(stream, { type: 'UsageReported', data: { reportId: scope.id(), pnId, usage } })];
  },
};

export const usageLetters = {
  'usage-report': (scope: Scope, stream: string): Letter => {
    const [, gatewayId = '', deviceId = ''] = stream.split('/');
    const { reportId, pnId, usage } = scope.context(gatewayUsage, stream);
    const type = 'usage-report';
    const body = { pnId, deviceId, usage };
    return { subject: wanUp(gatewayId, type), type, messageId: reportId, inReplyTo: null, body };
  },
};
