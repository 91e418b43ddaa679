import { rowFor, type Incoming } from '../../../messages/incoming.ts';
import { encodeMessage } from '../../../messages/envelope.ts';
import { subjectOf } from '../../../messages/subjects.ts';
import { chunkBytes } from '../../../security/data-frame.ts';
import type { Route } from '../../loop/role.ts';
import type { RelayMeter } from '../../sessions/data/usage.ts';

/** What passes through a PN GW: it cannot read it, and keeps nothing of it but what the meter counts. */
export function relay(message: Incoming, meter: RelayMeter): Route {
  const { content, gatewayId, deviceId } = message;
  if (content.leg === 'link.up' && deviceId !== null) {
    if (content.type === 'sealed') return sentUp(message, { deviceId, ...content.body });
    if (content.type === 'data') {
      const body = { deviceId, ...content.body };
      return isCounted(body, 'up', meter) ? sentUp(message, body) : UNCOUNTED;
    }
  }
  if (content.leg === 'wan.down') {
    if (content.type === 'sealed') {
      const { deviceId: to, ...body } = content.body;
      return sentDown(message, to, body);
    }
    if (content.type === 'data') {
      const { pnId, deviceId: to, ...body } = content.body;
      return isCounted({ pnId, deviceId: to, ...body }, 'down', meter) ? sentDown(message, to, body) : UNCOUNTED;
    }
  }
  return { kind: 'drop', reason: `a PN GW relays no ${rowFor(content).title} of ${gatewayId}` };
}

const UNCOUNTED: Route = { kind: 'drop', reason: 'data that cannot be counted' };

interface DataBody {
  readonly pnId: string;
  readonly deviceId: string;
  readonly keyId: string;
  readonly epoch: number;
  readonly counter: number;
  readonly serviceId: string | null;
  readonly frame: string;
}

/** A data frame goes on once the meter has seen it, if it is for or from a service. */
function isCounted({ frame, serviceId, ...of }: DataBody, direction: 'up' | 'down', meter: RelayMeter): boolean {
  if (serviceId === null) return true;
  const bytes = chunkBytes(Math.floor((frame.length * 3) / 4));
  return meter.relayed({ ...of, serviceId, direction, bytes }) !== 'drop';
}

const sentUp = (message: Incoming, body: object): Route =>
  goesOn(message, subjectOf('wan.up', { gatewayId: message.gatewayId }, typeOf(message)), body);
const sentDown = (message: Incoming, deviceId: string, body: object): Route =>
  goesOn(message, subjectOf('link.down', { gatewayId: message.gatewayId, deviceId }, typeOf(message)), body);

const typeOf = ({ content }: Incoming): 'sealed' | 'data' => (content.type === 'data' ? 'data' : 'sealed');

/** Under its own ids. */
function goesOn({ messageId, correlationId, inReplyTo, content }: Incoming, subject: string, body: object): Route {
  const payload = encodeMessage({ subject, type: content.type, inReplyTo, body }, messageId, correlationId);
  return { kind: 'relay', subject, payload };
}
