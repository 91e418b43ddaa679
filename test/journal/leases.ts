import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Journal } from '../../journal/port.ts';
import type { Leases } from '../../journal/leases.ts';

/** Two processes on one journal, whose clock goes on by `later`. */
export interface Shared {
  readonly one: Journal;
  readonly other: Journal;
  later(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** A lease that does not run out in a test, and one that does. */
const LONG_MS = 600_000;
const SHORT_MS = 20;

function leasesOf({ leases }: Journal): Leases {
  if (leases === null) throw new Error('Only one process may write this journal.');
  return leases;
}

/** What the leases of every journal that several processes write must do. */
export function leasesContract(name: string, open: () => Promise<Shared>): void {
  describe(`leases of a ${name} journal`, () => {
    let shared: Shared;
    let one: Leases;
    let other: Leases;
    beforeEach(async () => {
      shared = await open();
      one = leasesOf(shared.one);
      other = leasesOf(shared.other);
    });
    afterEach(() => shared.close());

    it('tell each process of the others, and whether its own has stood all the time', async () => {
      expect(await one.renew('a', LONG_MS)).toEqual({ held: false, others: [] });
      expect(await other.renew('b', LONG_MS)).toEqual({ held: false, others: ['a'] });
      expect(await other.renew('c', LONG_MS)).toEqual({ held: false, others: ['a', 'b'] });
      expect(await one.renew('a', LONG_MS)).toEqual({ held: true, others: ['b', 'c'] });
    });

    it('run out, and one that is taken again tells that it had', async () => {
      await one.renew('a', SHORT_MS);
      await other.renew('b', LONG_MS);
      await shared.later(SHORT_MS + 1);
      expect(await other.renew('b', LONG_MS)).toEqual({ held: true, others: [] });
      expect(await one.renew('a', LONG_MS)).toEqual({ held: false, others: ['b'] });
    });

    it('are given back at once, by a process that has one or none', async () => {
      await one.renew('a', LONG_MS);
      await one.giveBack('a');
      await one.giveBack('a');
      expect(await other.renew('b', LONG_MS)).toEqual({ held: false, others: [] });
    });
  });
}
