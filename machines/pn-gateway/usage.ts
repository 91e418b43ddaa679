import { defineChart } from '../chart.ts';
import { initialContext, terms } from './usage-terms.ts';

/** Chart of one PNE at one PN GW: `usage/<gatewayId>/<deviceId>`. */
export const gatewayUsage = defineChart('pn-gateway/usage', terms, {
  description: 'A PN GW records what it relays for one PNE and reports it to the CPNS Server, each sum in one report.',
  context: initialContext,
  initial: 'idle',
  on: {
    MessageRefused: { actions: 'countRefusal', description: 'A message that this state cannot take.' },
  },
  states: {
    idle: {
      description: 'All that was recorded is reported.',
      on: {
        UsageRecorded: {
          guard: 'hasRoom',
          target: 'reporting',
          actions: 'addUsage',
          description: 'There is something to report.',
        },
      },
    },
    reporting: {
      description: 'Writes the next report.',
      entry: 'ask reportUsage',
      on: {
        UsageReported: { target: 'awaitingAnswer', actions: 'keepReport', description: 'The report is ready.' },
      },
    },
    awaitingAnswer: {
      description: 'Sends the report until it is answered; what is recorded meanwhile goes into the next one.',
      entry: ['first answer', 'send usage-report', 'arm answer'],
      exit: ['disarm answer', 'settle usage-report'],
      on: {
        UsageRecorded: { guard: 'hasRoom', actions: 'addUsage', description: 'For the next report.' },
        AnswerOverdue: {
          actions: ['next answer', 'resend usage-report', 'arm answer'],
          description: 'No answer yet: sends the same report again, for ever.',
        },
        UsageReportAnswered: [
          {
            guard: 'isTemporaryRefusal',
            target: 'backingOff',
            actions: 'takeBack',
            description: 'Not taken now: it goes into a later report.',
          },
          {
            guard: 'isLastReport',
            target: 'idle',
            actions: 'forgetReport',
            description: 'Taken, or refused for good: it is not reported twice.',
          },
          {
            guard: 'isCurrentReport',
            target: 'reporting',
            actions: 'forgetReport',
            description: 'Taken, or refused for good; there is more.',
          },
        ],
      },
    },
    backingOff: {
      description: 'The server took no report; waits before the next one.',
      entry: 'arm backOff',
      on: {
        UsageRecorded: { guard: 'hasRoom', actions: 'addUsage', description: 'For the next report.' },
        BackOffEnded: { target: 'reporting', description: 'Has waited long enough.' },
      },
    },
  },
});
