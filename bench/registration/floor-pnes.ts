import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemEntropy } from '../../seams/entropy.ts';
import { finishRegistration, startRegistration } from '../../security/registration-handshake.ts';
import { sessionToBytes, type Session } from '../../security/session.ts';
import { timestampAfter, timestampToBytes } from '../../security/timestamp.ts';
import { encode, HandJournal, handKeyring, HandWire, openConfirmation, sealConfirmation } from './hand.ts';
import { serveLoads } from './load.ts';
import type { PneConfig } from './operator.ts';

/** The PNEs of the floor. Arguments: configuration, NATS, journal. */
const [config = '', url = '', file = ''] = process.argv.slice(2);
const journal = await HandJournal.open(file, 'pne');
const wire = await HandWire.connect(url);
const keyring = handKeyring();
const { devices }: PneConfig = JSON.parse(readFileSync(config, 'utf8'));
const bytes = (length: number): Uint8Array => systemEntropy.bytes(length);
const base64url = (some: Uint8Array): string => Buffer.from(some).toString('base64url');
const chart = 'pne/registration';

interface Waiting {
  readonly requestId: string;
  readonly correlationId: string;
  readonly pending: Uint8Array;
  readonly timeout: NodeJS.Timeout;
  session: Session | null;
  readonly done: (code: number) => void;
}
const waiting = new Map<string, Waiting>();
const timestamps = new Map<string, string>();
const known = new Map(
  devices.map((device) => {
    const file = device.pskFile;
    if (file === undefined) throw new Error(`${device.deviceId} has no secret`);
    const psk = Buffer.from(readFileSync(join(dirname(config), file), 'utf8').trim(), 'base64url');
    return [device.deviceId, { ...device, psk: new Uint8Array(psk) }] as const;
  }),
);

function armed(attempt: number) {
  return {
    name: 'answer',
    dueAt: Date.now() + 1_000,
    event: { type: 'AnswerOverdue', data: { timer: 'answer', attempt } },
  };
}

function register(deviceId: string): Promise<number> {
  const device = known.get(deviceId);
  if (device === undefined) throw new Error(`${deviceId} is unknown`);
  const { pnId, gatewayId, psk } = device;
  const stream = `pne/${deviceId}`;
  const [requestId, correlationId] = [systemEntropy.id(), systemEntropy.id()];
  const binding = { protocolVersion: 1, pnId, gatewayId, deviceId, requestId } as const;
  const timestamp = timestampAfter(timestamps.get(deviceId) ?? null, Date.now());
  timestamps.set(deviceId, timestamp);
  const { message, pending } = startRegistration({
    credential: { kind: 'psk', psk },
    binding,
    payload: timestampToBytes(timestamp),
    bytes,
  });
  const handshake = base64url(message);
  const ids = { messageId: requestId, correlationId };
  const payload = encode({ type: 'registration-request', ...ids, inReplyTo: null }, { pnId, handshake });
  const subject = `cpns.link.${gatewayId}.up.${deviceId}.registration-request`;
  const { promise, resolve } = Promise.withResolvers<number>();
  const events = [
    { chart, type: 'RegistrationWanted', crStep: null, data: { deviceId, pnId, gatewayId, pairing: 'none' } },
    {
      chart,
      type: 'RegistrationRequested',
      schemaVersion: 2,
      crStep: '1.4.1/1',
      data: { requestId, pnId, gatewayId, handshake, timestamp },
    },
  ];
  const id = `handshake/${requestId}`;
  journal.commit(
    {
      stream,
      messageId: correlationId,
      correlationId,
      causationId: null,
      events,
      put: { id: `${stream}|registration-request|`, subject, payload },
      arm: armed(1),
      putKey: { id, wrapped: keyring.wrap(id, pending) },
    },
    () => {
      const timeout = setTimeout(() => resolve(408), 60_000);
      waiting.set(deviceId, { requestId, correlationId, pending, timeout, session: null, done: resolve });
      wire.send(subject, payload, ids);
    },
  );
  return promise;
}

for (const { deviceId, pnId, gatewayId } of devices) {
  const stream = `pne/${deviceId}`;
  wire.on(`cpns.link.*.down.${deviceId}.>`, ({ type, messageId, body }) => {
    const mine = waiting.get(deviceId);
    if (mine === undefined) return;
    const { requestId, correlationId } = mine;
    const step = { stream, messageId, correlationId, causationId: messageId, consumed: `${stream}#${messageId}` };
    if (type === 'registration-response') {
      const answer = Buffer.from(body['handshake'] ?? '', 'base64url');
      const result = finishRegistration({ pending: mine.pending, message: answer });
      if (result.kind === 'failed') {
        mine.done(401);
        return;
      }
      const { code, cpnsId } = JSON.parse(new TextDecoder().decode(result.payload));
      const { session } = result;
      const { keyId } = session;
      mine.session = session;
      const sealedId = systemEntropy.id();
      const ids = { messageId: sealedId, correlationId };
      const sealed = { pnId, ...sealConfirmation(session, 'session-confirm') };
      const payload = encode({ type: 'sealed', ...ids, inReplyTo: null }, sealed);
      const subject = `cpns.link.${gatewayId}.up.${deviceId}.sealed`;
      const events = [
        { chart, type: 'RegistrationAccepted', crStep: '1.4.1/4', data: { requestId, code, cpnsId, keyId } },
        { chart, type: 'SecureSessionEstablished', crStep: '1.4.1/4', data: { keyId } },
      ];
      journal.commit(
        {
          ...step,
          events,
          settle: `${stream}|registration-request|`,
          arm: armed(1),
          put: { id: `${stream}|sealed|`, subject, payload },
          dropKey: `handshake/${requestId}`,
          putKey: { id: `session/${keyId}`, wrapped: keyring.wrap(`session/${keyId}`, sessionToBytes(session)) },
        },
        () => wire.send(subject, payload, ids),
      );
    } else if (mine.session !== null) {
      const { keyId } = mine.session;
      openConfirmation(mine.session, body['frame'] ?? '', 'session-confirmed');
      const events = [{ chart, type: 'SecureSessionConfirmed', crStep: '1.4.1/4', data: { keyId } }];
      journal.commit({ ...step, events, settle: `${stream}|sealed|`, disarm: 'answer' }, () => {
        clearTimeout(mine.timeout);
        waiting.delete(deviceId);
        mine.done(200);
      });
    }
  });
}
await wire.flush();
await serveLoads([...known.keys()], register);
await wire.close();
journal.close();
