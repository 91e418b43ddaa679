import { describe, it } from 'vitest';
import type { JoinPolicy } from '../../../events/fields.ts';
import { personalNetwork as chart } from '../../../machines/cpns-server/personal-network.ts';
import { MAX_ASKED } from '../../../machines/cpns-server/personal-network-terms.ts';
import { answer, arm, ask, CPNS_ID, disarm, given, messageRefused, notify, type EventOfChart } from '../given.ts';

type Event = EventOfChart<'cpns-server/personal-network'>;

const provisioned = (joinPolicy: JoinPolicy): Event => ({
  type: 'PnProvisioned',
  data: { pnId: 'home', gatewayId: 'hub', joinPolicy },
});
const memberChange = (deviceId: string, revision: number, previous: number) => ({
  pnId: 'home',
  changes: [{ revision, previous, deviceId, kind: 'added' as const, status: 'member' as const, cpnsId: null }],
});
const members = (deviceId: string, revision: number, previous: number): Event => ({
  type: 'MembersProvisioned',
  data: { inventory: memberChange(deviceId, revision, previous) },
});
const establishmentReceived = (requestId: string, revision: number): Event => ({
  type: 'PnEstablishmentReceived',
  data: { requestId, gatewayId: 'hub', revision },
});
const established: Event = { type: 'PnEstablished', data: { pnId: 'home', gatewayId: 'hub' } };
const establishmentAnswered = (requestId: string, revision: number): Event => ({
  type: 'PnEstablishmentAnswered',
  data: { requestId, gatewayId: 'hub', code: 200, revision },
});
const updateReceived = (updateId: string, action: 'add' | 'remove', deviceId = 'tag'): Event => ({
  type: 'PnUpdateReceived',
  data: { updateId, gatewayId: 'hub', deviceId, action },
});
const added: Event = {
  type: 'PneAdded',
  data: {
    inventory: {
      pnId: 'home',
      changes: [{ revision: 7, previous: 2, deviceId: 'tag', kind: 'added', status: 'provisional', cpnsId: null }],
    },
  },
};
const updateAnswered = (updateId: string, code: 200 | 202 | 403 | 409): Event => ({
  type: 'PnUpdateAnswered',
  data: { updateId, gatewayId: 'hub', deviceId: 'tag', code },
});
const inventoryUpdated = (deviceId: string): Event => ({
  type: 'InventoryUpdated',
  data: {
    inventory: {
      pnId: 'home',
      changes: [{ revision: 9, previous: 7, deviceId, kind: 'registered', status: 'registered', cpnsId: CPNS_ID }],
    },
  },
});
const removed = (deviceId: string, reason: 'refused' | 'timedOut' | 'withdrawn'): Event => ({
  type: 'PneRemoved',
  data: {
    inventory: {
      pnId: 'home',
      changes: [{ revision: 9, previous: 7, deviceId, kind: 'removed', status: 'removed', cpnsId: null }],
    },
    reason,
  },
});
const overdue = (deviceId: string): Event => ({ type: 'ProvisionalOverdue', data: { deviceId } });
const approved = (...deviceIds: readonly string[]): Event => ({
  type: 'PneApproved',
  data: {
    inventory: { pnId: 'home', changes: deviceIds.flatMap((deviceId) => memberChange(deviceId, 9, 2).changes) },
    by: 'desk',
  },
});
const rejected = (deviceId: string): Event => ({ type: 'PneRejected', data: { deviceId, by: 'desk' } });
const released: Event = { type: 'PnReleased', data: { pnId: 'home' } };

const standing = (joinPolicy: JoinPolicy): readonly Event[] => [
  provisioned(joinPolicy),
  members('lamp', 2, 0),
  establishmentReceived('e1', 0),
  established,
  establishmentAnswered('e1', 2),
];
const withProvisional = [...standing('open'), updateReceived('u1', 'add'), added, updateAnswered('u1', 200)];
const withRegistered = [...withProvisional, inventoryUpdated('tag')];

const lamp = { status: 'member', cpnsId: null } as const;
const provisionalTimer = 'provisional/tag';

describe('a PN is established', () => {
  it('after the operator has set it up', () => {
    given(chart, [])
      .when(provisioned('open'))
      .thenTaken({
        state: 'provisioned',
        effects: [],
        context: { pnId: 'home', gatewayId: 'hub', joinPolicy: 'open', revision: 0, members: {} },
      });
  });

  it('with the members that the operator listed', () => {
    given(chart, [provisioned('open')])
      .when(members('lamp', 2, 0))
      .thenTaken({ state: 'provisioned', effects: [], context: { revision: 2, members: { lamp } } });
  });

  it('when its PN GW asks for it', () => {
    given(chart, [provisioned('open')])
      .when(establishmentReceived('e1', 0))
      .thenTaken({
        state: 'establishing',
        effects: [ask('establishPn')],
        context: { requestId: 'e1', fromRevision: 0 },
      });
  });

  it('and then its PN GW is answered', () => {
    given(chart, [provisioned('open'), establishmentReceived('e1', 0)])
      .when(established)
      .thenTaken({ state: 'answeringEstablishment', effects: [ask('answerPnEstablishment')] });
  });

  it('with its join policy and what the inventory of the PN GW lacks', () => {
    given(chart, [provisioned('open'), establishmentReceived('e1', 0), established])
      .when(establishmentAnswered('e1', 0))
      .thenTaken({ state: 'established', effects: [answer('pn-establishment-response')] });
  });

  it('once: a PN GW that asks again is only answered', () => {
    given(chart, standing('open'))
      .when(establishmentReceived('e2', 2))
      .thenTaken({
        state: 'answeringEstablishment',
        effects: [ask('answerPnEstablishment')],
        context: { requestId: 'e2', fromRevision: 2 },
      });
  });

  it('and its PN GW is told of members that come later', () => {
    given(chart, standing('open'))
      .when(members('sensor', 6, 2))
      .thenTaken({
        state: 'established',
        effects: [notify('inventory-notice')],
        context: { revision: 6, members: { lamp, sensor: lamp } },
      });
  });

  it.each([
    ['before', [provisioned('open')], 'provisioned'],
    ['after', standing('open'), 'established'],
  ] as const)('under a join policy that may change %s', (_, events, state) => {
    given(chart, events)
      .when(provisioned('closed'))
      .thenTaken({ state, effects: [], context: { joinPolicy: 'closed' } });
  });
});

describe('a stranger is added (1.4.2/4)', () => {
  it('to a PN that is open', () => {
    given(chart, standing('open'))
      .when(updateReceived('u1', 'add'))
      .thenTaken({
        state: 'adding',
        effects: [ask('addPne')],
        context: { flow: '1.4.2', requestId: 'u1', deviceId: 'tag', code: 200, changes: [] },
      });
  });

  it('provisionally, for one minute', () => {
    given(chart, [...standing('open'), updateReceived('u1', 'add')])
      .when(added)
      .thenTaken({
        state: 'answeringUpdate',
        effects: [
          arm(provisionalTimer, 60_000, { type: 'ProvisionalOverdue', data: { deviceId: 'tag' } }),
          ask('answerPnUpdate'),
        ],
        context: { revision: 7, members: { lamp, tag: { status: 'provisional', cpnsId: null } } },
      });
  });

  it('and the PN GW is answered', () => {
    given(chart, [...standing('open'), updateReceived('u1', 'add'), added])
      .when(updateAnswered('u1', 200))
      .thenTaken({ state: 'established', effects: [answer('pn-update-response')] });
  });

  it('not twice: whoever is in the inventory stays as it is', () => {
    given(chart, withRegistered)
      .when(updateReceived('u2', 'add'))
      .thenTaken({
        state: 'answeringUpdate',
        effects: [ask('answerPnUpdate')],
        context: { code: 200, members: { lamp, tag: { status: 'registered', cpnsId: CPNS_ID } } },
      });
  });

  it.each([
    ['approval', 202],
    ['closed', 403],
  ] as const)('not to a PN whose join policy is %s: the answer is %i', (joinPolicy, code) => {
    given(chart, standing(joinPolicy))
      .when(updateReceived('u1', 'add'))
      .thenTaken({
        state: 'answeringUpdate',
        effects: [ask('answerPnUpdate')],
        context: { code, members: { lamp } },
      });
  });

  it('with a success even where the last one was refused', () => {
    given(chart, [...standing('closed'), updateReceived('u1', 'add'), updateAnswered('u1', 403), provisioned('open')])
      .when(updateReceived('u2', 'add'))
      .thenTaken({ state: 'adding', effects: [ask('addPne')], context: { code: 200 } });
  });

  it('for good when it is registered: its time is no longer measured', () => {
    given(chart, withProvisional)
      .when(inventoryUpdated('tag'))
      .thenTaken({
        state: 'established',
        effects: [disarm(provisionalTimer)],
        context: { revision: 9, members: { lamp, tag: { status: 'registered', cpnsId: CPNS_ID } } },
      });
  });
});

describe('a stranger that waits for an operator', () => {
  const waiting = [...standing('approval'), updateReceived('u1', 'add'), updateAnswered('u1', 202)];
  const turnedAway = [...waiting, rejected('tag')];

  it('stands in the list once, however often it asks', () => {
    given(chart, waiting)
      .when(updateReceived('u2', 'add'))
      .thenTaken({
        state: 'answeringUpdate',
        effects: [ask('answerPnUpdate')],
        context: { code: 202, waiting: ['tag'] },
      });
  });

  it('is a member when an operator says yes, and the PN GW is told', () => {
    given(chart, waiting)
      .when(approved('tag'))
      .thenTaken({
        state: 'established',
        effects: [notify('inventory-notice')],
        context: { revision: 9, members: { lamp, tag: lamp }, waiting: [] },
      });
  });

  it('is turned away when an operator says no', () => {
    given(chart, waiting)
      .when(rejected('tag'))
      .thenTaken({ state: 'established', effects: [], context: { waiting: [], rejected: ['tag'], members: { lamp } } });
  });

  it('and then gets 403 when it asks again', () => {
    given(chart, turnedAway)
      .when(updateReceived('u2', 'add'))
      .thenTaken({ state: 'answeringUpdate', effects: [ask('answerPnUpdate')], context: { code: 403, waiting: [] } });
  });

  it('and may be let in all the same, when an operator thinks better of it', () => {
    given(chart, turnedAway)
      .when(approved('tag'))
      .thenTaken({
        state: 'established',
        effects: [notify('inventory-notice')],
        context: { members: { lamp, tag: lamp }, rejected: [] },
      });
  });

  it('waits no longer when its PN GW takes it back', () => {
    given(chart, waiting)
      .when(updateReceived('u2', 'remove'))
      .thenTaken({ state: 'answeringUpdate', effects: [ask('answerPnUpdate')], context: { code: 200, waiting: [] } });
  });

  it('waits no longer when the operator lists it as a member', () => {
    given(chart, waiting)
      .when(members('tag', 9, 2))
      .thenTaken({ state: 'established', effects: [notify('inventory-notice')], context: { waiting: [] } });
  });

  it.each(['open', 'closed'] as const)('waits for nobody when the join policy becomes %s', (joinPolicy) => {
    given(chart, [...turnedAway, updateReceived('u3', 'add', 'radio'), updateAnswered('u3', 202)])
      .when(provisioned(joinPolicy))
      .thenTaken({ state: 'established', effects: [], context: { waiting: [], rejected: [] } });
  });

  it.each([
    ['yes to whoever did not ask', waiting, approved('radio'), 409],
    ['yes to whoever did not ask beside one who did', waiting, approved('tag', 'radio'), 409],
    ['no to whoever did not ask', waiting, rejected('radio'), 409],
    ['no twice', turnedAway, rejected('tag'), 409],
    ['yes while the PN is released', [...waiting, released], approved('tag'), 410],
  ] as const)('an operator cannot say %s', (_, events, event, code) => {
    given(chart, events).when(event).thenRefused(code);
  });

  it.each([
    ['waiting', 202],
    ['rejected', 403],
  ] as const)('is forgotten in the list of those %s when too many come after it', (list, code) => {
    const asked = (deviceId: string): Event[] => [
      updateReceived('u', 'add', deviceId),
      updateAnswered('u', 202),
      ...(list === 'waiting' ? [] : [rejected(deviceId)]),
    ];
    const many = (count: number): Event[] => Array.from({ length: count }, (_, i) => asked(`d${i}`)).flat();
    const names = Array.from({ length: MAX_ASKED }, (_, i) => `d${i}`);
    given(chart, [...standing('approval'), ...many(MAX_ASKED)])
      .when(updateReceived('u1', 'add', 'd0'))
      .thenTaken({ state: 'answeringUpdate', effects: [ask('answerPnUpdate')], context: { code, [list]: names } });
    given(chart, [...standing('approval'), ...many(MAX_ASKED + 1)])
      .when(updateReceived('u1', 'add', 'd0'))
      .thenTaken({
        state: 'answeringUpdate',
        effects: [ask('answerPnUpdate')],
        context: {
          code: 202,
          waiting: [...(list === 'waiting' ? [...names.slice(2), `d${MAX_ASKED}`] : []), 'd0'],
        },
      });
  });
});

describe('a provisional PNE leaves the PN Inventory', () => {
  const gone = { revision: 9, members: { lamp } } as const;

  it('when its registration is refused', () => {
    given(chart, withProvisional)
      .when(removed('tag', 'refused'))
      .thenTaken({ state: 'established', effects: [disarm(provisionalTimer)], context: gone });
  });

  it('when the PN GW takes it back', () => {
    given(chart, withProvisional)
      .when(updateReceived('u2', 'remove'))
      .thenTaken({
        state: 'removing',
        effects: [ask('removePne')],
        context: { requestId: 'u2', deviceId: 'tag', reason: 'withdrawn', code: 200 },
      });
  });

  it('and then the PN GW is answered', () => {
    given(chart, [...withProvisional, updateReceived('u2', 'remove')])
      .when(removed('tag', 'withdrawn'))
      .thenTaken({
        state: 'answeringUpdate',
        effects: [disarm(provisionalTimer), ask('answerPnUpdate')],
        context: gone,
      });
  });

  it('when it is not registered in time', () => {
    given(chart, withProvisional)
      .when(overdue('tag'))
      .thenTaken({
        state: 'expiring',
        effects: [ask('removePne')],
        context: { flow: null, deviceId: 'tag', reason: 'timedOut' },
      });
  });

  it('and then the PN GW is told', () => {
    given(chart, [...withProvisional, overdue('tag')])
      .when(removed('tag', 'timedOut'))
      .thenTaken({
        state: 'established',
        effects: [disarm(provisionalTimer), notify('inventory-notice')],
        context: gone,
      });
  });

  it.each([
    ['released', [...withProvisional, released], 'released'],
    ['set up anew', [...withProvisional, released, provisioned('open')], 'provisioned'],
  ] as const)('when it is not registered in time and the PN was %s meanwhile', (_, events, state) => {
    given(chart, events)
      .when(overdue('tag'))
      .thenTaken({ state, effects: [ask('removePne')], context: { deviceId: 'tag', reason: 'timedOut' } });
    given(chart, [...events, overdue('tag')])
      .when(removed('tag', 'timedOut'))
      .thenTaken({ state, effects: [disarm(provisionalTimer)], context: gone });
  });

  it('but not when it is registered by then: the answer is 409', () => {
    given(chart, withRegistered)
      .when(updateReceived('u2', 'remove'))
      .thenTaken({ state: 'answeringUpdate', effects: [ask('answerPnUpdate')], context: { code: 409 } });
  });

  it('but not when it is a member: the answer is 409', () => {
    given(chart, standing('open'))
      .when(updateReceived('u2', 'remove', 'lamp'))
      .thenTaken({
        state: 'answeringUpdate',
        effects: [ask('answerPnUpdate')],
        context: { code: 409, members: { lamp } },
      });
  });

  it('and taking back who is not there succeeds', () => {
    given(chart, standing('open'))
      .when(updateReceived('u2', 'remove'))
      .thenTaken({ state: 'answeringUpdate', effects: [ask('answerPnUpdate')], context: { code: 200 } });
  });
});

describe('a PN does not take', () => {
  it.each<readonly [string, readonly Event[], Event]>([
    ['the registration of a PNE that is not in its inventory', standing('open'), inventoryUpdated('tag')],
    ['the removal of a member', standing('open'), removed('lamp', 'refused')],
    ['the removal of a registered PNE', withRegistered, removed('tag', 'refused')],
    ['the removal of a PNE that is not there', standing('open'), removed('tag', 'refused')],
    ['the end of the time of a registered PNE', withRegistered, overdue('tag')],
    ['the end of the time of a member', standing('open'), overdue('lamp')],
    ['an addition that nobody asked for', standing('open'), added],
    ['an answer to nothing', standing('open'), updateAnswered('u1', 200)],
    [
      'another update while it works on one',
      [...standing('open'), updateReceived('u1', 'add')],
      updateReceived('u2', 'add'),
    ],
  ])('%s: 409', (_, events, event) => {
    given(chart, events).when(event).thenRefused(409);
  });

  it.each<readonly [string, 404 | 480 | 410, readonly Event[]]>([
    ['no such PN', 404, []],
    ['not established', 480, [provisioned('open')]],
    ['released', 410, [provisioned('open'), released]],
    ['released after it was established', 410, [...standing('open'), released]],
    ['set up anew and not established again', 480, [...standing('open'), released, provisioned('open')]],
  ])('a PN Update Request when there is %s: %i', (_, code, events) => {
    given(chart, events).when(updateReceived('u1', 'add')).thenRefused(code);
  });

  it.each([
    [404, []],
    [410, [...standing('open'), released]],
  ] as const)('a request to establish it, with %i', (code, events) => {
    given(chart, events).when(establishmentReceived('e2', 0)).thenRefused(code);
  });

  it('and counts what it refused', () => {
    given(chart, standing('open'))
      .when(messageRefused(3))
      .thenTaken({ state: 'established', effects: [], context: { refusals: 3 } });
  });
});
