import { finding } from '../finding.ts';
import { TEXT } from '../scratch/shelf.ts';
import { changesOf, Inventory, streamIds, text } from './reading.ts';
import type { Rule } from './watch.ts';

const ID = 'I5';

export const forwardsOnlyMembers: Rule = {
  id: ID,
  states: 'The PN GW forwards a registration only for a PNE that is in its inventory at that moment.',
  types: ['LocalInventoryUpdated', 'RegistrationRequestReceived', 'RegistrationForwarded'],
  scope: 'journal',
  watch({ scratch, report }) {
    const local = new Inventory(scratch);
    const wanted = scratch.shelf(TEXT);
    return {
      take(seen) {
        const { event } = seen;
        const { stream, type } = event;
        const changes = type === 'LocalInventoryUpdated' ? changesOf(event) : null;
        if (changes !== null) local.apply(changes);
        const ids = streamIds(event, 'pn-gateway/admission');
        if (ids === null) return;
        if (type === 'RegistrationRequestReceived') wanted.set(stream, text(event, 'pnId') ?? '');
        if (type !== 'RegistrationForwarded') return;
        const pnId = wanted.get(stream) ?? '';
        const { deviceId } = ids;
        if (local.status(pnId, deviceId) === null)
          report(finding(ID, seen, `${deviceId} is not in ${pnId}, as the PN GW has it`));
      },
    };
  },
};
