import { describe, it } from 'vitest';
import type { UsageSum } from '../../../events/fields.ts';
import { charging as chart } from '../../../machines/cpns-server/charging.ts';
import { answer, given, KEY_1, messageRefused, type EventOfChart } from '../given.ts';

type Event = EventOfChart<'cpns-server/charging'>;

const sum = (messages: number, bytes: number): UsageSum => ({
  keyId: KEY_1,
  serviceId: 'echo',
  direction: 'up',
  messages,
  bytes,
  from: 0,
  to: 1,
});
const recorded = (...usage: UsageSum[]): Event => ({ type: 'UsageRecorded', data: { usage } });
const received = (reportId: string, ...usage: UsageSum[]): Event => ({
  type: 'GatewayUsageReceived',
  data: { reportId, gatewayId: 'hub', usage },
});

describe('the CPNS Server counts for charging', () => {
  it('what it exchanged with the PNE itself', () => {
    given(chart, [recorded(sum(1, 10))])
      .when(recorded(sum(2, 20), sum(3, 30)))
      .thenTaken({
        state: 'counting',
        effects: [],
        context: { server: { messages: 6, bytes: 60 }, gateway: { messages: 0, bytes: 0 } },
      });
  });

  it('beside it what the PN GW reports, which it answers and does not correct', () => {
    given(chart, [recorded(sum(1, 10)), received('r1', sum(4, 40))])
      .when(received('r2', sum(5, 50)))
      .thenTaken({
        state: 'counting',
        effects: [answer('usage-report-response')],
        context: {
          server: { messages: 1, bytes: 10 },
          gateway: { messages: 9, bytes: 90 },
          gatewayId: 'hub',
          reportId: 'r2',
        },
      });
  });

  it('up to the largest whole number, whatever a PN GW claims', () => {
    const most = sum(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    given(chart, [received('r1', most)])
      .when(received('r2', most, most))
      .thenTaken({
        state: 'counting',
        effects: [answer('usage-report-response')],
        context: { gateway: { messages: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER } },
      });
  });

  it('and what it refused', () => {
    given(chart, [messageRefused(2)])
      .when(messageRefused(3))
      .thenTaken({ state: 'counting', effects: [], context: { refusals: 5 } });
  });
});
