import type { ResponseCode } from '../../events/codes.ts';
import type { InventoryChange, JoinPolicy } from '../../events/fields.ts';
import {
  CPNS_ID,
  HANDSHAKE,
  KEY_1,
  KEY_2,
  messageRefused,
  closeOverdue,
  overdue,
  REPLY,
  TIMESTAMPS,
  type EventOfChart,
} from './given.ts';
import type { ChartId } from '../../machines/catalogue.ts';

/**
 * Events of every type of every chart, over few ids: enough that whatever a chart distinguishes (this request or
 * another, a success or a refusal, a member or a stranger) occurs. Walks and explorations choose from them.
 */

const requests = ['a', 'b'];
const devices = ['lamp', 'tag'];
const keys = [KEY_1, KEY_2];
const policies: readonly JoinPolicy[] = ['open', 'approval', 'closed'];
const codes: readonly ResponseCode[] = [200, 401, 503];
const refusals: readonly ResponseCode[] = [401, 503];
const shared = [messageRefused(1)];
/** What both ends of a session record of its use and its end. */
const ofSession = (keyId: string) =>
  [
    { type: 'SecureSessionRekeyed', data: { keyId, direction: 'up', epoch: 0 } },
    { type: 'SessionCloseWanted', data: { keyId } },
    { type: 'SessionCloseReceived', data: { keyId } },
    { type: 'SecureSessionClosed', data: { keyId, reason: 'ended' } },
  ] as const;

/** A change of each kind, as a first one and as one that follows. */
const changes: readonly InventoryChange[] = devices.flatMap((deviceId) =>
  [
    { revision: 1, previous: 0 },
    { revision: 2, previous: 1 },
  ].flatMap((revisions): InventoryChange[] => [
    { ...revisions, deviceId, kind: 'added', status: 'member', cpnsId: null },
    { ...revisions, deviceId, kind: 'added', status: 'provisional', cpnsId: null },
    { ...revisions, deviceId, kind: 'registered', status: 'registered', cpnsId: CPNS_ID },
    { ...revisions, deviceId, kind: 'removed', status: 'removed', cpnsId: null },
  ]),
);
const inventories = (status: InventoryChange['status']) =>
  changes.filter((change) => change.status === status).map((change) => ({ pnId: 'home', changes: [change] }));

const pne: readonly EventOfChart<'pne/registration'>[] = [
  ...shared,
  overdue(1),
  closeOverdue(1),
  { type: 'BackOffEnded', data: {} },
  ...(['needed', 'none'] as const).map((pairing) => ({
    type: 'RegistrationWanted' as const,
    data: { deviceId: 'tag', pnId: 'home', gatewayId: 'hub', pairing },
  })),
  ...requests.flatMap((requestId): EventOfChart<'pne/registration'>[] => [
    { type: 'PairingRequested', data: { requestId } },
    { type: 'PairingFormed', data: { requestId, gatewayId: 'hub' } },
    ...refusals.map((code) => ({ type: 'PairingRefused' as const, data: { requestId, code } })),
    { type: 'PairingTimedOut', data: { requestId } },
    {
      type: 'RegistrationRequested',
      data: { requestId, pnId: 'home', gatewayId: 'hub', handshake: HANDSHAKE, timestamp: TIMESTAMPS[0] },
    },
    { type: 'RegistrationAccepted', data: { requestId, code: 200, cpnsId: CPNS_ID, keyId: KEY_1 } },
    ...refusals.map((code) => ({ type: 'RegistrationRefused' as const, data: { requestId, code } })),
    { type: 'RegistrationTimedOut', data: { requestId } },
  ]),
  ...keys.flatMap((keyId): EventOfChart<'pne/registration'>[] => [
    { type: 'SecureSessionEstablished', data: { keyId } },
    { type: 'SecureSessionConfirmed', data: { keyId } },
    { type: 'SecureSessionClosed', data: { keyId, reason: 'unconfirmed' } },
    { type: 'SecureSessionClosed', data: { keyId, reason: 'replaced' } },
    ...ofSession(keyId),
  ]),
];

const gateway: readonly EventOfChart<'pn-gateway/gateway'>[] = [
  ...shared,
  overdue(1),
  { type: 'BackOffEnded', data: {} },
  { type: 'GatewayRegistrationWanted', data: { gatewayId: 'hub', pns: ['home'] } },
  { type: 'GatewayRegistrationWanted', data: { gatewayId: 'hub', pns: [] } },
  ...requests.flatMap((requestId): EventOfChart<'pn-gateway/gateway'>[] => [
    { type: 'GatewayRegistrationRequested', data: { requestId, handshake: HANDSHAKE, timestamp: TIMESTAMPS[0] } },
    { type: 'GatewayRegistered', data: { requestId, keyId: KEY_1 } },
    { type: 'GatewayRegistrationRefused', data: { requestId, code: 503 } },
    { type: 'GatewayRegistrationTimedOut', data: { requestId } },
  ]),
  { type: 'GatewaySessionLost', data: { keyId: KEY_1 } },
  { type: 'GatewaySessionClosed', data: { keyId: KEY_1, reason: 'replaced' } },
  ...['home', 'shed'].flatMap((pnId): EventOfChart<'pn-gateway/gateway'>[] => [
    { type: 'PnEstablishmentRequested', data: { requestId: 'e', pnId, revision: 0 } },
    { type: 'PnEstablished', data: { pnId, joinPolicy: 'open' } },
    { type: 'PnEstablishmentRefused', data: { pnId, code: 404 } },
    { type: 'PnEstablishmentOverdue', data: { pnId, attempt: 1 } },
  ]),
  ...changes.map((change) => ({
    type: 'LocalInventoryUpdated' as const,
    data: { inventory: { pnId: 'home', changes: [change] } },
  })),
];

const admission: readonly EventOfChart<'pn-gateway/admission'>[] = [
  ...shared,
  overdue(1),
  { type: 'MembershipMissing', data: { pnId: 'home', revision: 1 } },
  ...(['member', 'provisional', 'registered'] as const).map((status) => ({
    type: 'MembershipConfirmed' as const,
    data: { pnId: 'home', revision: 1, status },
  })),
  ...requests.flatMap((requestId): EventOfChart<'pn-gateway/admission'>[] => [
    { type: 'PairingFormed', data: { requestId, deviceId: 'tag' } },
    { type: 'RegistrationRequestReceived', data: { requestId, deviceId: 'tag', pnId: 'home', handshake: HANDSHAKE } },
    { type: 'AdmissionRefused', data: { requestId, code: 403 } },
    { type: 'RegistrationForwarded', data: { requestId } },
    { type: 'RegistrationTimedOut', data: { requestId } },
    { type: 'PnUpdateRequested', data: { updateId: requestId, pnId: 'home', action: 'add' } },
    ...codes.flatMap((code): EventOfChart<'pn-gateway/admission'>[] => [
      { type: 'PnUpdateAnswered', data: { updateId: requestId, code } },
      { type: 'RegistrationAnswered', data: { requestId, code, handshake: code === 200 ? REPLY : null } },
      { type: 'ResponseForwarded', data: { requestId, code } },
      { type: 'LateAnswerReceived', data: { requestId, code } },
    ]),
  ]),
];

const gatewayRegistration: readonly EventOfChart<'cpns-server/gateway-registration'>[] = [
  ...shared,
  { type: 'GatewayRegistrationReceived', data: { requestId: 'a', gatewayId: 'hub', handshake: HANDSHAKE } },
  ...keys.flatMap((keyId) =>
    TIMESTAMPS.map((timestamp) => ({ type: 'GatewayAuthenticated' as const, data: { keyId, timestamp } })),
  ),
  ...keys.map((keyId) => ({ type: 'GatewaySessionClosed' as const, data: { keyId, reason: 'revoked' as const } })),
  { type: 'GatewayAuthenticationFailed', data: { reason: 'unknownGateway' } },
  { type: 'GatewayRegistrationAnswered', data: { requestId: 'a', code: 200, handshake: REPLY } },
  { type: 'GatewayRegistrationAnswered', data: { requestId: 'a', code: 401, handshake: null } },
];

const personalNetwork: readonly EventOfChart<'cpns-server/personal-network'>[] = [
  ...shared,
  ...policies.map((joinPolicy) => ({
    type: 'PnProvisioned' as const,
    data: { pnId: 'home', gatewayId: 'hub', joinPolicy },
  })),
  { type: 'PnReleased', data: { pnId: 'home' } },
  { type: 'PnEstablishmentReceived', data: { requestId: 'a', gatewayId: 'hub', revision: 0 } },
  { type: 'PnEstablished', data: { pnId: 'home', gatewayId: 'hub' } },
  { type: 'PnEstablishmentAnswered', data: { requestId: 'a', gatewayId: 'hub', code: 200, revision: 0 } },
  ...devices.flatMap((deviceId): EventOfChart<'cpns-server/personal-network'>[] => [
    { type: 'PnUpdateReceived', data: { updateId: 'a', gatewayId: 'hub', deviceId, action: 'add' } },
    { type: 'PnUpdateReceived', data: { updateId: 'b', gatewayId: 'hub', deviceId, action: 'remove' } },
    { type: 'PnUpdateAnswered', data: { updateId: 'a', gatewayId: 'hub', deviceId, code: 200 } },
    { type: 'ProvisionalOverdue', data: { deviceId } },
    { type: 'PneRejected', data: { deviceId, by: 'desk' } },
  ]),
  ...inventories('member').map((inventory) => ({ type: 'PneApproved' as const, data: { inventory, by: 'desk' } })),
  ...inventories('member').map((inventory) => ({ type: 'MembersProvisioned' as const, data: { inventory } })),
  ...inventories('provisional').map((inventory) => ({ type: 'PneAdded' as const, data: { inventory } })),
  ...inventories('registered').map((inventory) => ({ type: 'InventoryUpdated' as const, data: { inventory } })),
  ...inventories('removed').map((inventory) => ({
    type: 'PneRemoved' as const,
    data: { inventory, reason: 'refused' as const },
  })),
];

const registration: readonly EventOfChart<'cpns-server/registration'>[] = [
  ...shared,
  closeOverdue(1),
  ...(['1.4.1', '1.4.2'] as const).map((flow) => ({
    type: 'RegistrationRequestReceived' as const,
    data: { requestId: 'a', gatewayId: 'hub', pnId: 'home', deviceId: 'tag', flow, handshake: HANDSHAKE },
  })),
  ...TIMESTAMPS.map((timestamp) => ({ type: 'PneAuthenticated' as const, data: { timestamp } })),
  { type: 'PneAuthenticationFailed', data: { reason: 'decryptFailed' } },
  { type: 'RegistrationDenied', data: { code: 403 } },
  { type: 'CpnsIdAllocated', data: { deviceId: 'tag', cpnsId: CPNS_ID } },
  {
    type: 'RegistrationAnswered',
    data: { requestId: 'a', code: 401, cpnsId: null, keyId: null, handshake: null },
  },
  ...keys.flatMap((keyId): EventOfChart<'cpns-server/registration'>[] => [
    { type: 'RegistrationAnswered', data: { requestId: 'a', code: 200, cpnsId: CPNS_ID, keyId, handshake: REPLY } },
    { type: 'SecureSessionEstablished', data: { keyId } },
    { type: 'SecureSessionClosed', data: { keyId, reason: 'replaced' } },
    ...ofSession(keyId),
    { type: 'SecureSessionClosed', data: { keyId, reason: 'revoked' } },
  ]),
];

const sums = keys.map((keyId) => ({
  keyId,
  serviceId: 'echo',
  direction: 'up' as const,
  messages: 1,
  bytes: 10,
  from: 0,
  to: 1,
}));

const gatewayUsage: readonly EventOfChart<'pn-gateway/usage'>[] = [
  ...shared,
  overdue(1),
  { type: 'BackOffEnded', data: {} },
  ...sums.map((sum) => ({ type: 'UsageRecorded' as const, data: { pnId: 'home', usage: [sum] } })),
  ...requests.flatMap((reportId): EventOfChart<'pn-gateway/usage'>[] => [
    ...sums.map((sum) => ({ type: 'UsageReported' as const, data: { reportId, pnId: 'home', usage: [sum] } })),
    ...([200, 403, 480] as const).map((code) => ({ type: 'UsageReportAnswered' as const, data: { reportId, code } })),
  ]),
];

const charging: readonly EventOfChart<'cpns-server/charging'>[] = [
  ...shared,
  { type: 'UsageRecorded', data: { usage: sums } },
  { type: 'GatewayUsageReceived', data: { reportId: 'a', gatewayId: 'hub', usage: sums } },
];

const subject: readonly EventOfChart<'cpns-server/subject'>[] = [KEY_1, KEY_2].flatMap((key) => {
  const keyId = `subject/lamp/${key}`;
  return [
    ...(['operator', 'device'] as const).map((by) => ({
      type: 'SubjectDescribed' as const,
      data: { keyId, by, sealed: 'A'.repeat(64) },
    })),
    { type: 'SubjectErased' as const, data: { keyId } },
  ];
});

const keyring: readonly EventOfChart<'journal/keyring'>[] = [
  { type: 'KeyringCreated', data: { kekId: KEY_1 } },
  { type: 'KeyRotationStarted', data: { fromKekId: KEY_1, toKekId: KEY_2 } },
  { type: 'KeyEncryptionKeyRotated', data: { fromKekId: KEY_1, toKekId: KEY_2, keys: 3 } },
  { type: 'KeyRotationStarted', data: { fromKekId: KEY_2, toKekId: KEY_1 } },
  { type: 'KeyEncryptionKeyRotated', data: { fromKekId: KEY_2, toKekId: KEY_1, keys: 0 } },
  { type: 'KeyDestroyed', data: { keyId: `session/${KEY_1}`, reason: 'compromised' } },
];

const record: readonly EventOfChart<'journal/record'>[] = [
  { type: 'DurabilityObserved', data: { database: 'sqlite', settings: { synchronous: 'full' }, warnings: [] } },
  ...[256, 300].map((size) => ({
    type: 'CheckpointSigned' as const,
    data: { size, root: 'A'.repeat(43), note: 'example.org/log\n' },
  })),
];

export const POOL: { readonly [Id in ChartId]: readonly EventOfChart<Id>[] } = {
  'pne/registration': pne,
  'pn-gateway/gateway': gateway,
  'pn-gateway/admission': admission,
  'pn-gateway/usage': gatewayUsage,
  'cpns-server/gateway-registration': gatewayRegistration,
  'cpns-server/personal-network': personalNetwork,
  'cpns-server/registration': registration,
  'cpns-server/charging': charging,
  'cpns-server/subject': subject,
  'journal/keyring': keyring,
  'journal/record': record,
};
