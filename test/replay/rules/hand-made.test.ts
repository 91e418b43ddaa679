import { describe, expect, test } from 'vitest';
import type { JsonObject, RecordedEvent } from '../../../journal/port.ts';
import { betweenJournals } from '../../../replay/rules/between-journals.ts';
import { inventoryChain } from '../../../replay/rules/inventory-chain.ts';
import { sessionOfRegistration } from '../../../replay/rules/sessions.ts';
import { byRule, type RunCheck } from './by-rule.ts';
import type { Moment, NodeName } from '../../simulation/world.ts';

/** Journals made by hand, that break one rule of I9 and I10 each, and one that breaks none. */

const CPNS_ID = `cpns-${'a'.repeat(26)}`;
const [ONE, OTHER] = ['1'.repeat(22), '2'.repeat(22)];

const ROLES = { server: 'cpns-server', gateway: 'pn-gateway', pnes: 'pne' } as const;

function at(
  node: NodeName,
  chart: string,
  [stream, version]: readonly [stream: string, version: number],
  [type, data]: readonly [type: string, data: JsonObject],
  position = version,
): Moment {
  const event: RecordedEvent = {
    position,
    stream,
    version,
    type,
    schemaVersion: 1,
    data,
    meta: {
      messageId: `m${position}`,
      correlationId: 'c',
      causationId: null,
      role: ROLES[node],
      chart: { id: `${ROLES[node]}/${chart}`, hash: '' },
      crStep: null,
      recordedAt: '2026-01-01T00:00:00.000Z',
    },
  };
  return { node, events: [event], keys: { put: [], drop: [] } };
}

type Change = readonly [revision: number, previous: number, kind: string, status: string, cpnsId?: string];
const inventory = (...changes: readonly Change[]): JsonObject => ({
  inventory: {
    pnId: 'home',
    changes: changes.map(([revision, previous, kind, status, cpnsId = null]) => ({
      revision,
      previous,
      deviceId: 'lamp',
      kind,
      status,
      cpnsId,
    })),
  },
});
const pn = (version: number, type: string, ...changes: readonly Change[]): Moment =>
  at('server', 'personal-network', ['pn/home', version], [type, inventory(...changes)]);
const local = (version: number, ...changes: readonly Change[]): Moment =>
  at('gateway', 'gateway', ['gateway/hub', version], ['LocalInventoryUpdated', inventory(...changes)]);

const pne = (version: number, type: string, keyId: string, stream = 'pne/lamp'): Moment =>
  at('pnes', 'registration', [stream, version], [type, { keyId }]);
const server = (version: number, type: string, keyId: string, stream = 'registration/home/lamp'): Moment =>
  at('server', 'registration', [stream, version], [type, { keyId }]);

const ADDED = pn(3, 'PneAdded', [3, 0, 'added', 'provisional']);
const REGISTERED = pn(9, 'InventoryUpdated', [9, 3, 'registered', 'registered', CPNS_ID]);
const TAKEN = [
  local(1, [3, 0, 'added', 'provisional']),
  local(2, [9, 3, 'registered', 'registered', CPNS_ID], [12, 9, 'removed', 'removed']),
];
const SESSION = [
  server(1, 'RegistrationAnswered', ONE),
  pne(1, 'RegistrationAccepted', ONE),
  pne(2, 'SecureSessionEstablished', ONE),
  server(2, 'SecureSessionEstablished', ONE),
  pne(3, 'SecureSessionConfirmed', ONE),
];
const CLOSE = [pne(5, 'SessionCloseWanted', ONE), server(6, 'SessionCloseReceived', ONE)];

const rules: { readonly [id: string]: RunCheck } = {
  I9: byRule(inventoryChain),
  I10: byRule(sessionOfRegistration),
  'I10 between': byRule(betweenJournals),
};

test.each(Object.entries(rules))('%s finds nothing where everything is in order', async (_, rule) => {
  expect(await rule({ ...NOTHING, timeline: [ADDED, REGISTERED, ...TAKEN, ...SESSION, ...CLOSE] })).toEqual([]);
});

const NOTHING = { phase: 'chaos', sent: [], said: [], given: [], log: [], secrets: [], inMemory: [] } as const;

describe('an auditor finds', () => {
  const cases: readonly (readonly [string, string, readonly Moment[], RegExp])[] = [
    ['a change that follows none', 'I9', [pn(3, 'PneAdded', [3, 2, 'added', 'provisional'])], /the one before it is 0/],
    ['a change that stands still', 'I9', [local(3, [0, 0, 'added', 'provisional'])], /is not after 0/],
    [
      'a change of another event',
      'I9',
      [pn(3, 'PneAdded', [4, 0, 'added', 'provisional'])],
      /is made by the event of version 3/,
    ],
    [
      'a PNE that is added twice',
      'I9',
      [ADDED, pn(4, 'PneAdded', [4, 3, 'added', 'provisional'])],
      /where it was provisional/,
    ],
    [
      'one that is registered and was never there',
      'I9',
      [pn(1, 'InventoryUpdated', [1, 0, 'registered', 'registered', CPNS_ID])],
      /where it was removed/,
    ],
    [
      'one that is registered without a CPNS ID',
      'I9',
      [ADDED, pn(9, 'InventoryUpdated', [9, 3, 'registered', 'registered'])],
      /is registered as registered/,
    ],
    [
      'a PN GW that leaves a change out',
      'I9',
      [local(1, [3, 0, 'added', 'provisional'], [12, 9, 'removed', 'removed'])],
      /revision 12 of home follows 9, and the one before it is 3/,
    ],
    [
      'a PNE that takes up another session than it accepted',
      'I10',
      [pne(1, 'RegistrationAccepted', ONE), pne(2, 'SecureSessionEstablished', OTHER)],
      /takes up session 2+, and 1+ was agreed on/,
    ],
    [
      'a server that takes up a session that it never answered with',
      'I10',
      [server(1, 'SecureSessionEstablished', ONE)],
      /and none was agreed on/,
    ],
    [
      'keys that two registrations agree on',
      'I10',
      [server(1, 'RegistrationAnswered', ONE), server(2, 'RegistrationAnswered', ONE, 'registration/home/cup')],
      /was agreed on before, at position 1/,
    ],
    [
      'a session that a PNE holds as confirmed, and the server never had',
      'I10 between',
      [pne(3, 'SecureSessionConfirmed', OTHER), ...CLOSE],
      /sealed confirmation .* 2+: the journal of cpns-server does not have it/,
    ],
    [
      'a session that the server has with another PNE',
      'I10 between',
      [server(2, 'SecureSessionEstablished', ONE, 'registration/home/cup'), pne(3, 'SecureSessionConfirmed', ONE)],
      /deviceId "lamp"/,
    ],
    [
      'the close of a session that the PNE did not close',
      'I10 between',
      [
        pne(2, 'SecureSessionEstablished', ONE),
        server(2, 'SecureSessionEstablished', ONE),
        pne(4, 'SecureSessionConfirmed', ONE),
        server(3, 'SessionCloseReceived', ONE),
        server(5, 'SessionCloseWanted', OTHER),
        pne(6, 'SessionCloseReceived', OTHER),
      ],
      /close of the session .* 1+: the journal of pne\/lamp does not have it/,
    ],
  ];
  test.each(cases)('%s (%s)', async (_, id, timeline, says) => {
    const found = (await rules[id]?.({ ...NOTHING, timeline })) ?? [];
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(says);
  });
});
