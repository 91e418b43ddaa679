import { defineChart } from '../chart.ts';
import { initialContext, terms } from './charging-terms.ts';

/** Chart of one PNE in one PN: `charging/<pnId>/<deviceId>`. */
export const charging = defineChart('cpns-server/charging', terms, {
  description:
    'The CPNS Server keeps two counts of what one PNE uses: its own, and what the PN GW reports. Neither corrects the other.',
  context: initialContext,
  initial: 'counting',
  on: {
    MessageRefused: { actions: 'countRefusal', description: 'A message that this state cannot take.' },
  },
  states: {
    counting: {
      description: 'Takes both counts as they come; the charging projection sets them side by side.',
      on: {
        UsageRecorded: { actions: 'addToServer', description: 'What the server itself has counted.' },
        GatewayUsageReceived: {
          actions: ['keepReport', 'addToGateway', 'answer usage-report-response'],
          description: 'What the PN GW has counted. The same report again gets its stored answer and is not counted.',
        },
      },
    },
  },
});
