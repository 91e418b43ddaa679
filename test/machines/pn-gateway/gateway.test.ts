import { describe, expect, it } from 'vitest';
import type { InventoryChange } from '../../../events/fields.ts';
import { pnGateway as chart } from '../../../machines/pn-gateway/gateway.ts';
import { changesAfter, localMember } from '../../../machines/pn-gateway/gateway-terms.ts';
import {
  arm,
  armAnswer,
  ask,
  disarm,
  given,
  HANDSHAKE,
  KEY_1,
  KEY_2,
  messageRefused,
  overdue,
  overdueUpTo,
  resend,
  send,
  settle,
  stateAfter,
  TIMESTAMPS,
  type EventOfChart,
} from '../given.ts';

type Event = EventOfChart<'pn-gateway/gateway'>;

const wanted = (...pns: string[]): Event => ({ type: 'GatewayRegistrationWanted', data: { gatewayId: 'hub', pns } });
const requested = (requestId: string): Event => ({
  type: 'GatewayRegistrationRequested',
  data: { requestId, handshake: HANDSHAKE, timestamp: TIMESTAMPS[0] },
});
const registered = (requestId: string): Event => ({ type: 'GatewayRegistered', data: { requestId, keyId: KEY_1 } });
const sessionLost = (keyId: string): Event => ({ type: 'GatewaySessionLost', data: { keyId } });
const refused = (requestId: string, code: 401 | 503): Event => ({
  type: 'GatewayRegistrationRefused',
  data: { requestId, code },
});
const timedOut = (requestId: string): Event => ({ type: 'GatewayRegistrationTimedOut', data: { requestId } });
const backOffEnded: Event = { type: 'BackOffEnded', data: {} };
const establishing = (requestId: string, pnId = 'home', revision = 0): Event => ({
  type: 'PnEstablishmentRequested',
  data: { requestId, pnId, revision },
});
const established = (pnId = 'home'): Event => ({ type: 'PnEstablished', data: { pnId, joinPolicy: 'open' } });
const establishmentRefused = (pnId = 'home'): Event => ({ type: 'PnEstablishmentRefused', data: { pnId, code: 404 } });
const establishmentOverdue = (attempt: number, pnId = 'home'): Event => ({
  type: 'PnEstablishmentOverdue',
  data: { pnId, attempt },
});
const change = (revision: number, previous: number, deviceId: string): InventoryChange => ({
  revision,
  previous,
  deviceId,
  kind: 'added',
  status: 'member',
  cpnsId: null,
});
const inventory = (...changes: InventoryChange[]): Event => ({
  type: 'LocalInventoryUpdated',
  data: { inventory: { pnId: 'home', changes } },
});

const asked = [wanted('home'), requested('g1')];
const ready = [...asked, registered('g1')];
const pending = [...ready, establishing('e1')];
const standing = [...pending, established()];

const noLongerWaits = [disarm('answer'), settle('gateway-registration-request')];
const backsOff = (delayMs: number) => arm('backOff', delayMs, { type: 'BackOffEnded', data: {} });
const REQUEST = 'pn-establishment-request';
const armEstablishment = (delayMs: number, attempt: number, pnId = 'home') =>
  arm(`establishment/${pnId}`, delayMs, { type: 'PnEstablishmentOverdue', data: { pnId, attempt } });

describe('a PN GW registers with the CPNS Server', () => {
  it('when it is started', () => {
    given(chart, [])
      .when(wanted('home'))
      .thenTaken({
        state: 'requesting',
        effects: [ask('requestGatewayRegistration')],
        context: {
          gatewayId: 'hub',
          pns: {
            home: {
              status: 'unknown',
              joinPolicy: null,
              code: null,
              revision: 0,
              members: {},
              requestId: null,
              attempt: 0,
            },
          },
        },
      });
  });

  it('and waits half a second for the answer', () => {
    given(chart, [wanted('home')])
      .when(requested('g1'))
      .thenTaken({
        state: 'awaitingAnswer',
        effects: [send('gateway-registration-request'), armAnswer(500, 1)],
        context: { requestId: 'g1', handshake: HANDSHAKE, attempt: 1 },
      });
  });

  it.each([
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [4, 8_000],
  ])('sends the same request again after attempt %i and waits %i ms', (attempt, delayMs) => {
    given(chart, [...asked, ...overdueUpTo(attempt - 1)])
      .when(overdue(attempt))
      .thenTaken({
        state: 'awaitingAnswer',
        effects: [resend('gateway-registration-request'), armAnswer(delayMs, attempt + 1)],
      });
  });

  it('gives the request up after the fifth attempt', () => {
    given(chart, [...asked, ...overdueUpTo(4)])
      .when(overdue(5))
      .thenTaken({ state: 'awaitingAnswer', effects: [ask('timeOutGatewayRegistration')] });
  });

  it('and backs off when nobody answered', () => {
    given(chart, [...asked, ...overdueUpTo(5)])
      .when(timedOut('g1'))
      .thenTaken({ state: 'backingOff', effects: [...noLongerWaits, backsOff(500)], context: { backOffs: 1 } });
  });

  it.each([401, 503] as const)('and backs off when it is refused with %i', (code) => {
    given(chart, asked)
      .when(refused('g1', code))
      .thenTaken({ state: 'backingOff', effects: [...noLongerWaits, backsOff(500)] });
  });

  it.each([
    [2, 1_000],
    [3, 2_000],
    [4, 4_000],
    [5, 8_000],
    [6, 16_000],
    [7, 30_000],
    [8, 30_000],
    [40, 30_000],
  ])('and backs off for the %i. time for %i ms; it never gives up', (time, delayMs) => {
    const rounds = Array.from({ length: time - 1 }, (_, n) => [
      wanted('home'),
      requested(`g${n}`),
      refused(`g${n}`, 503),
      backOffEnded,
    ]).flat();
    given(chart, [...rounds, wanted('home'), requested('now')])
      .when(refused('now', 503))
      .thenTaken({ state: 'backingOff', effects: [...noLongerWaits, backsOff(delayMs)] });
  });

  it('and wants to ask again after that', () => {
    given(chart, [...asked, refused('g1', 503)])
      .when(backOffEnded)
      .thenTaken({ state: 'backingOff', effects: [ask('wantGatewayRegistration')] });
  });

  it('and asks again, with a new request', () => {
    given(chart, [...asked, refused('g1', 503), backOffEnded])
      .when(wanted('home'))
      .thenTaken({ state: 'requesting', effects: [disarm('backOff'), ask('requestGatewayRegistration')] });
  });

  it('anew when it is started again before the answer came', () => {
    given(chart, asked)
      .when(wanted('home', 'shed'))
      .thenTaken({ state: 'requesting', effects: [...noLongerWaits, ask('requestGatewayRegistration')] });
  });

  it('and then establishes its PNs', () => {
    given(chart, [...asked, refused('g1', 503), backOffEnded, wanted('home'), requested('g2')])
      .when(registered('g2'))
      .thenTaken({
        state: 'registered',
        effects: [...noLongerWaits, ask('requestPnEstablishments')],
        context: { keyId: KEY_1, backOffs: 0 },
      });
  });

  it('once: started again, it only compares the inventories', () => {
    given(chart, standing)
      .when(wanted('home'))
      .thenTaken({ state: 'registered', effects: [ask('requestPnEstablishments')], context: { keyId: KEY_1 } });
  });
});

describe('a PN GW whose session the server does not have', () => {
  it('registers anew, and keeps its session and what it knows of its PNs until then', () => {
    const { pns } = stateAfter(chart, standing).context;
    given(chart, standing)
      .when(sessionLost(KEY_1))
      .thenTaken({
        state: 'requesting',
        effects: [ask('requestGatewayRegistration')],
        context: { keyId: KEY_1, pns },
      });
  });

  it('establishes its PNs again under the new session', () => {
    given(chart, [...standing, sessionLost(KEY_1), requested('g2')])
      .when({ type: 'GatewayRegistered', data: { requestId: 'g2', keyId: KEY_2 } })
      .thenTaken({
        state: 'registered',
        effects: [...noLongerWaits, ask('requestPnEstablishments')],
        context: { keyId: KEY_2 },
      });
  });

  it.each<readonly [string, readonly Event[], Event]>([
    ['before it ever had one', asked, sessionLost(KEY_1)],
    ['while it registers anew already', [...standing, sessionLost(KEY_1), requested('g2')], sessionLost(KEY_1)],
    ['when the session is an earlier one', standing, sessionLost(KEY_2)],
  ])('is not moved by that %s', (_, events, event) => {
    given(chart, events).when(event).thenRefused(409);
  });
});

describe('a PN GW establishes a PN', () => {
  it('asks, and waits half a second for the answer', () => {
    given(chart, ready)
      .when(establishing('e1'))
      .thenTaken({
        state: 'registered',
        effects: [{ type: 'send', message: REQUEST, about: 'home' }, armEstablishment(500, 1)],
      });
  });

  it.each([
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [4, 8_000],
    [5, 16_000],
    [6, 30_000],
    [7, 30_000],
    [99, 30_000],
  ])('asks again after attempt %i and waits %i ms; it never gives up', (attempt, delayMs) => {
    const earlier = Array.from({ length: attempt - 1 }, (_, n) => establishmentOverdue(n + 1));
    given(chart, [...pending, ...earlier])
      .when(establishmentOverdue(attempt))
      .thenTaken({
        state: 'registered',
        effects: [{ type: 'resend', message: REQUEST, about: 'home' }, armEstablishment(delayMs, attempt + 1)],
      });
  });

  it('knows its join policy once the server has answered', () => {
    given(chart, pending)
      .when(established())
      .thenTaken({
        state: 'registered',
        effects: [{ type: 'settle', message: REQUEST, about: 'home' }, disarm('establishment/home')],
        context: {
          pns: {
            home: {
              status: 'established',
              joinPolicy: 'open',
              code: null,
              revision: 0,
              members: {},
              requestId: null,
              attempt: 1,
            },
          },
        },
      });
  });

  it('knows why the server refused it', () => {
    given(chart, pending)
      .when(establishmentRefused())
      .thenTaken({
        state: 'registered',
        effects: [{ type: 'settle', message: REQUEST, about: 'home' }, disarm('establishment/home')],
        context: {
          pns: {
            home: {
              status: 'refused',
              joinPolicy: null,
              code: 404,
              revision: 0,
              members: {},
              requestId: null,
              attempt: 1,
            },
          },
        },
      });
  });

  it('side by side with another one', () => {
    given(chart, [wanted('home', 'shed'), requested('g1'), registered('g1'), establishing('e1'), established()])
      .when(establishing('e2', 'shed'))
      .thenTaken({
        state: 'registered',
        effects: [{ type: 'send', message: REQUEST, about: 'shed' }, armEstablishment(500, 1, 'shed')],
      });
  });

  it('no longer when the PN is not one of its own any more', () => {
    given(chart, [...pending, wanted('shed')])
      .when(establishmentOverdue(1))
      .thenTaken({
        state: 'registered',
        effects: [{ type: 'settle', message: REQUEST, about: 'home' }],
        context: {
          pns: {
            shed: {
              status: 'unknown',
              joinPolicy: null,
              code: null,
              revision: 0,
              members: {},
              requestId: null,
              attempt: 0,
            },
          },
        },
      });
    const { context } = stateAfter(chart, [...pending, wanted('shed'), establishmentOverdue(1)]);
    expect(Object.keys(context.pns)).toEqual(['shed']);
  });
});

describe('the local PN Inventory', () => {
  it("follows the server's from its revision (1.4.1/3, 1.4.2/5)", () => {
    given(chart, standing)
      .when(inventory(change(2, 0, 'lamp'), change(2, 0, 'sensor'), change(5, 2, 'tag')))
      .thenTaken({
        state: 'registered',
        effects: [],
        context: {
          pns: {
            home: {
              status: 'established',
              joinPolicy: 'open',
              code: null,
              revision: 5,
              members: {
                lamp: { status: 'member', cpnsId: null },
                sensor: { status: 'member', cpnsId: null },
                tag: { status: 'member', cpnsId: null },
              },
              requestId: null,
              attempt: 1,
            },
          },
        },
      });
  });

  it('loses who is removed', () => {
    const gone: InventoryChange = { ...change(5, 2, 'lamp'), kind: 'removed', status: 'removed' };
    const { context } = stateAfter(chart, [...standing, inventory(change(2, 0, 'lamp')), inventory(gone)]);
    expect(localMember(context, 'home', 'lamp')).toBeNull();
    expect(context.pns['home']?.revision).toBe(5);
  });

  it.each([
    ['a gap', inventory(change(7, 5, 'tag'))],
    ['what it has already', inventory(change(2, 0, 'lamp'))],
  ])('does not take %s', (_, event) => {
    given(chart, [...standing, inventory(change(2, 0, 'lamp'))])
      .when(event)
      .thenRefused(409);
  });

  it('takes of a message what comes right after its revision', () => {
    const changes = [change(2, 0, 'lamp'), change(2, 0, 'sensor'), change(5, 2, 'tag'), change(9, 8, 'late')];
    expect(changesAfter(0, changes)).toEqual(changes.slice(0, 3));
    expect(changesAfter(2, changes)).toEqual(changes.slice(2, 3));
    expect(changesAfter(5, changes)).toEqual([]);
    expect(changesAfter(8, changes)).toEqual(changes.slice(3));
  });
});

describe('a PN GW refuses with 409', () => {
  it.each<readonly [string, readonly Event[], Event]>([
    ['the answer to another request', asked, registered('g0')],
    ['a refusal of another request', asked, refused('g0', 401)],
    ['the end of another request', asked, timedOut('g0')],
    ['a late answer', [...asked, ...overdueUpTo(5), timedOut('g1')], registered('g1')],
    ['a second answer', ready, registered('g1')],
    ['a request to establish a PN that is not its own', ready, establishing('e1', 'other')],
    ['an answer about a PN that is not its own', pending, established('other')],
    ['a refusal about a PN that is not its own', pending, establishmentRefused('other')],
    ['an inventory before it is registered', asked, inventory(change(2, 0, 'lamp'))],
    ['a PN before it is registered', asked, establishing('e1')],
    ['a time-out of nothing', [], overdue(1)],
  ])('%s', (_, events, event) => {
    given(chart, events).when(event).thenRefused(409);
  });

  it('and counts what it refused', () => {
    given(chart, standing)
      .when(messageRefused(4))
      .thenTaken({ state: 'registered', effects: [], context: { refusals: 4 } });
  });
});
