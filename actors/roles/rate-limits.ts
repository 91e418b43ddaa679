import type { Charge } from '../loop/rate-limiter.ts';
import type { RateLimit } from '../loop/token-bucket.ts';
import { deviceOf, type Incoming } from '../../messages/incoming.ts';

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

/** What a message is charged to: its device, where it is of one, and then the PN GW. */
export function chargesOf(
  message: Incoming,
  limits: LinkLimits,
  streams: { readonly device: string; readonly gateway: string },
): readonly Charge[] {
  const { gatewayId } = message;
  const kind = message.content.type === 'data' ? 'frames' : 'requests';
  const deviceId = deviceOf(message);
  const ofGateway = {
    bucket: `${kind}/${gatewayId}`,
    limit: limits.gateway[kind],
    stream: streams.gateway,
    from: gatewayId,
  };
  if (deviceId === null) return [ofGateway];
  const bucket = `${kind}/${gatewayId}/${deviceId}`;
  return [{ bucket, limit: limits.device[kind], stream: streams.device, from: deviceId }, ofGateway];
}
