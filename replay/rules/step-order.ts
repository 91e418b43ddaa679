import type { RecordedEvent } from '../../events/journal/port.ts';
import { CHANGE_REQUEST_STEPS } from '../../events/steps.ts';
import { finding } from '../finding.ts';
import { NUMBER, TEXT } from '../scratch/shelf.ts';
import { text } from './reading.ts';
import type { Rule } from './watch.ts';

const ID = 'steps';

/** The first step of each flow that a role takes: with it a further attempt may begin under the same correlation id. */
const FIRST: { readonly [role: string]: { readonly [flow: string]: number } } = {
  pne: { '1.4.1': 1, '1.4.2': 1 },
  'pn-gateway': { '1.4.1': 1, '1.4.2': 1 },
  'cpns-server': { '1.4.1': 3, '1.4.2': 4 },
};

/**
 * Follows whichever answer of the server, also one that comes when the PNE was told otherwise: then a further attempt may
 * have begun.
 */
const FOLLOWS = 'LocalInventoryUpdated';

export const stepOrder: Rule = {
  id: ID,
  states: 'The steps of 1.4.1 and 1.4.2 come in their order, within one registration at each role.',
  types: [...new Set(Object.values(CHANGE_REQUEST_STEPS).flatMap(Object.keys))],
  scope: 'journal',
  watch({ scratch, report }) {
    const reached = scratch.shelf(NUMBER);
    const withdrawals = scratch.shelf(TEXT);
    /** A stranger that the server was silent about is taken out again; earlier programs said that this was a step. */
    const isOfWithdrawal = (event: RecordedEvent): boolean => {
      const updateId = text(event, 'updateId');
      if (updateId === null || event.meta.role !== 'pn-gateway') return false;
      if (text(event, 'action') === 'remove') withdrawals.set(updateId, event.type);
      return withdrawals.get(updateId) !== undefined;
    };
    return {
      take(seen) {
        const { correlationId, role, crStep } = seen.event.meta;
        if (crStep === null || seen.event.type === FOLLOWS || isOfWithdrawal(seen.event)) return;
        const [flow = '', number = ''] = crStep.split('/');
        const key = `${correlationId} ${role} ${flow}`;
        const step = Number(number);
        const before = reached.get(key);
        const isFirst = step === FIRST[role]?.[flow];
        if (before !== undefined && step < before && !isFirst)
          report(finding(ID, seen, `${crStep} of this registration comes after ${flow}/${before}`));
        reached.set(key, step);
      },
    };
  },
};
