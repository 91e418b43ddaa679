import { deviceOf, idsIn, rowFor, type Incoming } from '../../messages/incoming.ts';
import type { Charge } from '../loop/rate-limiter.ts';
import type { RateLimit } from '../loop/token-bucket.ts';

/** Of one sender. Requests cost public-key work and events; data frames are relayed, or opened. */
export interface SenderLimits {
  readonly requests: RateLimit;
  readonly frames: RateLimit;
}

/** Of a PN GW: each of its devices, and all that it hears. */
export interface LinkLimits {
  readonly device: SenderLimits;
  readonly gateway: SenderLimits;
}

/** Of a CPNS Server: each device behind a PN GW, each PN GW, and the registrations of each PN GW. */
export interface ServerLimits extends LinkLimits {
  readonly registrations: RateLimit;
}

/**
 * A device that registers sends 2 or 3 requests, with all retries 18 in two minutes. A PN GW that starts asks for its PNs, at
 * most 1,000, each up to 4 times in 8 s; its burst stays below a mailbox (4,096), so that a flood meets the limit and not a full
 * mailbox. A data frame has up to 32 KiB.
 */
export const LINK_LIMITS: LinkLimits = {
  device: { requests: { burst: 20, perSecond: 1 }, frames: { burst: 4_000, perSecond: 1_000 } },
  gateway: { requests: { burst: 4_000, perSecond: 500 }, frames: { burst: 20_000, perSecond: 5_000 } },
};

/** A PN GW whose server does not answer registers at most 6 times in 16 s, then less and less. */
export const SERVER_LIMITS: ServerLimits = { ...LINK_LIMITS, registrations: { burst: 20, perSecond: 1 } };

/** Senders that nobody provisioned have one bucket: to make up a name gives nobody a new one. */
export const UNKNOWN = '(unknown)';

/** Where the journal keeps how many messages of a sender were too many, and what registrations of PN GWs are charged to. */
export interface ChargedTo {
  readonly device: (deviceId: string, pnId: string) => string;
  readonly gateway: string;
  readonly registrations?: { readonly limit: RateLimit; readonly from: () => string };
}

/** What a message costs its senders, by its row of the catalogue: its device, where it is of one, and then the PN GW. */
export function chargesOf(message: Incoming, limits: LinkLimits, to: ChargedTo): readonly Charge[] {
  const { cost } = rowFor(message.content);
  if (cost === undefined) return [];
  const { gatewayId } = message;
  const { registrations, gateway: stream } = to;
  if (cost === 'registration') {
    if (registrations === undefined) return [];
    const { limit } = registrations;
    const from = registrations.from();
    return [{ bucket: `registrations/${from}`, limit, stream, from }];
  }
  const kind = cost === 'frame' ? 'frames' : 'requests';
  const ofGateway = { bucket: `${kind}/${gatewayId}`, limit: limits.gateway[kind], stream, from: gatewayId };
  const deviceId = deviceOf(message);
  if (deviceId === null) return [ofGateway];
  const bucket = `${kind}/${gatewayId}/${deviceId}`;
  const ofDevice = {
    bucket,
    limit: limits.device[kind],
    stream: to.device(deviceId, idsIn(message).pnId),
    from: deviceId,
  };
  return [ofDevice, ofGateway];
}
