import { z } from 'zod';
import { Code, Id, InventoryChanges, JoinPolicy } from '../../fields.ts';
import { event, sharedEvents, type EventOf } from '../define.ts';

const Inventory = z.strictObject({ inventory: InventoryChanges });

/** Chart `cpns-server/personal-network`, stream `pn/<pnId>`, in the journal of the server. */
export const personalNetworkEvents = {
  ...sharedEvents,
  PnProvisioned: event(
    'The operator set the PN up: its PN GW and who may join.',
    z.strictObject({ pnId: Id, gatewayId: Id, joinPolicy: JoinPolicy }),
  ),
  MembersProvisioned: event('The operator listed PNEs as members of the PN.', Inventory),
  PnReleased: event('The operator released the PN.', z.strictObject({ pnId: Id })),
  PnEstablishmentReceived: event(
    'The PN GW asked to establish the PN, or for what its inventory lacks.',
    z.strictObject({ requestId: Id, gatewayId: Id, revision: z.int().min(0) }),
  ),
  PnEstablished: event('The PN is established through its PN GW.', z.strictObject({ pnId: Id, gatewayId: Id })),
  PnEstablishmentAnswered: event(
    'The CPNS Server answered about the PN.',
    z.strictObject({ requestId: Id, gatewayId: Id, code: Code, revision: z.int().min(0) }),
  ),
  PnUpdateReceived: event(
    'The CPNS Server received a PN Update Request.',
    z.strictObject({ updateId: Id, gatewayId: Id, deviceId: Id, action: z.enum(['add', 'remove']) }),
    { steps: { '1.4.2': 4 }, words: ({ action }) => (action === 'remove' ? 'received: remove the PNE' : 'received') },
  ),
  PneAdded: event('The PNE is in the PN Inventory, provisionally until it is authenticated.', Inventory, {
    steps: { '1.4.2': 4 },
    words: 'PN Inventory: provisional',
  }),
  PnUpdateAnswered: event(
    'The CPNS Server answered the PN Update Request.',
    z.strictObject({ updateId: Id, gatewayId: Id, deviceId: Id, code: Code }),
    { steps: { '1.4.2': 4 }, words: 'PN Update Response' },
  ),
  PneApproved: event(
    'An operator let a waiting PNE in: it is a member of the PN.',
    z.strictObject({ inventory: InventoryChanges, by: Id }),
    { words: 'PN Inventory: a member, as an operator decided' },
  ),
  PneRejected: event('An operator turned a waiting PNE away.', z.strictObject({ deviceId: Id, by: Id }), {
    words: 'turned away by an operator',
  }),
  InventoryUpdated: event('The PN Inventory shows the PNE as registered.', Inventory, {
    steps: { '1.4.1': 3, '1.4.2': 5 },
    words: 'PN Inventory: registered',
  }),
  ProvisionalOverdue: event('A provisional PNE was not registered in time.', z.strictObject({ deviceId: Id })),
  PneRemoved: event(
    'The PNE is no longer in the PN Inventory.',
    z.strictObject({ inventory: InventoryChanges, reason: z.enum(['refused', 'timedOut', 'withdrawn']) }),
    { steps: { '1.4.2': 5 }, words: 'PN Inventory: provisional PNE removed' },
  ),
} as const;

export type PersonalNetworkEvent = EventOf<typeof personalNetworkEvents>;
