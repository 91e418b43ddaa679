import { z } from 'zod';
import { Code, CpnsId, HandshakeMessage, Id, KeyId, Timestamp } from '../../fields.ts';
import { answerOverdue, event, NoData, Request, sessionEvents, sharedEvents, type EventOf } from '../define.ts';
import { withoutTimestamp } from '../upcasters.ts';

/** Chart `pne/registration`, stream `pne/<deviceId>`, in the journal of the device. */
export const pneRegistrationEvents = {
  ...sharedEvents,
  ...sessionEvents,
  RegistrationWanted: event(
    'The device was told to register, or its time to try again has come.',
    z.strictObject({ deviceId: Id, pnId: Id, gatewayId: Id, pairing: z.enum(['needed', 'none']) }),
    { words: 'is told to register' },
  ),
  PairingRequested: event('The device asks the PN GW for physical pairing.', Request, {
    steps: { '1.4.2': 1 },
    words: 'asks the PN GW to pair',
  }),
  PairingFormed: event('The device is paired with the PN GW.', z.strictObject({ requestId: Id, gatewayId: Id }), {
    steps: { '1.4.2': 1 },
    words: 'pairing formed',
  }),
  PairingRefused: event('The PN GW refused the pairing.', z.strictObject({ requestId: Id, code: Code }), {
    words: 'pairing refused',
  }),
  PairingTimedOut: event('Pairing had no answer after the last attempt.', Request, {
    words: 'no pairing after the last attempt',
  }),
  RegistrationRequested: event(
    'The device sends its PNE Registration Request with the ID of its PN.',
    z.strictObject({ requestId: Id, pnId: Id, gatewayId: Id, handshake: HandshakeMessage, timestamp: Timestamp }),
    {
      upcasters: [withoutTimestamp],
      steps: { '1.4.1': 1, '1.4.2': 2 },
      words: 'PNE Registration Request, with the ID of its PN',
    },
  ),
  AnswerOverdue: answerOverdue,
  RegistrationAccepted: event(
    'The CPNS Server registered the device and proved itself.',
    z.strictObject({ requestId: Id, code: z.literal(200), cpnsId: CpnsId, keyId: KeyId }),
    { steps: { '1.4.1': 4, '1.4.2': 6 }, words: 'registered' },
  ),
  SecureSessionEstablished: event('The secure session PNE <-> CPNS Server stands.', z.strictObject({ keyId: KeyId }), {
    steps: { '1.4.1': 4, '1.4.2': 6 },
    words: 'secure session with the CPNS Server',
  }),
  SecureSessionConfirmed: event(
    'A sealed message came back: the server holds the same keys.',
    z.strictObject({ keyId: KeyId }),
    { steps: { '1.4.1': 4, '1.4.2': 6 }, words: 'opened the sealed answer: both ends hold the same keys' },
  ),
  SecureSessionClosed: event(
    'The session is over; its keys are destroyed.',
    z.strictObject({ keyId: KeyId, reason: z.enum(['replaced', 'unconfirmed', 'ended']) }),
  ),
  RegistrationRefused: event('The registration was refused.', z.strictObject({ requestId: Id, code: Code }), {
    steps: { '1.4.1': 4, '1.4.2': 6 },
    words: 'refused',
  }),
  RegistrationTimedOut: event('The registration had no answer after the last attempt.', Request, {
    words: 'no answer after the last attempt',
  }),
  BackOffEnded: event('The time to wait after a temporary refusal is over.', NoData),
} as const;

export type PneRegistrationEvent = EventOf<typeof pneRegistrationEvents>;
