import { finding } from '../finding.ts';
import { NUMBER } from '../scratch/shelf.ts';
import { text } from './reading.ts';
import type { Rule } from './watch.ts';

const ID = 'I6';

/** Which event is the outcome of the request with which id, by the chart that gives it. */
export const OUTCOMES: { readonly [chart: string]: { readonly [type: string]: string } } = {
  'cpns-server/registration': { RegistrationAnswered: 'requestId' },
  'cpns-server/gateway-registration': { GatewayRegistrationAnswered: 'requestId' },
  'cpns-server/personal-network': { PnUpdateAnswered: 'updateId', PnEstablishmentAnswered: 'requestId' },
  'cpns-server/charging': { GatewayUsageReceived: 'reportId' },
  'pn-gateway/admission': { ResponseForwarded: 'requestId' },
  'pne/registration': {
    RegistrationAccepted: 'requestId',
    RegistrationRefused: 'requestId',
    RegistrationTimedOut: 'requestId',
  },
};

export const oneOutcome: Rule = {
  id: ID,
  states: 'Each request gets exactly one outcome on each hop.',
  types: [...new Set(Object.values(OUTCOMES).flatMap(Object.keys))],
  scope: 'journal',
  watch({ scratch, report }) {
    const outcomes = scratch.shelf(NUMBER);
    return {
      take(seen) {
        const { event } = seen;
        const field = OUTCOMES[event.meta.chart.id]?.[event.type];
        if (field === undefined) return;
        const request = `${event.stream} ${text(event, field)}`;
        const before = outcomes.get(request);
        if (before === undefined) outcomes.set(request, event.position);
        else report(finding(ID, seen, `${text(event, field)} had an outcome already, at position ${before}`));
      },
    };
  },
};
