import { finding, type Seen } from '../finding.ts';
import { TEXT } from '../scratch/shelf.ts';
import { changesOf, Inventory, INVENTORY_EVENTS, isOf } from './reading.ts';
import type { Rule } from './watch.ts';

const ID = 'I3';

export const inventoryAndRegistration: Rule = {
  id: ID,
  states: 'The inventory shows a PNE as registered if and only if its registration is; after every commit.',
  types: ['RegistrationAnswered', ...INVENTORY_EVENTS],
  scope: 'journal',
  watch({ scratch, report }) {
    const inventory = new Inventory(scratch);
    const registered = scratch.shelf(TEXT);
    /** What the step under way has touched: between its events the two may differ. */
    let touched = new Map<string, Seen>();
    let step = 0;
    const check = (): void => {
      for (const [name, seen] of touched) {
        const [pnId = '', deviceId = ''] = name.split('/');
        const status = inventory.status(pnId, deviceId) ?? 'absent';
        if ((status === 'registered') === (registered.get(name) !== undefined)) continue;
        report(finding(ID, seen, `the inventory says ${status} of ${name}; its registration says otherwise`));
      }
      touched = new Map();
    };
    return {
      take(seen) {
        const { event } = seen;
        if (seen.step !== step) check();
        step = seen.step;
        const changes = isOf(event, 'cpns-server/personal-network') ? changesOf(event) : null;
        if (changes !== null) inventory.apply(changes);
        for (const { deviceId } of changes?.changes ?? []) touched.set(`${changes?.pnId}/${deviceId}`, seen);
        if (event.type !== 'RegistrationAnswered' || !isOf(event, 'cpns-server/registration')) return;
        const name = event.stream.slice('registration/'.length);
        touched.set(name, seen);
        if (event.data['code'] === 200) registered.set(name, 'yes');
      },
      end: check,
    };
  },
};
