import { z } from 'zod';
import { Code, HandshakeMessage, Id, MemberStatus, Revision } from '../../fields.ts';
import { answerOverdue, event, Request, sharedEvents, type EventOf } from '../define.ts';

/** Chart `pn-gateway/admission`, stream `admission/<gatewayId>/<deviceId>`, in the journal of the gateway. */
export const admissionEvents = {
  ...sharedEvents,
  PairingFormed: event('The PN GW is paired with the PNE.', z.strictObject({ requestId: Id, deviceId: Id }), {
    steps: { '1.4.2': 1 },
    ahead: '1.4.2',
    words: 'pairing formed',
  }),
  RegistrationRequestReceived: event(
    'The PN GW received a PNE Registration Request.',
    z.strictObject({ requestId: Id, deviceId: Id, pnId: Id, handshake: HandshakeMessage }),
    { steps: { '1.4.1': 1, '1.4.2': 2 }, words: 'received' },
  ),
  MembershipConfirmed: event(
    'The PNE is in the local inventory of an established PN.',
    z.strictObject({ pnId: Id, revision: Revision, status: MemberStatus }),
    { steps: { '1.4.1': 2, '1.4.2': 3 }, words: 'is a member of the established PN' },
  ),
  MembershipMissing: event(
    'The PNE is not a member of the established PN.',
    z.strictObject({ pnId: Id, revision: Revision }),
    { steps: { '1.4.2': 3 }, words: 'is not a member of the established PN' },
  ),
  AdmissionRefused: event('The PN GW refused by itself.', z.strictObject({ requestId: Id, code: Code }), {
    steps: { '1.4.1': 2, '1.4.2': 3 },
    words: 'refused by the PN GW',
  }),
  PnUpdateRequested: event(
    'The PN GW asks the CPNS Server to add the PNE to the PN, or to take it out again.',
    z.strictObject({ updateId: Id, pnId: Id, action: z.enum(['add', 'remove']) }),
    {
      steps: { '1.4.2': 4 },
      words: ({ action }) => `PN Update Request: ${action === 'remove' ? 'remove' : 'add'} the PNE`,
    },
  ),
  PnUpdateAnswered: event(
    'The CPNS Server answered the PN Update Request.',
    z.strictObject({ updateId: Id, code: Code }),
    { steps: { '1.4.2': 4 }, words: 'received' },
  ),
  RegistrationForwarded: event('The PN GW sent the PNE Registration Request on to the CPNS Server.', Request, {
    steps: { '1.4.1': 3, '1.4.2': 5 },
    words: 'PNE Registration Request, forwarded',
  }),
  AnswerOverdue: answerOverdue,
  RegistrationAnswered: event(
    'The CPNS Server answered the PNE Registration Request.',
    z.strictObject({ requestId: Id, code: Code, handshake: HandshakeMessage.nullable() }),
    { steps: { '1.4.1': 3, '1.4.2': 5 }, words: 'received' },
  ),
  RegistrationTimedOut: event('The CPNS Server did not answer after the last attempt.', Request, {
    words: 'no answer after the last attempt',
  }),
  ResponseForwarded: event(
    'The PN GW passed the answer on to the PNE.',
    z.strictObject({ requestId: Id, code: Code }),
    { steps: { '1.4.1': 4, '1.4.2': 6 }, words: 'PNE Registration Response, forwarded' },
  ),
  LateAnswerReceived: event(
    'The answer came after the PNE had been told that the server is unreachable.',
    z.strictObject({ requestId: Id, code: Code }),
    { words: 'an answer, too late' },
  ),
} as const;

export type AdmissionEvent = EventOf<typeof admissionEvents>;
