import { z } from 'zod';
import { Code, CpnsId, HandshakeMessage, Id, KeyId, Timestamp } from '../../fields.ts';
import { authenticationFailures } from '../authentication.ts';
import { answerOverdue, event, sessionEvents, sharedEvents, type EventOf } from '../define.ts';
import { withoutTimestamp } from '../upcasters.ts';

/** Chart `cpns-server/registration`, stream `registration/<pnId>/<deviceId>`, in the journal of the server. */
export const registrationEvents = {
  ...sharedEvents,
  ...sessionEvents,
  AnswerOverdue: answerOverdue,
  RegistrationRequestReceived: event(
    'The CPNS Server received a PNE Registration Request through a PN GW.',
    z.strictObject({
      requestId: Id,
      gatewayId: Id,
      pnId: Id,
      deviceId: Id,
      flow: z.enum(['1.4.1', '1.4.2']),
      handshake: HandshakeMessage,
    }),
    { steps: { '1.4.1': 3, '1.4.2': 5 }, words: 'received' },
  ),
  PneAuthenticated: event(
    'The PNE proved that it holds its secret, in its newest request.',
    z.strictObject({ timestamp: Timestamp }),
    { upcasters: [withoutTimestamp], steps: { '1.4.1': 3, '1.4.2': 5 }, words: 'the PNE is authenticated' },
  ),
  PneAuthenticationFailed: event(
    'The PNE did not prove itself, or what was said about it on the way was altered.',
    z.strictObject({ reason: z.enum([...authenticationFailures, 'unknownDevice']) }),
    { steps: { '1.4.1': 3, '1.4.2': 5 }, words: 'the PNE is not authenticated' },
  ),
  RegistrationDenied: event('The PN does not take the PNE.', z.strictObject({ code: Code }), {
    steps: { '1.4.1': 3, '1.4.2': 5 },
    words: 'denied',
  }),
  CpnsIdAllocated: event('The PNE has its CPNS ID.', z.strictObject({ deviceId: Id, cpnsId: CpnsId }), {
    steps: { '1.4.1': 3, '1.4.2': 5 },
    words: 'CPNS ID allocated',
  }),
  RegistrationAnswered: event(
    'The CPNS Server answered with response code and security information.',
    z.strictObject({
      requestId: Id,
      code: Code,
      cpnsId: CpnsId.nullable(),
      keyId: KeyId.nullable(),
      handshake: HandshakeMessage.nullable(),
    }),
    { steps: { '1.4.1': 3, '1.4.2': 5 }, words: 'PNE Registration Response' },
  ),
  SecureSessionEstablished: event(
    'The first sealed message of the PNE arrived: both ends hold the same keys.',
    z.strictObject({ keyId: KeyId }),
    { steps: { '1.4.1': 4, '1.4.2': 6 }, words: 'opened the first sealed message of the PNE' },
  ),
  SecureSessionClosed: event(
    'The session is over; its keys are destroyed.',
    z.strictObject({ keyId: KeyId, reason: z.enum(['replaced', 'ended', 'revoked', 'expired', 'withdrawn']) }),
  ),
} as const;

export type RegistrationEvent = EventOf<typeof registrationEvents>;
