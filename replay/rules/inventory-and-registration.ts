import { finding, type Seen } from '../finding.ts';
import { TEXT } from '../scratch/shelf.ts';
import { streamOf } from '../../machines/streams.ts';
import { changesOf, Inventory, INVENTORY_EVENTS, isOf, streamIds } from './reading.ts';
import type { Rule } from './watch.ts';

const ID = 'I3';

interface Touched {
  readonly pnId: string;
  readonly deviceId: string;
  readonly seen: Seen;
}

export const inventoryAndRegistration: Rule = {
  id: ID,
  states: 'The inventory shows a PNE as registered if and only if its registration is; after every commit.',
  types: ['RegistrationAnswered', ...INVENTORY_EVENTS],
  scope: 'journal',
  watch({ scratch, report }) {
    const inventory = new Inventory(scratch);
    const registered = scratch.shelf(TEXT);
    /** What the step under way has touched: between its events the two may differ. */
    let touched = new Map<string, Touched>();
    let step = 0;
    const touch = (pnId: string, deviceId: string, seen: Seen): void => {
      touched.set(streamOf('cpns-server/registration', { pnId, deviceId }), { pnId, deviceId, seen });
    };
    const check = (): void => {
      for (const [stream, { pnId, deviceId, seen }] of touched) {
        const status = inventory.status(pnId, deviceId) ?? 'absent';
        if ((status === 'registered') === (registered.get(stream) !== undefined)) continue;
        report(
          finding(ID, seen, `the inventory says ${status} of ${pnId}/${deviceId}; its registration says otherwise`),
        );
      }
      touched = new Map();
    };
    return {
      take(seen) {
        const { event } = seen;
        if (seen.step !== step) check();
        step = seen.step;
        const changes = isOf(event, 'cpns-server/personal-network') ? changesOf(event) : null;
        if (changes !== null) {
          inventory.apply(changes);
          for (const { deviceId } of changes.changes) touch(changes.pnId, deviceId, seen);
        }
        const ids = event.type === 'RegistrationAnswered' ? streamIds(event, 'cpns-server/registration') : null;
        if (ids === null) return;
        touch(ids.pnId, ids.deviceId, seen);
        if (event.data['code'] === 200) registered.set(event.stream, 'yes');
      },
      end: check,
    };
  },
};
