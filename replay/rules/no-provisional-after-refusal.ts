import { finding } from '../finding.ts';
import { changesOf, Inventory, INVENTORY_EVENTS, isOf } from './reading.ts';
import type { Rule } from './watch.ts';

const ID = 'I11';

export const noProvisionalAfterRefusal: Rule = {
  id: ID,
  states: 'After a refusal no provisional PNE stays.',
  types: ['RegistrationAnswered', ...INVENTORY_EVENTS],
  scope: 'journal',
  watch({ scratch, report }) {
    const inventory = new Inventory(scratch);
    return {
      take(seen) {
        const { event } = seen;
        const changes = isOf(event, 'cpns-server/personal-network') ? changesOf(event) : null;
        if (changes !== null) inventory.apply(changes);
        if (event.type !== 'RegistrationAnswered' || !isOf(event, 'cpns-server/registration')) return;
        const [, pnId = '', deviceId = ''] = event.stream.split('/');
        if (event.data['code'] !== 200 && inventory.status(pnId, deviceId) === 'provisional')
          report(finding(ID, seen, `${deviceId} is refused, and still provisional in ${pnId}`));
      },
    };
  },
};
