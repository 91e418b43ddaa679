import { describe, expect, test } from 'vitest';
import { toBase64url } from '../../security/base64url.ts';
import { firstChain } from '../../security/epochs.ts';
import { sessionToBytes, type Session } from '../../security/session.ts';
import type { JsonObject, RecordedEvent } from '../../journal/port.ts';
import { sealFields } from '../../actors/roles/cpns-server/subject/personal.ts';
import { personalNetwork } from '../../machines/cpns-server/personal-network.ts';
import { secretOf, type Moment, type NodeName } from '../simulation/world.ts';
import { forgetsWhatWasErased } from './forgetting.ts';
import * as invariants from './invariants.ts';
import { usageAddsUp } from './usage-adds-up.ts';
import type { Checker, Evidence } from './evidence.ts';

/** Each checker can fail: here is a journal, made by hand, that breaks its invariant and nothing else need be wrong. */
const ID = `cpns-${'a'.repeat(26)}`;
const OTHER_ID = `cpns-${'b'.repeat(26)}`;
const REGISTRATION = 'registration/home/lamp';
const ADMISSION = 'admission/hub/lamp';

function event(chart: string, stream: string, version: number, type: string, data: JsonObject): RecordedEvent {
  const meta = {
    messageId: 'm',
    correlationId: 'c',
    causationId: null,
    role: 'any',
    chart: { id: chart, hash: '' },
    crStep: null,
    recordedAt: '2026-01-01T00:00:00.000Z',
  };
  return { position: version, stream, version, type, schemaVersion: 1, data, meta };
}

const onRegistration = (type: string, data: JsonObject = {}, stream = REGISTRATION) =>
  event('cpns-server/registration', stream, 1, type, data);
const onPn = (type: string, data: JsonObject, version = 1) =>
  event('cpns-server/personal-network', 'pn/home', version, type, data);
const change = (revision: number, previous: number, status: string, cpnsId: string | null = null) => ({
  inventory: {
    pnId: 'home',
    changes: [
      { revision, previous, deviceId: 'lamp', kind: status === 'removed' ? 'removed' : 'added', status, cpnsId },
    ],
  },
});

/** A moment in which a key of the server went. */
const dropped = (id: string, ...events: readonly RecordedEvent[]): Moment => ({
  node: 'server',
  events,
  keys: { drop: [id], put: [] },
});
const sums = (messages: number) => [
  { keyId: 'k'.repeat(22), serviceId: 'echo', direction: 'up', messages, bytes: 10, from: 0, to: 1 },
];
const onUsage = (type: string, data: JsonObject) =>
  at('gateway', event('pn-gateway/usage', 'usage/hub/lamp', 1, type, { pnId: 'home', ...data }));
const records = (messages: number) => onUsage('UsageRecorded', { usage: sums(messages) });
const reports = (reportId: string, messages: number) => onUsage('UsageReported', { reportId, usage: sums(messages) });
const counts = (reportId: string, messages: number, version = 1) => {
  const data = { reportId, gatewayId: 'hub', usage: sums(messages) };
  return at('server', event('cpns-server/charging', 'charging/home/lamp', version, 'GatewayUsageReceived', data));
};

const onSubject = (type: string, data: JsonObject) => event('cpns-server/subject', 'subject/lamp', 1, type, data);
/** The lamp is told of under this key, which is made for it. */
function describes(name: string): Moment {
  const [keyId, secret] = [`subject/lamp/${name}`, secretOf(name)];
  const fields = { user: null, name: 'Lamp of Ottilie', mac: null };
  const sealed = sealFields(secret, 'subject/lamp', keyId, fields, (length) => new Uint8Array(length));
  return {
    node: 'server',
    events: [onSubject('SubjectDescribed', { keyId, by: 'device', sealed })],
    keys: { drop: [], put: [{ id: keyId, secret }] },
  };
}

const NO_KEYS = { drop: [], put: [] };
const at = (node: NodeName, ...events: readonly RecordedEvent[]): Moment => ({ node, events, keys: NO_KEYS });

function evidence(timeline: readonly Moment[], more: Partial<Evidence> = {}): Evidence {
  return { phase: 'chaos', timeline, sent: [], said: [], given: [], log: [], secrets: [], inMemory: [], ...more };
}

function session(role: Session['role'], name: string): Session {
  const [a, b] = [secretOf(`${name} a`), secretOf(`${name} b`)];
  const [sendKey, receiveKey] = role === 'initiator' ? [a, b] : [b, a];
  const chains = { up: firstChain(a, 'up'), down: firstChain(a, 'down') };
  return { keyId: 'k'.repeat(22), role, sendKey, receiveKey, chains };
}

function held(node: NodeName, one: Session, ...events: readonly RecordedEvent[]): Moment {
  return { node, events, keys: { drop: [], put: [{ id: `session/${one.keyId}`, secret: sessionToBytes(one) }] } };
}

const asks = (requestId: string): Moment =>
  at('pnes', event('pne/registration', 'pne/lamp', 1, 'RegistrationRequested', { requestId }));
const accepts = (requestId: string): Moment =>
  at('server', onRegistration('RegistrationRequestReceived', { requestId }), onRegistration('PneAuthenticated'));

/** A session whose next epoch up is this one. */
function rekeyedTo(epoch: number): Session {
  const one = session('initiator', 'one');
  return { ...one, chains: { ...one.chains, up: { ...one.chains.up, epoch } } };
}
const rekeyed = (epoch: number): RecordedEvent =>
  event('pne/registration', 'pne/lamp', 1, 'SecureSessionRekeyed', { keyId: 'k'.repeat(22), direction: 'up', epoch });
const dataFrame = (frame: string): Evidence['sent'][number] => ({
  source: 'pnes',
  subject: 'cpns.link.hub.up.lamp.data',
  payload: JSON.stringify({ body: { keyId: 'k'.repeat(22), epoch: 0, counter: 0, frame } }),
});
const confirmed = event('pne/registration', 'pne/lamp', 1, 'SecureSessionConfirmed', { keyId: 'k'.repeat(22) });
const answer = (inReplyTo: string, code: number) => ({
  source: 'server',
  subject: 'cpns.wan.down.hub.registration-response',
  payload: JSON.stringify({ messageId: `a${code}`, inReplyTo, body: { code } }),
  after: 0,
});
const secret = secretOf('a secret');

describe('the checker finds', () => {
  const cases: readonly (readonly [string, Checker, Evidence, RegExp])[] = [
    [
      'I1 a CPNS ID without authentication',
      invariants.cpnsIdAfterAuthentication,
      evidence([at('server', onRegistration('CpnsIdAllocated', { deviceId: 'lamp', cpnsId: ID }))]),
      /not authenticated/,
    ],
    [
      'I1 an authentication that belongs to the registration before',
      invariants.cpnsIdAfterAuthentication,
      evidence([
        at(
          'server',
          onRegistration('PneAuthenticated'),
          onRegistration('RegistrationRequestReceived', { requestId: 'r2' }),
          onRegistration('CpnsIdAllocated', { deviceId: 'lamp', cpnsId: ID }),
        ),
      ]),
      /not authenticated/,
    ],
    [
      'I2 one CPNS ID for two devices',
      invariants.cpnsIdBelongsToOneDevice,
      evidence([
        at('server', onRegistration('CpnsIdAllocated', { cpnsId: ID })),
        at('server', onRegistration('CpnsIdAllocated', { cpnsId: ID }, 'registration/home/cup')),
      ]),
      /was given to lamp/,
    ],
    [
      'I2 two CPNS IDs for one device, one of them in another journal',
      invariants.cpnsIdBelongsToOneDevice,
      evidence([
        at('server', onRegistration('CpnsIdAllocated', { cpnsId: ID })),
        at('pnes', event('pne/registration', 'pne/lamp', 1, 'RegistrationAccepted', { cpnsId: OTHER_ID })),
      ]),
      /and had/,
    ],
    [
      'I3 a registration without its entry in the inventory',
      invariants.inventoryAgreesWithRegistration,
      evidence([at('server', onRegistration('RegistrationAnswered', { code: 200 }))]),
      /says absent/,
    ],
    [
      'I3 an entry without its registration',
      invariants.inventoryAgreesWithRegistration,
      evidence([at('server', onPn('InventoryUpdated', change(1, 0, 'registered', ID)))]),
      /says registered/,
    ],
    [
      'I4 a local change that the server has not made yet',
      invariants.localInventoryIsPrefix,
      evidence([
        at(
          'gateway',
          event('pn-gateway/gateway', 'gateway/hub', 1, 'LocalInventoryUpdated', change(1, 0, 'provisional')),
        ),
        at('server', onPn('PneAdded', change(1, 0, 'provisional'))),
      ]),
      /is not the server's/,
    ],
    [
      'I5 a registration that is forwarded for a stranger',
      invariants.forwardsOnlyMembers,
      evidence([
        at(
          'gateway',
          event('pn-gateway/admission', ADMISSION, 1, 'RegistrationRequestReceived', { requestId: 'r1', pnId: 'home' }),
          event('pn-gateway/admission', ADMISSION, 2, 'RegistrationForwarded', { requestId: 'r1' }),
        ),
      ]),
      /is not in home/,
    ],
    [
      'I5 a registration that is forwarded without an event',
      invariants.forwardsOnlyMembers,
      evidence([], {
        sent: [
          {
            source: 'gateway',
            subject: 'cpns.wan.up.hub.registration-request',
            payload: '{"messageId":"r1"}',
            after: 0,
          },
        ],
      }),
      /no event says/,
    ],
    [
      'I5 a registration that left before its commit',
      invariants.forwardsOnlyMembers,
      evidence(
        [at('gateway', event('pn-gateway/admission', ADMISSION, 1, 'RegistrationForwarded', { requestId: 'r1' }))],
        {
          sent: [
            {
              source: 'gateway',
              subject: 'cpns.wan.up.hub.registration-request',
              payload: '{"messageId":"r1"}',
              after: 0,
            },
          ],
        },
      ),
      /left before its commit/,
    ],
    [
      'I6 two outcomes of one request',
      invariants.oneOutcomePerRequest,
      evidence([
        at('server', onRegistration('RegistrationAnswered', { requestId: 'r1', code: 200 })),
        at('server', onRegistration('RegistrationAnswered', { requestId: 'r1', code: 401 })),
      ]),
      /had an outcome already/,
    ],
    [
      'I6 two different answers to one request',
      invariants.oneOutcomePerRequest,
      evidence([], { sent: [answer('r1', 200), answer('r1', 401)] }),
      /two answers/,
    ],
    [
      'I6 a request without an outcome, in the calm',
      invariants.oneOutcomePerRequest,
      evidence([at('pnes', event('pne/registration', 'pne/lamp', 1, 'RegistrationRequested', { requestId: 'r1' }))], {
        phase: 'calm',
      }),
      /never had an outcome/,
    ],
    [
      'I7 a secret in an event',
      invariants.noSecretLeaks,
      evidence([at('server', onRegistration('PneAuthenticated', { psk: toBase64url(secret) }))], { secrets: [secret] }),
      /event of server: a secret/,
    ],
    [
      'I7 a secret in the midst of a message',
      invariants.noSecretLeaks,
      evidence([], {
        secrets: [secret],
        sent: [
          {
            source: 'pnes',
            subject: 's',
            payload: Buffer.concat([Buffer.from('x'), secret]).toString('base64'),
            after: 0,
          },
        ],
      }),
      /s: a secret/,
    ],
    [
      'I7 a session key in a log line',
      invariants.noSecretLeaks,
      evidence([held('pnes', session('initiator', 'one'))], {
        log: [`key=${Buffer.from(session('initiator', 'one').sendKey).toString('hex')}`],
      }),
      /log: a secret/,
    ],
    [
      'I8 an event that its chart cannot take',
      invariants.stateIsFold,
      evidence([at('server', onRegistration('PneAuthenticated'))]),
      /cannot take PneAuthenticated/,
    ],
    [
      'I8 a state in memory that is not the fold',
      invariants.stateIsFold,
      evidence([at('server', onPn('PnProvisioned', { pnId: 'home', gatewayId: 'hub', joinPolicy: 'open' }))], {
        inMemory: [{ node: 'server', stream: 'pn/home', version: 1, state: personalNetwork.initial() }],
      }),
      /in memory/,
    ],
    [
      'I9 a change that follows nothing',
      invariants.projectionEqualsRebuilt,
      evidence([at('server', onPn('PneAdded', change(7, 3, 'provisional')))]),
      /server: /,
    ],
    [
      'I10 a confirmed session that the server does not hold',
      invariants.sessionsAgree,
      evidence([held('pnes', session('initiator', 'one'), confirmed)]),
      /the server does not hold it/,
    ],
    [
      'I10 a confirmed session under other keys',
      invariants.sessionsAgree,
      evidence([held('server', session('responder', 'other')), held('pnes', session('initiator', 'one'), confirmed)]),
      /the server has other keys/,
    ],
    [
      'I11 a provisional PNE after its refusal',
      invariants.noProvisionalAfterRefusal,
      evidence([
        at('server', onPn('PneAdded', change(1, 0, 'provisional'))),
        at('server', onRegistration('RegistrationAnswered', { code: 401 })),
      ]),
      /still provisional/,
    ],
    [
      'I11 a provisional PNE in the calm',
      invariants.noProvisionalAfterRefusal,
      evidence([at('server', onPn('PneAdded', change(1, 0, 'provisional')))], { phase: 'calm' }),
      /stays provisional/,
    ],
    [
      'I14 an epoch that is claimed twice',
      invariants.epochsAreClaimedOnce,
      evidence([held('pnes', rekeyedTo(1), rekeyed(0)), held('pnes', rekeyedTo(1), rekeyed(0))]),
      /epoch 0 was claimed before/,
    ],
    [
      'I14 an epoch that is claimed and kept',
      invariants.epochsAreClaimedOnce,
      evidence([held('pnes', rekeyedTo(0), rekeyed(0))]),
      /the keys of epoch 0 are kept/,
    ],
    [
      'I14 a frame that left before the claim',
      invariants.epochsAreClaimedOnce,
      evidence([held('pnes', rekeyedTo(1), rekeyed(0))], { sent: [{ ...dataFrame('AA'), after: 0 }] }),
      /left before its epoch was claimed/,
    ],
    [
      'I14 two frames under one number',
      invariants.epochsAreClaimedOnce,
      evidence([], { sent: [dataFrame('AA'), dataFrame('AB')] }),
      /two frames under one number/,
    ],
    [
      'I15 a message that is given twice',
      invariants.givenAtMostOnce,
      evidence([], { said: [{ text: 'x', outcome: null }], given: ['x', 'x'] }),
      /'x' was given 2 times/,
    ],
    ['I15 a message that nobody sent', invariants.givenAtMostOnce, evidence([], { given: ['x'] }), /nobody sent it/],
    [
      'I15 a message that is not delivered as was said',
      invariants.givenAtMostOnce,
      evidence([], { said: [{ text: 'x', outcome: { kind: 'delivered' } }] }),
      /said to be delivered, and is not/,
    ],
    [
      'I15 a message that is delivered, and said not to be',
      invariants.givenAtMostOnce,
      evidence([], { said: [{ text: 'x', outcome: { kind: 'noSession' } }], given: ['x'] }),
      /said not to be delivered, and is/,
    ],
    [
      'I12 a request that is accepted after a later one',
      invariants.newestRequestOnly,
      evidence([asks('early'), asks('late'), accepts('late'), accepts('early')]),
      /early is accepted after late/,
    ],
    [
      'I12 a request that is accepted twice',
      invariants.newestRequestOnly,
      evidence([asks('once'), accepts('once'), accepts('once')]),
      /once is accepted after once/,
    ],
    [
      'I13 a session key that is gone without a word',
      invariants.keysEndByEvents,
      evidence([dropped('session/one')]),
      /server: session\/one is gone without an event that says so/,
    ],
    [
      'I13 a session key that is gone with the event of another',
      invariants.keysEndByEvents,
      evidence([dropped('session/one', onRegistration('SecureSessionClosed', { keyId: 'other' }))]),
      /session\/one is gone/,
    ],
    [
      'I13 a pending handshake that is gone while nothing of it ended',
      invariants.keysEndByEvents,
      evidence([dropped('handshake/a', onRegistration('SecureSessionClosed', { keyId: 'a' }))]),
      /handshake\/a is gone/,
    ],
    [
      'I17 a key of a subject that outlives its erasure',
      forgetsWhatWasErased,
      evidence([describes('one'), at('server', onSubject('SubjectErased', { keyId: 'subject/lamp/one' }))]),
      /subject\/lamp\/one outlives the erasure of subject\/lamp/,
    ],
    [
      'I17 something personal that no key opens any more',
      forgetsWhatWasErased,
      evidence([dropped('subject/lamp/one'), { ...describes('one'), keys: NO_KEYS }]),
      /nothing that is there opens what was told under subject\/lamp\/one/,
    ],
    [
      'I17 a key that comes back after it was destroyed',
      forgetsWhatWasErased,
      evidence([describes('one'), dropped('subject/lamp/one'), describes('one')]),
      /subject\/lamp\/one is there again/,
    ],
    [
      'I17 a name in a log',
      forgetsWhatWasErased,
      evidence([describes('one')], { log: ['{"message":"Lamp of Ottilie is ready"}'] }),
      /in plain: Lamp of Ottilie/,
    ],
    [
      'I16 a report that is counted twice',
      usageAddsUp,
      evidence([reports('r1', 3), counts('r1', 3), counts('r1', 3, 2)]),
      /r1 was counted already/,
    ],
    [
      'I16 a report that says something else than was reported',
      usageAddsUp,
      evidence([reports('r1', 3), counts('r1', 4)]),
      /r1 is not what the PN GW reported/,
    ],
    [
      'I16 usage that never reaches the server',
      usageAddsUp,
      evidence([records(3), records(4), reports('r1', 3), counts('r1', 3)], { phase: 'calm' }),
      /"messages":7.*"messages":3/,
    ],
  ];

  test.each(cases)('%s', async (_, check, broken, sentence) => {
    expect((await check(broken)).join('\n')).toMatch(sentence);
  });

  test('nothing in an empty world', async () => {
    for (const check of Object.values(invariants)) expect(await check(evidence([]))).toEqual([]);
  });

  test('nothing in sessions that both ends hold', async () => {
    const agreed = [held('server', session('responder', 'one')), held('pnes', session('initiator', 'one'), confirmed)];
    expect(await invariants.sessionsAgree(evidence(agreed, { phase: 'calm' }))).toEqual([]);
  });
});
