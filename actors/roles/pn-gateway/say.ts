import type { TypeOn } from '../../../messages/catalogue.ts';
import type { OutboundMessage } from '../../../messages/envelope.ts';
import { outbound, type OutboundBody } from '../../../messages/outbound.ts';

/** What a PN GW asks its server. */
export function askServer<T extends TypeOn<'wan.up'>>(
  gatewayId: string,
  type: T,
  messageId: string,
  body: OutboundBody<'wan.up', T>,
): OutboundMessage<T> {
  return outbound('wan.up', { gatewayId }, type, body, { messageId });
}

/** What a PN GW answers one of its PNEs. */
export function answerPne<T extends TypeOn<'link.down'>>(
  gatewayId: string,
  deviceId: string,
  type: T,
  inReplyTo: string,
  body: OutboundBody<'link.down', T>,
): OutboundMessage<T> {
  return outbound('link.down', { gatewayId, deviceId }, type, body, { inReplyTo });
}
