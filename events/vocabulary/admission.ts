import { z } from 'zod';
import { Code, HandshakeMessage, Id, MemberStatus, Revision } from '../fields.ts';
import { answerOverdue, event, Request, sharedEvents, type EventOf } from './define.ts';

/** Chart `pn-gateway/admission`, stream `admission/<gatewayId>/<deviceId>`, in the journal of the gateway. */
export const admissionEvents = {
  ...sharedEvents,
  PairingFormed: event('The PN GW is paired with the PNE.', z.strictObject({ requestId: Id, deviceId: Id })),
  RegistrationRequestReceived: event(
    'The PN GW received a PNE Registration Request.',
    z.strictObject({ requestId: Id, deviceId: Id, pnId: Id, handshake: HandshakeMessage }),
  ),
  MembershipConfirmed: event(
    'The PNE is in the local inventory of an established PN.',
    z.strictObject({ pnId: Id, revision: Revision, status: MemberStatus }),
  ),
  MembershipMissing: event(
    'The PNE is not a member of the established PN.',
    z.strictObject({ pnId: Id, revision: Revision }),
  ),
  AdmissionRefused: event('The PN GW refused by itself.', z.strictObject({ requestId: Id, code: Code })),
  PnUpdateRequested: event(
    'The PN GW asks the CPNS Server to add the PNE to the PN, or to take it out again.',
    z.strictObject({ updateId: Id, pnId: Id, action: z.enum(['add', 'remove']) }),
  ),
  PnUpdateAnswered: event(
    'The CPNS Server answered the PN Update Request.',
    z.strictObject({ updateId: Id, code: Code }),
  ),
  RegistrationForwarded: event('The PN GW sent the PNE Registration Request on to the CPNS Server.', Request),
  AnswerOverdue: answerOverdue,
  RegistrationAnswered: event(
    'The CPNS Server answered the PNE Registration Request.',
    z.strictObject({ requestId: Id, code: Code, handshake: HandshakeMessage.nullable() }),
  ),
  RegistrationTimedOut: event('The CPNS Server did not answer after the last attempt.', Request),
  ResponseForwarded: event('The PN GW passed the answer on to the PNE.', z.strictObject({ requestId: Id, code: Code })),
  LateAnswerReceived: event(
    'The answer came after the PNE had been told that the server is unreachable.',
    z.strictObject({ requestId: Id, code: Code }),
  ),
} as const;

export type AdmissionEvent = EventOf<typeof admissionEvents>;
