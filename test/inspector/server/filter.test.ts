import { beforeAll, describe, expect, it } from 'vitest';
import { aboutOf, ownedBy } from '../../../inspector/server/about.ts';
import { Feed } from '../../../inspector/server/feed.ts';
import { Filtered, type EventFilter } from '../../../inspector/server/filter.ts';
import { Timeline } from '../../../inspector/server/timeline.ts';
import { someJournals, sourcesOf } from './world.ts';

const timeline = new Timeline();
beforeAll(async () => {
  const sources = sourcesOf(await someJournals());
  await new Feed(timeline, sources, { now: () => Date.parse('2099-01-01T00:00:00Z') }).catchUp();
});

const found = (filter: EventFilter) =>
  new Filtered(timeline).seqs(filter, timeline.total).flatMap((seq) => timeline.entry(seq) ?? []);

describe('the filter', () => {
  it('finds with a device also what its PN and its PN GW recorded of it', () => {
    const types = found({ device: 'cup' }).map(({ stream, type }) => `${stream} ${type}`);
    for (const one of [
      'pne/cup RegistrationRequested',
      'admission/hub/cup MembershipMissing',
      'pn/home PneAdded',
      'pn/home InventoryUpdated',
      'gateway/hub LocalInventoryUpdated',
      'registration/home/cup PneAuthenticated',
    ])
      expect(types).toContain(one);
    expect(found({ device: 'cup' }).some(({ about }) => !about.devices.includes('cup'))).toBe(false);
  });

  it('finds with a PN what its PN GW recorded of it', () => {
    expect(new Set(found({ pn: 'home' }).map(({ stream }) => stream.split('/')[0]))).toContain('gateway');
    expect(found({ pn: 'alarm', device: 'lamp' })).toEqual([]);
  });

  it('finds refusals and time-outs as failed, and each type by its name', () => {
    expect(found({ failed: true }).map(({ type }) => type)).toContain('RegistrationRefused');
    for (const type of timeline.types) expect(found({ type }).every((entry) => entry.type === type)).toBe(true);
    expect(timeline.types).toContain('PneAuthenticated');
  });
});

describe('the name of a stream', () => {
  it.each([
    ['pne/lamp', null, 'lamp'],
    ['subject/lamp', null, 'lamp'],
    ['pn/home', 'home', null],
    ['registration/home/lamp', 'home', 'lamp'],
    ['charging/home/lamp', 'home', 'lamp'],
    ['admission/hub/lamp', null, 'lamp'],
    ['usage/hub/lamp', null, 'lamp'],
    ['gateway/hub', null, null],
    ['gateway-registration/hub', null, null],
    ['keyring', null, null],
    ['registration/home', null, null],
  ])('%s tells the PN and the device that are its own', (stream, pn, device) => {
    expect(ownedBy(stream)).toEqual({ pn, device });
  });

  it('goes before what its event names; an inventory names every device that changed', () => {
    const changes = ['a', 'b', 'a'].map((deviceId) => ({ deviceId }));
    expect(aboutOf({ inventory: { pnId: 'home', changes } }, { pn: null, device: null })).toEqual({
      pn: 'home',
      devices: ['a', 'b'],
    });
    expect(aboutOf({ pnId: 'home', deviceId: 'b' }, { pn: null, device: 'a' })).toEqual({ pn: 'home', devices: ['a'] });
  });
});
