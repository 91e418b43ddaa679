import { finding, type Seen } from '../finding.ts';
import { NUMBER, TEXT, type Shelf } from '../scratch/shelf.ts';
import { changesOf, INVENTORY_EVENTS, isOf } from './reading.ts';
import type { InventoryChange, InventoryChanges } from '../../events/fields.ts';
import type { RecordedEvent } from '../../journal/port.ts';
import type { Rule } from './watch.ts';

const ID = 'I9';

/** What a read model needs of the events, to be the same whoever keeps or rebuilds it. What it holds is not in a journal. */
export const inventoryChain: Rule = {
  id: ID,
  states: 'The changes of a PN Inventory are one chain, and each of them goes with what was before.',
  types: INVENTORY_EVENTS,
  scope: 'journal',
  watch({ scratch, report }) {
    const inventory: Kept = { revisions: scratch.shelf(NUMBER), statuses: scratch.shelf(TEXT) };
    return {
      take(seen) {
        const changes = changesOf(seen.event);
        if (changes === null) return;
        for (const says of problems(seen, changes, inventory)) report(finding(ID, seen, says));
      },
    };
  },
};

interface Kept {
  readonly revisions: Shelf<number>;
  readonly statuses: Shelf<string>;
}

function* problems({ event }: Seen, { pnId, changes }: InventoryChanges, { revisions, statuses }: Kept) {
  const pn = `${event.stream} ${pnId}`;
  let before: InventoryChange | null = null;
  for (const change of changes) {
    const { revision, previous, deviceId, status } = change;
    const last: number = revisions.get(pn) ?? 0;
    const isOfSame: boolean = before?.revision === revision && before.previous === previous;
    if (!isOfSame && previous !== last)
      yield `revision ${revision} of ${pnId} follows ${previous}, and the one before it is ${last}`;
    if (revision <= previous) yield `revision ${revision} of ${pnId} is not after ${previous}`;
    if (isServers(event) && revision !== event.version)
      yield `revision ${revision} of ${pnId} is made by the event of version ${event.version}`;
    const member = `${pn} ${deviceId}`;
    const was = statuses.get(member) ?? 'removed';
    if (!fits(change, was)) yield `${deviceId} is ${change.kind} as ${status} in ${pnId}, where it was ${was}`;
    revisions.set(pn, revision);
    if (status === 'removed') statuses.delete(member);
    else statuses.set(member, status);
    before = change;
  }
}

/** A revision is the version of the event that makes it; a PN GW tells of those of the server. */
const isServers = (event: RecordedEvent): boolean => isOf(event, 'cpns-server/personal-network');

/** Who is added was not there, but that the operator may list a stranger; whoever is registered or removed was. */
function fits({ kind, status, cpnsId }: InventoryChange, was: string): boolean {
  if (kind === 'added') {
    const isListed = status === 'member' && was === 'provisional';
    return (status === 'member' || status === 'provisional') && (was === 'removed' || isListed) && cpnsId === null;
  }
  if (was === 'removed' || status !== kind) return false;
  return (kind === 'registered') === (cpnsId !== null);
}
