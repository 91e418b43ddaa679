import { streamOf } from '../../machines/streams.ts';
import { finding, type Seen } from '../finding.ts';
import { TEXT } from '../scratch/shelf.ts';
import { changesOf, INVENTORY_EVENTS, isOf, text } from './reading.ts';
import type { Rule } from './watch.ts';

const ID = 'I1';

export const cpnsIdAfterAuthentication: Rule = {
  id: ID,
  states: 'No CPNS ID without an earlier PneAuthenticated in the same registration.',
  types: [
    'RegistrationRequestReceived',
    'PneAuthenticated',
    'CpnsIdAllocated',
    'RegistrationAnswered',
    ...INVENTORY_EVENTS,
  ],
  scope: 'journal',
  watch({ scratch, report }) {
    const authenticated = scratch.shelf(TEXT);
    const allocated = scratch.shelf(TEXT);
    const registration = (seen: Seen): void => {
      const { event } = seen;
      const { stream, type } = event;
      const cpnsId = text(event, 'cpnsId');
      if (type === 'RegistrationRequestReceived') authenticated.delete(stream);
      if (type === 'PneAuthenticated') authenticated.set(stream, 'yes');
      if (type === 'CpnsIdAllocated') allocated.set(stream, cpnsId ?? '');
      if (cpnsId === null) return;
      if (authenticated.get(stream) === undefined)
        report(finding(ID, seen, 'a CPNS ID, and the PNE was not authenticated in this registration'));
      if (allocated.get(stream) !== cpnsId) report(finding(ID, seen, 'this CPNS ID was not allocated'));
    };
    return {
      take(seen) {
        if (isOf(seen.event, 'cpns-server/registration')) registration(seen);
        if (!isOf(seen.event, 'cpns-server/personal-network')) return;
        const inventory = changesOf(seen.event);
        if (inventory === null) return;
        const { pnId, changes } = inventory;
        for (const { cpnsId, deviceId } of changes) {
          if (cpnsId === null) continue;
          if (allocated.get(streamOf('cpns-server/registration', { pnId, deviceId })) === cpnsId) continue;
          report(finding(ID, seen, `shows ${deviceId} with ${cpnsId}, which it was not given`));
        }
      },
    };
  },
};
