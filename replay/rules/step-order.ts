import type { RecordedEvent } from '../../journal/port.ts';
import { CHART_IDS, isChartId, vocabularyOf } from '../../machines/catalogue.ts';
import { finding } from '../finding.ts';
import { NUMBER } from '../scratch/shelf.ts';
import { changesOf, text } from './reading.ts';
import type { Rule } from './watch.ts';

const ID = 'steps';

/** The step of each flow with which a further attempt of the same registration may begin at a role. */
const FIRST: { readonly [role: string]: { readonly [flow: string]: number } } = {
  pne: { '1.4.1': 1, '1.4.2': 1 },
  'pn-gateway': { '1.4.1': 1, '1.4.2': 2 },
  'cpns-server': { '1.4.1': 3, '1.4.2': 4 },
};

/** With it a PN GW has answered; it takes no other request of the PNE before. */
const LAST: { readonly [flow: string]: number } = { '1.4.1': 4, '1.4.2': 6 };

/**
 * Follows whichever answer of the server, also one that comes when the PNE was told otherwise: then a further attempt may
 * have begun.
 */
const FOLLOWS = 'LocalInventoryUpdated';

/** The PN GW asks once more whether the PNE is in the local inventory, right before it forwards the request. */
const AGAIN = { type: 'AdmissionRefused', after: '1.4.2/4' } as const;

/**
 * The PNE that a step is about, and its PN or PN GW: PNEs choose correlation ids, so two of them may choose the same. Where
 * the event does not name it, its stream does, at the end.
 */
function whoseIs(event: RecordedEvent): string {
  const [, within = '', ...rest] = event.stream.split('/');
  return `${within} ${text(event, 'deviceId') ?? changesOf(event)?.changes[0]?.deviceId ?? rest.at(-1) ?? ''}`;
}

/** Types of the events that are a step. */
const STEPS = CHART_IDS.flatMap((id) =>
  Object.entries(vocabularyOf(id)).flatMap(([type, { steps }]) => (Object.keys(steps).length === 0 ? [] : [type])),
);

/** Whether an event belongs to an attempt yet to come. */
const isAhead = (chart: string, type: string): boolean =>
  isChartId(chart) && vocabularyOf(chart)[type]?.ahead !== undefined;

export const stepOrder: Rule = {
  id: ID,
  states: 'The steps of 1.4.1 and 1.4.2 come in their order, within one registration at each role.',
  types: [...new Set(STEPS)],
  scope: 'journal',
  watch({ scratch, report }) {
    const reached = scratch.shelf(NUMBER);
    return {
      take(seen) {
        const { type, meta } = seen.event;
        const { correlationId, role, chart, crStep } = meta;
        if (crStep === null || type === FOLLOWS || isAhead(chart.id, type)) return;
        const [flow = '', number = ''] = crStep.split('/');
        const isOfGateway = role === 'pn-gateway';
        // A PN GW works on one request of a PNE after the other, whichever correlation ids the PNE gives them.
        const key = `${isOfGateway ? '' : correlationId} ${role} ${whoseIs(seen.event)} ${flow}`;
        const step = Number(number);
        const before = reached.get(key);
        if (type === AGAIN.type && `${flow}/${before}` === AGAIN.after) return;
        const begins = step === FIRST[role]?.[flow] && (!isOfGateway || before === LAST[flow]);
        if (before !== undefined && step < before && !begins)
          report(finding(ID, seen, `${crStep} of this registration comes after ${flow}/${before}`));
        reached.set(key, step);
      },
    };
  },
};
