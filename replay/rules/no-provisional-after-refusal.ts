import { finding } from '../finding.ts';
import { changesOf, Inventory, INVENTORY_EVENTS, isOf, streamIds } from './reading.ts';
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
        if (event.type !== 'RegistrationAnswered' || event.data['code'] === 200) return;
        const ids = streamIds(event, 'cpns-server/registration');
        if (ids === null) return;
        const { pnId, deviceId } = ids;
        if (inventory.status(pnId, deviceId) === 'provisional')
          report(finding(ID, seen, `${deviceId} is refused, and still provisional in ${pnId}`));
      },
    };
  },
};
