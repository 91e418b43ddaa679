import { beforeEach, expect, test } from 'vitest';
import { LEASE_MS, RENEW_EVERY_MS } from '../../../actors/cluster/membership.ts';
import { JournalError } from '../../../journal/port.ts';
import { Members, type Member } from './controls.ts';

const KEYS = Array.from({ length: 40 }, (_, index) => `hub-${index}`);
const ownersSeenBy = ({ membership }: Member): readonly string[] => KEYS.map((key) => membership.ownerOf(key));
const sharesOf = (...members: readonly Member[]): readonly number[] =>
  members.map(({ membership }) => KEYS.filter((key) => membership.isMine(key)).length);
const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

let members: Members;
beforeEach(() => {
  members = new Members();
});

test('one that is alone has everything; of several each key has one owner, and all know who it is', async () => {
  const a = await members.joined('a');
  expect(sharesOf(a)).toEqual([KEYS.length]);
  const [b, c] = [await members.joined('b'), await members.joined('c')];
  expect(ownersSeenBy(b)).toEqual(ownersSeenBy(a));
  expect(ownersSeenBy(c)).toEqual(ownersSeenBy(a));
  expect(sum(sharesOf(a, b, c))).toBe(KEYS.length);
  expect(Math.min(...sharesOf(a, b, c))).toBeGreaterThan(0);
});

test('one that leaves is taken over at once, and hands on what still comes to it', async () => {
  const [a, b] = [await members.joined('a'), await members.joined('b')];
  await a.membership.leave();
  await members.settle();
  expect(sharesOf(a, b)).toEqual([0, KEYS.length]);
  expect(new Set(ownersSeenBy(a))).toEqual(new Set([b.membership.id]));
});

test('the last one that leaves has everything until its end: there is nobody else', async () => {
  const a = await members.joined('a');
  await a.membership.leave();
  expect(sharesOf(a)).toEqual([KEYS.length]);
});

test('one that dies is taken over when its lease runs out, and no key changes hands before', async () => {
  const [a, b] = [await members.joined('a'), await members.joined('b')];
  const before = ownersSeenBy(b);
  members.disk.owners.delete(a.journal);
  await members.pass(LEASE_MS - RENEW_EVERY_MS - 100);
  expect(ownersSeenBy(b)).toEqual(before);
  await members.pass(2 * RENEW_EVERY_MS + 100);
  expect(sharesOf(b)).toEqual([KEYS.length]);
});

test('one that cannot renew gives up by its own clock, before the others take over, and joins anew without a gap kept', async () => {
  const [a, b] = [await members.joined('a'), await members.joined('b')];
  const own = KEYS.find((key) => a.membership.isMine(key)) ?? '';
  const kept: boolean[] = [];
  a.membership.onChange(({ keeps }) => kept.push(keeps(own)));
  const { leases } = a.journal;
  if (leases === null) throw new Error('not shared');
  const renew = leases.renew.bind(leases);
  leases.renew = () => Promise.reject(new JournalError('unreachable', 'Away.', 'Wait.'));
  for (let waited = 0; waited < LEASE_MS + RENEW_EVERY_MS; waited += 50) {
    await members.pass(50);
    expect(a.membership.isMine(own) && b.membership.isMine(own)).toBe(false);
  }
  expect(sharesOf(a, b)).toEqual([0, KEYS.length]);
  leases.renew = renew;
  await members.pass(2 * RENEW_EVERY_MS);
  expect(ownersSeenBy(a)).toEqual(ownersSeenBy(b));
  expect(a.membership.isMine(own)).toBe(true);
  expect(kept).toEqual([false]);
  expect(members.log.lines.map(({ message }) => message)).toContain('the lease had run out: taken anew');
});

test('a key is known to be mine since the change that gave it to me, whatever else changed since', async () => {
  const a = await members.joined('a');
  const startedAt = members.clock.now();
  await members.pass(500);
  const b = await members.joined('b');
  const [own = '', lost = ''] = [
    KEYS.find((key) => a.membership.isMine(key)),
    KEYS.find((key) => b.membership.isMine(key)),
  ];
  expect(a.membership.mineSince(own)).toBe(startedAt);
  await members.pass(500);
  await b.membership.leave();
  await members.settle();
  expect(a.membership.mineSince(own)).toBe(startedAt);
  expect(a.membership.mineSince(lost)).toBe(members.clock.now());
});
