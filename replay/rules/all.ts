import { betweenJournals } from './between-journals.ts';
import { cpnsIdAfterAuthentication } from './cpns-id-after-authentication.ts';
import { cpnsIdOfOneDevice } from './cpns-id-of-one-device.ts';
import { envelope } from './envelope.ts';
import { forwardsOnlyMembers } from './forwards-only-members.ts';
import { inventoryChain } from './inventory-chain.ts';
import { inventoryAndRegistration } from './inventory-and-registration.ts';
import { noProvisionalAfterRefusal } from './no-provisional-after-refusal.ts';
import { oneOutcome } from './one-outcome.ts';
import { sessionOfRegistration } from './sessions.ts';
import { stepOrder } from './step-order.ts';
import type { Rule } from './watch.ts';

/** What an auditor holds records against, beside the charts. */
export const RULES: readonly Rule[] = [
  cpnsIdAfterAuthentication,
  cpnsIdOfOneDevice,
  inventoryAndRegistration,
  forwardsOnlyMembers,
  oneOutcome,
  inventoryChain,
  sessionOfRegistration,
  noProvisionalAfterRefusal,
  stepOrder,
  envelope,
  betweenJournals,
];
