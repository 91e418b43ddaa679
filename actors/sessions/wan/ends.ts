import { streamOf } from '../../../machines/streams.ts';
import { gatewayRegistration } from '../../../machines/cpns-server/gateway-registration.ts';
import { pnGateway } from '../../../machines/pn-gateway/gateway.ts';
import type { RuntimeOptions } from '../../loop/runtime.ts';
import type { Wire } from '../../../wire/port.ts';
import { SealedWire } from './sealed-wire.ts';
import { wanDown } from '../../../messages/subjects.ts';
import { openSessionBook, type ReviewedBook, type Scrutiny } from './session-book.ts';
import { encodeMessage } from '../../../messages/envelope.ts';

/** How each end of the WAN finds the session that its frames are sealed in. */

type Seams = Pick<RuntimeOptions, 'journal' | 'wire' | 'keyring' | 'log' | 'clock' | 'entropy'>;

/** A PN GW is told so often that its session is not known, however many frames it sends. */
const NOTICE_EVERY_MS = 1_000;

/** PN GWs whose latest notice is remembered. */
const MAX_TOLD = 10_000;

/** The wire of a PN GW. */
export async function gatewayWan({ wire, journal, keyring, log, clock }: Seams): Promise<Wire> {
  const book = await openSessionBook({
    journal,
    keyring,
    log,
    clock,
    chart: pnGateway,
    streamOf: (gatewayId) => streamOf('pn-gateway/gateway', { gatewayId }),
    changedBy: ['GatewayRegistered'],
  });
  return new SealedWire({ wire, book, log, clock, onUnknownSession: () => {} });
}

/** The wire of the CPNS Server, and the book of the sessions with its PN GWs. */
export async function serverWan(
  { wire, journal, keyring, log, clock, entropy }: Seams,
  scrutiny: Scrutiny,
): Promise<{ readonly wire: Wire; readonly book: ReviewedBook }> {
  const book = await openSessionBook({
    journal,
    keyring,
    log,
    clock,
    chart: gatewayRegistration,
    streamOf: (gatewayId) => streamOf('cpns-server/gateway-registration', { gatewayId }),
    changedBy: ['GatewayAuthenticated', 'GatewaySessionClosed'],
    scrutiny,
  });
  const told = new Map<string, number>();
  const onUnknownSession = (gatewayId: string, keyId: string): void => {
    const now = clock.now();
    if (Math.abs(now - (told.get(gatewayId) ?? -NOTICE_EVERY_MS)) < NOTICE_EVERY_MS) return;
    if (told.size >= MAX_TOLD) told.clear();
    told.set(gatewayId, now);
    const subject = wanDown(gatewayId, 'notice');
    const notice = { subject, type: 'notice', inReplyTo: null, body: { code: 401, deviceId: null, keyId } };
    wire.publish(subject, encodeMessage(notice, entropy.id(), entropy.id()));
  };
  return { wire: new SealedWire({ wire, book, log, clock, onUnknownSession }), book };
}
