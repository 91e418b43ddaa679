import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemEntropy } from '../../seams/entropy.ts';
import { cpnsId as cpnsIdOf } from '../../security/cpns-id.ts';
import { readRegistration } from '../../security/registration-handshake.ts';
import { sessionToBytes, type Session } from '../../security/session.ts';
import { timestampFromBytes } from '../../security/timestamp.ts';
import {
  encode,
  HandJournal,
  handKeyring,
  HandWire,
  openConfirmation,
  sealConfirmation,
  untilEnd,
  wanSession,
} from './hand.ts';
import type { Credentials, ServerConfig } from './operator.ts';

/** The CPNS Server of the floor. Arguments: configuration, NATS, journal. */
const [config = '', url = '', file = ''] = process.argv.slice(2);
const journal = await HandJournal.open(file, 'cpns-server');
const wire = await HandWire.connect(url, wanSession('responder'));
const keyring = handKeyring();
const { pns }: ServerConfig = JSON.parse(readFileSync(config, 'utf8'));
const { pnes }: Credentials = JSON.parse(readFileSync(join(dirname(config), 'server.credentials.yaml'), 'utf8'));
const psks = new Map(
  Object.entries(pnes).map(([id, psk]) => [id, new Uint8Array(Buffer.from(psk, 'base64url'))] as const),
);
const idKey = systemEntropy.bytes(32);
const bytes = (length: number): Uint8Array => systemEntropy.bytes(length);
const chart = 'cpns-server/registration';

const inventory = new Map(
  pns.map(({ id, members }) => [id, { revision: 0, members: new Map(members.map((device) => [device, 'member'])) }]),
);
const sessions = new Map<string, Session>();
const newest = new Map<string, string>();

wire.on('cpns.wan.up.>', (message, [, , , gatewayId = '', type]) => {
  const { messageId, correlationId, body } = message;
  const { pnId = '', deviceId = '' } = body;
  const stream = `registration/${pnId}/${deviceId}`;
  const step = { stream, messageId, correlationId, causationId: messageId, consumed: `${stream}#${messageId}` };
  const answerId = systemEntropy.id();
  const ids = { messageId: answerId, correlationId };
  if (type === 'sealed') {
    const { keyId = '', frame = '' } = body;
    const session = sessions.get(keyId);
    if (session === undefined) return;
    openConfirmation(session, frame, 'session-confirm');
    const sealed = { deviceId, ...sealConfirmation(session, 'session-confirmed') };
    const subject = `cpns.wan.down.${gatewayId}.sealed`;
    const payload = encode({ type: 'sealed', ...ids, inReplyTo: messageId }, sealed);
    const events = [{ chart, type: 'SecureSessionEstablished', crStep: '1.4.1/4', data: { keyId } }];
    journal.commit({ ...step, events, answer: { messageId: answerId, subject, payload } }, () =>
      wire.send(subject, payload, ids),
    );
    return;
  }
  const pn = inventory.get(pnId);
  const psk = psks.get(deviceId);
  if (pn === undefined || psk === undefined || !pn.members.has(deviceId)) return;
  const requestId = messageId;
  const { handshake = '' } = body;
  const binding = { protocolVersion: 1, pnId, gatewayId, deviceId, requestId } as const;
  const first = Buffer.from(handshake, 'base64url');
  const read = readRegistration({ credential: { kind: 'psk', psk }, binding, message: first, bytes });
  if (read.kind === 'failed') return;
  const timestamp = timestampFromBytes(read.payload);
  if (timestamp === null || timestamp <= (newest.get(stream) ?? '')) return;
  newest.set(stream, timestamp);
  const cpnsId = cpnsIdOf(idKey, deviceId);
  const previous = pn.revision;
  pn.revision += 1;
  pn.members.set(deviceId, 'registered');
  const revision = pn.revision;
  const changes = [{ revision, previous, deviceId, kind: 'registered', status: 'registered', cpnsId }];
  const response = read.respond(new TextEncoder().encode(JSON.stringify({ code: 200, cpnsId })));
  const { keyId } = response.session;
  sessions.set(keyId, response.session);
  const reply = Buffer.from(response.message).toString('base64url');
  const subject = `cpns.wan.down.${gatewayId}.registration-response`;
  const answer = { pnId, deviceId, code: 200, handshake: reply, revision, changes };
  const payload = encode({ type: 'registration-response', ...ids, inReplyTo: messageId }, answer);
  const received = { requestId, gatewayId, pnId, deviceId, flow: '1.4.1', handshake };
  const answered = { requestId, code: 200, cpnsId, keyId, handshake: reply };
  const events = [
    { chart, type: 'RegistrationRequestReceived', crStep: '1.4.1/3', data: received },
    { chart, type: 'PneAuthenticated', schemaVersion: 2, crStep: '1.4.1/3', data: { timestamp } },
    { chart, type: 'CpnsIdAllocated', crStep: '1.4.1/3', data: { deviceId, cpnsId } },
    {
      stream: `pn/${pnId}`,
      chart: 'cpns-server/personal-network',
      crStep: '1.4.1/3',
      type: 'InventoryUpdated',
      data: { inventory: { pnId, changes } },
    },
    { chart, type: 'RegistrationAnswered', crStep: '1.4.1/3', data: answered },
  ];
  const id = `session/${keyId}`;
  journal.commit(
    {
      ...step,
      events,
      answer: { messageId: answerId, subject, payload },
      putKey: { id, wrapped: keyring.wrap(id, sessionToBytes(response.session)) },
    },
    () => wire.send(subject, payload, ids),
  );
});

await wire.flush();
await untilEnd();
await wire.close();
journal.close();
