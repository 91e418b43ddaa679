import { linkDown, wanUp } from '../../../messages/subjects.ts';
import type { OutboundMessage } from '../../../messages/envelope.ts';

/** Letters of a PN GW: what it asks its server, and what it answers its PNEs. */

export function wanRequest(gatewayId: string, type: string, messageId: string, body: object): OutboundMessage {
  return { subject: wanUp(gatewayId, type), type, messageId, inReplyTo: null, body };
}

export function linkAnswer(
  gatewayId: string,
  type: string,
  deviceId: string,
  inReplyTo: string | null,
  body: object,
): OutboundMessage {
  return { subject: linkDown(gatewayId, deviceId, type), type, inReplyTo, body };
}
