import type { Credential } from '../../../security/registration-handshake.ts';
import type { LinkLimits } from '../rate-limits.ts';

/** A PN GW as provisioned. */
export interface GatewayIdentity {
  readonly gatewayId: string;
  /** Asked for at each registration, so that a renewed certificate is shown without a restart. */
  readonly credential: () => Credential;
  /** Whether strangers may pair with it now. */
  readonly pairing: 'permitted' | 'forbidden';
  /** How much it hears; default: `LINK_LIMITS`. */
  readonly limits?: LinkLimits;
}
