import { z } from 'zod';
import {
  Code,
  HandshakeMessage,
  Id,
  InventoryChanges,
  JoinPolicy,
  KeyId,
  MAX_PNS,
  Revision,
  Timestamp,
} from '../../fields.ts';
import { answerOverdue, event, NoData, Request, sharedEvents, type EventOf } from '../define.ts';
import { withoutTimestamp } from '../upcasters.ts';

/** Chart `pn-gateway/gateway`, stream `gateway/<gatewayId>`, in the journal of the gateway. */
export const pnGatewayEvents = {
  ...sharedEvents,
  GatewayRegistrationWanted: event(
    'The PN GW was started with these PNs, or its time to try again has come.',
    z.strictObject({ gatewayId: Id, pns: z.array(Id).max(MAX_PNS) }),
  ),
  GatewayRegistrationRequested: event(
    'The PN GW sends its own registration request (mutual authentication and key exchange).',
    z.strictObject({ requestId: Id, handshake: HandshakeMessage, timestamp: Timestamp }),
    { upcasters: [withoutTimestamp] },
  ),
  GatewayRegistered: event(
    'The PN GW and the CPNS Server have authenticated each other.',
    z.strictObject({ requestId: Id, keyId: KeyId }),
  ),
  GatewaySessionClosed: event(
    'Another session takes the place of this one, whose keys are destroyed.',
    z.strictObject({ keyId: KeyId, reason: z.enum(['replaced']) }),
  ),
  GatewaySessionLost: event(
    'The CPNS Server says, unsealed, that it does not have the session of this PN GW.',
    z.strictObject({ keyId: KeyId }),
  ),
  GatewayRegistrationRefused: event('The server refused the PN GW.', z.strictObject({ requestId: Id, code: Code })),
  GatewayRegistrationTimedOut: event('The server did not answer the PN GW.', Request),
  BackOffEnded: event('The time to wait before the next try is over.', NoData),
  AnswerOverdue: answerOverdue,
  PnEstablishmentRequested: event(
    'The PN GW asks to establish a PN, or for what its inventory lacks.',
    z.strictObject({ requestId: Id, pnId: Id, revision: Revision }),
  ),
  PnEstablished: event(
    'The PN is established through this PN GW.',
    z.strictObject({ pnId: Id, joinPolicy: JoinPolicy }),
  ),
  PnEstablishmentRefused: event('The server refused the PN.', z.strictObject({ pnId: Id, code: Code })),
  PnEstablishmentOverdue: event(
    'No answer came in time to the request about this PN.',
    z.strictObject({ pnId: Id, attempt: z.int().min(1) }),
  ),
  LocalInventoryUpdated: event(
    'The local PN Inventory follows the server to a later revision.',
    z.strictObject({ inventory: InventoryChanges }),
    { steps: { '1.4.1': 3, '1.4.2': 5 }, words: 'local PN Inventory follows' },
  ),
} as const;

export type PnGatewayEvent = EventOf<typeof pnGatewayEvents>;
