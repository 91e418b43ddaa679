import { describe, expect, test } from 'vitest';
import { MESSAGES } from '../../messages/catalogue.ts';
import { LEGS } from '../../messages/legs.ts';
import {
  deviceHears,
  eventsOf,
  exchangeSubject,
  gatewayHears,
  handedOver,
  isSealed,
  LOOK_AT_THE_RING,
  parseSubject,
  SERVER_HEARS,
  subjectOf,
  subjectTo,
} from '../../messages/subjects.ts';

test('each leg has its subjects', () => {
  const link = { gatewayId: 'g', deviceId: 'd' };
  expect(subjectOf('link.up', link, 'pairing-request')).toBe('cpns.link.g.up.d.pairing-request');
  expect(subjectOf('link.down', link, 'notice')).toBe('cpns.link.g.down.d.notice');
  expect(subjectOf('wan.up', { gatewayId: 'g' }, 'usage-report')).toBe('cpns.wan.up.g.usage-report');
  expect(subjectOf('wan.down', { gatewayId: 'g' }, 'inventory-notice')).toBe('cpns.wan.down.g.inventory-notice');
});

test('the subject of every message is read as what it was made of', () => {
  for (const { leg, type } of MESSAGES) {
    const deviceId = LEGS[leg].pattern.includes('{deviceId}') ? 'd' : null;
    const address = { leg, gatewayId: 'g', deviceId, type };
    expect(parseSubject(subjectTo(address))).toEqual(address);
  }
});

describe('is no subject of the protocol', () => {
  test.each([
    '',
    'cpns',
    'cpns.link.g.up.d',
    'cpns.link.g.up.d.sealed.more',
    'cpns.link.g.sideways.d.sealed',
    'cpns.link.G.up.d.sealed',
    `cpns.link.${'g'.repeat(65)}.up.d.sealed`,
    'cpns.link..up.d.sealed',
    'cpns.wan.up.g',
    'cpns.wan.up.*.sealed',
    'cpns.query.inventory',
    'other.wan.up.g.sealed',
  ])('%j', (subject) => {
    expect(parseSubject(subject)).toBeNull();
  });
});

test('a role hears what is said to it', () => {
  expect(SERVER_HEARS).toEqual(['cpns.wan.up.>']);
  expect(gatewayHears('g')).toEqual(['cpns.link.g.up.>', 'cpns.wan.down.g.>']);
  expect(deviceHears('d')).toEqual(['cpns.link.*.down.d.>']);
});

test('what is said beside the protocol has its subjects', () => {
  expect(exchangeSubject('query.gateway-inventory', { gatewayId: 'g' })).toBe('cpns.query.gateway-inventory.g');
  expect(exchangeSubject('service.deliver', { serviceId: 's' })).toBe('cpns.service.s.deliver');
  expect(exchangeSubject('operate', { operatorId: 'o' })).toBe('cpns.operate.o');
  expect(exchangeSubject('server.send', { serverId: 'k', serviceId: 's' })).toBe('cpns.server.k.send.s');
  expect(handedOver('k')).toBe('cpns.server.k.up.*.*');
  expect(LOOK_AT_THE_RING).toBe('cpns.server.ring');
  expect(eventsOf('pn-gateway/admission')).toBe('cpns.events.pn-gateway.admission');
});

test('the WAN is sealed but for the registration of a PN GW and for notices, a type that nobody knows too; the link is not', () => {
  const clear = MESSAGES.filter((row) => row.leg.startsWith('wan.') && !isSealed(row));
  expect(clear.map(({ leg, type }) => `${leg}.${type}`)).toEqual([
    'wan.up.gateway-registration-request',
    'wan.down.gateway-registration-response',
    'wan.down.notice',
  ]);
  expect(isSealed({ leg: 'wan.up', type: 'unheard-of' })).toBe(true);
  expect(MESSAGES.filter((row) => row.leg.startsWith('link.') && isSealed(row))).toEqual([]);
});
