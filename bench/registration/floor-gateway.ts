import { readFileSync } from 'node:fs';
import { systemEntropy } from '../../seams/entropy.ts';
import { encode, HandJournal, HandWire, untilEnd, wanSession } from './hand.ts';
import { GATEWAY, type ServerConfig } from './operator.ts';

/** The PN GW of the floor. Arguments: configuration, NATS, journal. */
const [config = '', url = '', file = ''] = process.argv.slice(2);
const journal = await HandJournal.open(file, 'pn-gateway');
const wire = await HandWire.connect(url, wanSession('initiator'));
const { pns }: ServerConfig = JSON.parse(readFileSync(config, 'utf8'));
const chart = 'pn-gateway/admission';

const inventory = new Map(
  pns.map(({ id, members }) => [id, { revision: 0, members: new Map(members.map((device) => [device, 'member'])) }]),
);
const overdue = new Map<string, NodeJS.Timeout>();

wire.on(`cpns.link.${GATEWAY}.up.>`, (message, [, , , , deviceId = '', type]) => {
  const { messageId, correlationId, body } = message;
  if (type === 'sealed') {
    wire.send(`cpns.wan.up.${GATEWAY}.sealed`, encode(message, { deviceId, ...body }), message);
    return;
  }
  const { pnId = '', handshake } = body;
  const pn = inventory.get(pnId);
  const status = pn?.members.get(deviceId);
  if (pn === undefined || status === undefined) return;
  const stream = `admission/${GATEWAY}/${deviceId}`;
  const requestId = messageId;
  const subject = `cpns.wan.up.${GATEWAY}.registration-request`;
  const payload = encode(message, { pnId, deviceId, handshake });
  const event = { type: 'AnswerOverdue', data: { timer: 'answer', attempt: 1 } };
  const events = [
    { chart, type: 'RegistrationRequestReceived', crStep: '1.4.1/1', data: { requestId, deviceId, pnId, handshake } },
    { chart, type: 'MembershipConfirmed', crStep: '1.4.1/2', data: { pnId, revision: pn.revision, status } },
    { chart, type: 'RegistrationForwarded', crStep: '1.4.1/3', data: { requestId } },
  ];
  journal.commit(
    {
      stream,
      messageId,
      correlationId,
      causationId: messageId,
      events,
      consumed: `${stream}#${messageId}`,
      put: { id: `${stream}|registration-request|`, subject, payload },
      arm: { name: 'answer', dueAt: Date.now() + 500, event },
    },
    () => {
      overdue.set(
        deviceId,
        setTimeout(() => wire.send(subject, payload, message), 60_000),
      );
      wire.send(subject, payload, message);
    },
  );
});

wire.on(`cpns.wan.down.${GATEWAY}.>`, (message, [, , , , type]) => {
  const { messageId, correlationId, inReplyTo } = message;
  const { deviceId = '', ...body } = message.body;
  if (type === 'sealed') {
    wire.send(`cpns.link.${GATEWAY}.down.${deviceId}.sealed`, encode(message, body), message);
    return;
  }
  const { pnId = '', code, handshake, changes } = body;
  const pn = inventory.get(pnId);
  if (pn === undefined) return;
  const stream = `admission/${GATEWAY}/${deviceId}`;
  const requestId = inReplyTo;
  pn.revision += 1;
  pn.members.set(deviceId, 'registered');
  const ids = { messageId: systemEntropy.id(), correlationId };
  const subject = `cpns.link.${GATEWAY}.down.${deviceId}.registration-response`;
  const payload = encode({ type: 'registration-response', ...ids, inReplyTo }, { code, handshake });
  const events = [
    { chart, type: 'RegistrationAnswered', crStep: '1.4.1/3', data: { requestId, code, handshake } },
    {
      stream: `gateway/${GATEWAY}`,
      chart: 'pn-gateway/gateway',
      crStep: '1.4.1/3',
      type: 'LocalInventoryUpdated',
      data: { inventory: { pnId, changes } },
    },
    { chart, type: 'ResponseForwarded', crStep: '1.4.1/4', data: { requestId, code } },
  ];
  journal.commit(
    {
      stream,
      messageId,
      correlationId,
      causationId: inReplyTo,
      events,
      consumed: `${stream}#${messageId}`,
      settle: `${stream}|registration-request|`,
      disarm: 'answer',
      answer: { messageId: ids.messageId, subject, payload },
    },
    () => {
      clearTimeout(overdue.get(deviceId));
      overdue.delete(deviceId);
      wire.send(subject, payload, ids);
    },
  );
});

await wire.flush();
await untilEnd();
await wire.close();
journal.close();
