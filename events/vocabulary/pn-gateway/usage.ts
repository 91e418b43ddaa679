import { z } from 'zod';
import { Code, Id, UsageSums } from '../../fields.ts';
import { answerOverdue, event, NoData, sharedEvents, type EventOf } from '../define.ts';

/** Chart `pn-gateway/usage`, stream `usage/<gatewayId>/<deviceId>`, in the journal of the gateway. */
export const gatewayUsageEvents = {
  ...sharedEvents,
  UsageRecorded: event(
    'The PN GW sums up what it relayed for one PNE.',
    z.strictObject({ pnId: Id, usage: UsageSums }),
  ),
  UsageReported: event(
    'The PN GW reports to the CPNS Server what it has recorded.',
    z.strictObject({ reportId: Id, pnId: Id, usage: UsageSums }),
  ),
  AnswerOverdue: answerOverdue,
  UsageReportAnswered: event('The CPNS Server answered the report.', z.strictObject({ reportId: Id, code: Code })),
  BackOffEnded: event('The time to wait after a temporary refusal is over.', NoData),
} as const;

export type GatewayUsageEvent = EventOf<typeof gatewayUsageEvents>;
