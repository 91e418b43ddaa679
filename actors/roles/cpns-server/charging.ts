import type { ChargingEvent } from '../../../events/vocabulary/cpns-server/charging.ts';
import { charging } from '../../../machines/cpns-server/charging.ts';
import type { DecidersOf, Handlers, StreamEvent } from '../../loop/role.ts';
import { answer } from './answer.ts';
import { pnOf } from './pn.ts';
import { streamOf, idsOf } from '../../../machines/streams.ts';

/** What the CPNS Server has to do with usage. */

const aboutUsage = (stream: string, event: ChargingEvent): StreamEvent => ({ stream, ...event });

/** What the server itself counted. */
export const serverUsage = (
  pnId: string,
  deviceId: string,
  usage: Extract<ChargingEvent, { readonly type: 'UsageRecorded' }>['data']['usage'],
): StreamEvent =>
  aboutUsage(streamOf('cpns-server/charging', { pnId, deviceId }), { type: 'UsageRecorded', data: { usage } });

export const chargingDeciders: DecidersOf<'cpns-server/charging'> = {
  /** A PN GW reports for its own PNs only, also for one that was released meanwhile. */
  async 'usage-report'(message, stream, scope) {
    const { gatewayId, messageId: reportId } = message;
    const pn = await pnOf(message, scope);
    if (pn.context.pnId === '') return { kind: 'refuse', code: 404 };
    if (pn.context.gatewayId !== gatewayId) return { kind: 'refuse', code: 403 };
    const data = { reportId, gatewayId, usage: message.content.body.usage };
    return { kind: 'take', event: aboutUsage(stream, { type: 'GatewayUsageReceived', data }) };
  },
};

export const chargingHandlers: Handlers<typeof charging> = {
  asks: {},
  messages: {
    'usage-report-response': (scope, stream) => {
      const { gatewayId, reportId } = scope.context(charging, stream);
      const { deviceId } = idsOf('cpns-server/charging', stream);
      return answer('usage-report-response', gatewayId, reportId, { deviceId, code: 200 });
    },
  },
};
