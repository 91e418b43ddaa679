import { z } from 'zod';
import {
  LINK_LIMITS,
  SERVER_LIMITS,
  type LinkLimits,
  type SenderLimits,
  type ServerLimits,
} from '../../actors/roles/rate-limits.ts';

/** Far more than any process can do: a larger number is a slip of the pen. */
const MOST = 1_000_000;

const limit = z.strictObject({
  burst: z.int().min(1, 'must be at least 1').max(MOST, `must be at most ${MOST}`),
  perSecond: z.number().min(0.001, 'must be at least 0.001').max(MOST, `must be at most ${MOST}`),
});
const sender = z.strictObject({ requests: limit.optional(), frames: limit.optional() });
const fields = { device: sender.optional(), gateway: sender.optional() };

/** `limits` of a PN GW and of a CPNS Server; what is left out is as in `actors/roles/rate-limits.ts`. */
export const linkLimits = z.strictObject(fields);
export const serverLimits = z.strictObject({ ...fields, registrations: limit.optional() });

export function readLinkLimits({ device, gateway }: z.infer<typeof linkLimits> = {}): LinkLimits {
  return { device: whole(LINK_LIMITS.device, device), gateway: whole(LINK_LIMITS.gateway, gateway) };
}

export function readServerLimits(given: z.infer<typeof serverLimits> = {}): ServerLimits {
  return { ...readLinkLimits(given), registrations: given.registrations ?? SERVER_LIMITS.registrations };
}

const whole = (usual: SenderLimits, given: z.infer<typeof sender> = {}): SenderLimits => ({
  requests: given.requests ?? usual.requests,
  frames: given.frames ?? usual.frames,
});
