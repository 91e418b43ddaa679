import { z } from 'zod';
import { Code, HandshakeMessage, Id, KeyId, Timestamp } from '../../fields.ts';
import { authenticationFailures } from '../authentication.ts';
import { event, sharedEvents, type EventOf } from '../define.ts';
import { withoutTimestamp } from '../upcasters.ts';

/** Chart `cpns-server/gateway-registration`, stream `gateway-registration/<gatewayId>`, in the journal of the server. */
export const gatewayRegistrationEvents = {
  ...sharedEvents,
  GatewayRegistrationReceived: event(
    'The CPNS Server received the registration request of a PN GW.',
    z.strictObject({ requestId: Id, gatewayId: Id, handshake: HandshakeMessage }),
  ),
  GatewayAuthenticated: event(
    'The PN GW proved that it holds its secret, or the key of its certificate, in its newest request.',
    z.strictObject({ keyId: KeyId, timestamp: Timestamp }),
    { upcasters: [withoutTimestamp] },
  ),
  GatewayAuthenticationFailed: event(
    'The PN GW did not prove itself.',
    z.strictObject({ reason: z.enum([...authenticationFailures, 'unknownGateway']) }),
  ),
  GatewayRegistrationAnswered: event(
    'The CPNS Server answered the PN GW.',
    z.strictObject({ requestId: Id, code: Code, handshake: HandshakeMessage.nullable() }),
  ),
  GatewaySessionClosed: event(
    'The session is over, its keys are destroyed: another one takes its place, or what the PN GW had shown counts no longer.',
    z.strictObject({ keyId: KeyId, reason: z.enum(['replaced', 'revoked', 'expired', 'withdrawn']) }),
  ),
} as const;

export type GatewayRegistrationEvent = EventOf<typeof gatewayRegistrationEvents>;
