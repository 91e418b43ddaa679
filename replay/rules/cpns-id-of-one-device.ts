import type { RecordedEvent } from '../../journal/port.ts';
import { idInStream } from '../../machines/streams.ts';
import { finding } from '../finding.ts';
import { TEXT } from '../scratch/shelf.ts';
import { changesOf, INVENTORY_EVENTS, text } from './reading.ts';
import type { Rule } from './watch.ts';

const ID = 'I2';

export const cpnsIdOfOneDevice: Rule = {
  id: ID,
  states: 'A CPNS ID belongs to one device for ever, and a device keeps its own.',
  types: ['CpnsIdAllocated', 'RegistrationAnswered', 'RegistrationAccepted', ...INVENTORY_EVENTS],
  scope: 'all',
  watch({ scratch, report }) {
    const ids = scratch.shelf(TEXT);
    const owners = scratch.shelf(TEXT);
    return {
      take(seen) {
        for (const [deviceId, cpnsId] of cpnsIdsIn(seen.event)) {
          const before = ids.get(deviceId) ?? cpnsId;
          const owner = owners.get(cpnsId) ?? deviceId;
          if (before !== cpnsId) report(finding(ID, seen, `${deviceId} has ${cpnsId}, and had ${before}`));
          if (owner !== deviceId) report(finding(ID, seen, `${cpnsId} of ${deviceId} was given to ${owner}`));
          ids.set(deviceId, before);
          owners.set(cpnsId, owner);
        }
      },
    };
  },
};

function cpnsIdsIn(event: RecordedEvent): readonly (readonly [deviceId: string, cpnsId: string])[] {
  const changes = changesOf(event)?.changes ?? [];
  const pairs = changes.flatMap(({ deviceId, cpnsId }) => (cpnsId === null ? [] : [[deviceId, cpnsId] as const]));
  const own = text(event, 'cpnsId');
  const device = own === null ? null : idInStream(event.stream, 'deviceId');
  return own === null || device === null ? pairs : [...pairs, [device, own] as const];
}
