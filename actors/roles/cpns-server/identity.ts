import type { PersonalFields } from '../../../events/fields.ts';
import type { ExpectedCredential } from '../../../security/registration-handshake.ts';
import type { ServerLimits } from '../rate-limits.ts';

/** What the operator provisioned. Secrets are 32 bytes. */
export interface ServerIdentity {
  readonly idKey: Uint8Array;
  /** @param atMs when it is asked: a certificate is judged by the revocation list and the time of that moment */
  readonly gatewayCredential: (gatewayId: string, atMs: number) => ExpectedCredential;
  readonly pneCredential: (deviceId: string, atMs: number) => ExpectedCredential;
  /** Calls back whenever the revocation lists have changed; without it nobody is revoked while the server runs. */
  readonly onRevocation?: (changed: () => void) => void;
  /** What the operator lists of devices and their users, by device id; default: nothing. */
  readonly personal?: ReadonlyMap<string, PersonalFields>;
  /** How much it hears; default: `SERVER_LIMITS`. */
  readonly limits?: ServerLimits;
}
