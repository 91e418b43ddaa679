import { z } from 'zod';
import { Id, UsageSums } from '../../fields.ts';
import { event, sharedEvents, type EventOf } from '../define.ts';

/** Chart `cpns-server/charging`, stream `charging/<pnId>/<deviceId>`, in the journal of the server. */
export const chargingEvents = {
  ...sharedEvents,
  UsageRecorded: event('The CPNS Server sums up what it exchanged with one PNE.', z.strictObject({ usage: UsageSums })),
  GatewayUsageReceived: event(
    'The PN GW reported what it relayed for the PNE.',
    z.strictObject({ reportId: Id, gatewayId: Id, usage: UsageSums }),
  ),
} as const;

export type ChargingEvent = EventOf<typeof chargingEvents>;
