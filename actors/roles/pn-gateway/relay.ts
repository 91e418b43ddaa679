import { chunkBytes } from '../../../security/data-frame.ts';
import type { RelayMeter } from '../../sessions/data/usage.ts';
import type { Route } from '../../loop/role.ts';
import { linkDown, wanUp } from '../../../messages/subjects.ts';
import type { Body, Incoming } from '../../../messages/incoming.ts';
import { encodeMessage } from '../../../messages/envelope.ts';

/** What passes through a PN GW: it cannot read it, and keeps nothing of it but what the meter counts. */

/** A sealed message goes on under its own ids. */
export function relay(message: Incoming, subject: string, body: object): Route {
  const { messageId, correlationId, inReplyTo, content } = message;
  const payload = encodeMessage({ subject, type: content.type, inReplyTo, body }, messageId, correlationId);
  return { kind: 'relay', subject, payload };
}

/** A data frame goes on as it is, once the meter has seen it if it is for or from a service. */
export function relayData(
  message: Incoming,
  body: Body<'data', 'wan.down'>,
  direction: 'up' | 'down',
  meter: RelayMeter,
): Route {
  const { gatewayId } = message;
  const { pnId, deviceId, frame, serviceId, ...rest } = body;
  const bytes = chunkBytes(Math.floor((frame.length * 3) / 4));
  const counted =
    serviceId === null ? 'relay' : meter.relayed({ pnId, deviceId, ...rest, serviceId, direction, bytes });
  if (counted === 'drop') return { kind: 'drop', reason: 'data that cannot be counted' };
  if (direction === 'up') return relay(message, wanUp(gatewayId, 'data'), body);
  return relay(message, linkDown(gatewayId, deviceId, 'data'), { ...rest, serviceId, frame });
}
