import type { ChargingEvent } from '../../../events/vocabulary/charging.ts';
import { charging } from '../../../machines/cpns-server/charging.ts';
import type { Decision, Handlers, StreamEvent } from '../../loop/role.ts';
import { answer } from './answer.ts';
import type { Pn } from './personal-network.ts';
import { streamOf, idsOf } from '../../../machines/streams.ts';
import type { Incoming, Body } from '../../../messages/incoming.ts';
import type { OutboundMessage } from '../../../messages/envelope.ts';

/** What the CPNS Server has to do with usage. */

const aboutUsage = (stream: string, event: ChargingEvent): StreamEvent => ({ stream, ...event });

/** What the server itself counted. */
export const serverUsage = (
  pnId: string,
  deviceId: string,
  usage: Extract<ChargingEvent, { readonly type: 'UsageRecorded' }>['data']['usage'],
): StreamEvent =>
  aboutUsage(streamOf('cpns-server/charging', { pnId, deviceId }), { type: 'UsageRecorded', data: { usage } });

/** A PN GW reports for its own PNs only, also for one that was released meanwhile. */
export function usageReport(
  message: Incoming,
  { usage }: Body<'usage-report', 'wan.up'>,
  stream: string,
  pn: Pn,
): Decision {
  const { gatewayId, messageId: reportId } = message;
  if (pn.context.pnId === '') return { kind: 'refuse', code: 404 };
  if (pn.context.gatewayId !== gatewayId) return { kind: 'refuse', code: 403 };
  const data = { reportId, gatewayId, usage };
  return { kind: 'take', event: aboutUsage(stream, { type: 'GatewayUsageReceived', data }) };
}

export function usageReportAnswer(
  gatewayId: string,
  reportId: string,
  deviceId: string,
  code: number,
): OutboundMessage {
  return answer('usage-report-response', gatewayId, reportId, { deviceId, code });
}

export const chargingHandlers: Handlers<typeof charging> = {
  asks: {},
  messages: {
    'usage-report-response': (scope, stream) => {
      const { gatewayId, reportId } = scope.context(charging, stream);
      return usageReportAnswer(gatewayId, reportId, idsOf('cpns-server/charging', stream).deviceId, 200);
    },
  },
};
