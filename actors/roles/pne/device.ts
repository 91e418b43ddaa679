import type { PersonalFields } from '../../../events/fields.ts';
import type { Credential } from '../../../security/registration-handshake.ts';

/** A device as provisioned: a pre-shared secret stands for the USIM of the change request, a certificate for its PKI. */
export interface PneDevice {
  readonly deviceId: string;
  readonly pnId: string;
  readonly gatewayId: string;
  readonly credential: Credential;
  readonly pairing: 'needed' | 'none';
  /** What it tells the CPNS Server of its user and itself, sealed in its session; default: nothing. */
  readonly about?: PersonalFields;
}
