import type { OutboundMessage } from '../../../messages/envelope.ts';
import type { TypeOn } from '../../../messages/catalogue.ts';
import { outbound, type OutboundBody } from '../../../messages/outbound.ts';

/** A message of the server to a PN GW, in answer to one of its messages. */
export function answer<T extends TypeOn<'wan.down'>>(
  type: T,
  gatewayId: string,
  inReplyTo: string | null,
  body: OutboundBody<'wan.down', T>,
): OutboundMessage<T> {
  return outbound('wan.down', { gatewayId }, type, body, { inReplyTo });
}
