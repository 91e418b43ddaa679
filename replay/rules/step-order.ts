import { CHANGE_REQUEST_STEPS } from '../../events/steps.ts';
import { finding } from '../finding.ts';
import { NUMBER } from '../scratch/shelf.ts';
import type { Rule } from './watch.ts';

const ID = 'steps';

/** The first step of each flow that a role takes: with it a further attempt may begin under the same correlation id. */
const FIRST: { readonly [role: string]: { readonly [flow: string]: number } } = {
  pne: { '1.4.1': 1, '1.4.2': 1 },
  'pn-gateway': { '1.4.1': 1, '1.4.2': 1 },
  'cpns-server': { '1.4.1': 3, '1.4.2': 4 },
};

export const stepOrder: Rule = {
  id: ID,
  states: 'The steps of 1.4.1 and 1.4.2 come in their order, within one registration at each role.',
  types: [...new Set(Object.values(CHANGE_REQUEST_STEPS).flatMap(Object.keys))],
  scope: 'journal',
  watch({ scratch, report }) {
    const reached = scratch.shelf(NUMBER);
    return {
      take(seen) {
        const { correlationId, role, crStep } = seen.event.meta;
        if (crStep === null) return;
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
