import { wanDown } from '../../../messages/subjects.ts';
import type { OutboundMessage } from '../../../messages/envelope.ts';

/** A letter of the server to a PN GW, in answer to one of its messages. */
export function answer(type: string, gatewayId: string, inReplyTo: string, body: object): OutboundMessage {
  return { subject: wanDown(gatewayId, type), type, inReplyTo, body };
}
