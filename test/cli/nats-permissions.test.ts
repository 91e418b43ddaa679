import { connect, nkeys } from '@nats-io/transport-node';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RecordedLog } from '../../seams/log.ts';
import { connectNats } from '../../wire/nats.ts';
import { natsUser, newNatsSeed, type NatsUser } from '../../wire/nats-user.ts';
import type { Wire } from '../../wire/port.ts';
import { readNatsUser } from '../../cli/config/nats.ts';
import { type NatsServer, startNatsServer } from '../../cli/nats-server.ts';
import { until } from '../wire/until.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';

/** Two gateways, a PN and a PNE behind each, two services and two operators, in front of a real nats-server with the configuration that provision wrote. */
const HOUSEHOLD = `
gateways:
  - { id: gw-a, vendor: V, model: M, mac: '00:1f:ee:00:00:01' }
  - { id: gw-b, vendor: V, model: M, mac: '00:1f:ee:00:00:02' }
pns:
  - { id: pn-a, name: A, gateway: gw-a, joinPolicy: open }
  - { id: pn-b, name: B, gateway: gw-b, joinPolicy: open }
services: [svc-a, svc-b]
operators: [desk-a, desk-b]
pnes:
  - { id: pne-a, name: A, vendor: V, model: M, type: T, mac: '00:17:88:00:00:01', pn: pn-a, member: true }
  - { id: pne-b, name: B, vendor: V, model: M, type: T, mac: '00:17:88:00:00:02', pn: pn-b, member: true }
`;

const SEED_FILES = {
  server: 'server.nk',
  'PN GW A': 'gateways/gw-a.nk',
  'PN GW B': 'gateways/gw-b.nk',
  'PNE A': 'pnes/pne-a.nk',
  'PNE B': 'pnes/pne-b.nk',
  'host of PNE A and B': 'pnes.nk',
  'service A': 'services/svc-a.nk',
  'service B': 'services/svc-b.nk',
  'operator A': 'operators/desk-a.nk',
  'operator B': 'operators/desk-b.nk',
  observer: 'nats/observer.nk',
  inquirer: 'nats/inquirer.nk',
} as const;
type Who = keyof typeof SEED_FILES;
const WHO: readonly Who[] = [
  'server',
  'PN GW A',
  'PN GW B',
  'PNE A',
  'PNE B',
  'host of PNE A and B',
  'service A',
  'service B',
  'operator A',
  'operator B',
  'observer',
  'inquirer',
];

interface Channel {
  /** `<observer>` stands for the inbox of that user, and so for the others that have one. */
  readonly subject: string;
  readonly from: readonly Who[];
  readonly to: readonly Who[];
}

const A: readonly Who[] = ['PNE A', 'host of PNE A and B'];
const B: readonly Who[] = ['PNE B', 'host of PNE A and B'];
const ASKING: readonly Who[] = ['observer', 'inquirer'];

const CHANNELS: readonly Channel[] = [
  { subject: 'cpns.wan.up.gw-a.registration-request', from: ['PN GW A'], to: ['server'] },
  { subject: 'cpns.wan.up.gw-b.registration-request', from: ['PN GW B'], to: ['server'] },
  { subject: 'cpns.wan.down.gw-a.registration-response', from: ['server'], to: ['PN GW A'] },
  { subject: 'cpns.wan.down.gw-b.registration-response', from: ['server'], to: ['PN GW B'] },
  { subject: 'cpns.link.gw-a.up.pne-a.sealed', from: A, to: ['PN GW A'] },
  { subject: 'cpns.link.gw-b.up.pne-a.sealed', from: A, to: ['PN GW B'] },
  { subject: 'cpns.link.gw-a.up.pne-b.sealed', from: B, to: ['PN GW A'] },
  { subject: 'cpns.link.gw-b.up.pne-b.sealed', from: B, to: ['PN GW B'] },
  { subject: 'cpns.link.gw-a.down.pne-a.sealed', from: ['PN GW A'], to: A },
  { subject: 'cpns.link.gw-b.down.pne-a.sealed', from: ['PN GW B'], to: A },
  { subject: 'cpns.link.gw-a.down.pne-b.sealed', from: ['PN GW A'], to: B },
  { subject: 'cpns.link.gw-b.down.pne-b.sealed', from: ['PN GW B'], to: B },
  { subject: 'cpns.query.inventory', from: ASKING, to: ['server'] },
  { subject: 'cpns.query.personal', from: ['inquirer'], to: ['server'] },
  { subject: 'cpns.query.charging', from: ASKING, to: ['server'] },
  { subject: 'cpns.query.waiting', from: [...ASKING, 'operator A', 'operator B'], to: ['server'] },
  { subject: 'cpns.query.gateway-inventory.gw-a', from: ASKING, to: ['PN GW A'] },
  { subject: 'cpns.query.gateway-inventory.gw-b', from: ASKING, to: ['PN GW B'] },
  { subject: '<observer>.cpns.query.inventory.1', from: ['server'], to: ['observer'] },
  { subject: '<inquirer>.cpns.query.inventory.1', from: ['server'], to: ['inquirer'] },
  { subject: '<inquirer>.cpns.query.personal.1', from: ['server'], to: ['inquirer'] },
  { subject: '<observer>.cpns.query.charging.1', from: ['server'], to: ['observer'] },
  { subject: '<inquirer>.cpns.query.charging.1', from: ['server'], to: ['inquirer'] },
  { subject: '<observer>.cpns.query.gateway-inventory.gw-a.1', from: ['PN GW A'], to: ['observer'] },
  { subject: '<inquirer>.cpns.query.gateway-inventory.gw-b.1', from: ['PN GW B'], to: ['inquirer'] },
  { subject: 'cpns.service.svc-a.deliver', from: ['server'], to: ['service A'] },
  { subject: 'cpns.service.svc-b.deliver', from: ['server'], to: ['service B'] },
  { subject: 'cpns.service.svc-a.send', from: ['service A'], to: ['server'] },
  { subject: 'cpns.service.svc-b.send', from: ['service B'], to: ['server'] },
  { subject: '<server>.cpns.service.svc-a.deliver.1', from: ['service A'], to: ['server'] },
  { subject: '<service A>.cpns.service.svc-a.deliver.1', from: ['service A'], to: ['service A'] },
  { subject: '<service A>.cpns.service.svc-a.send.1', from: ['server'], to: ['service A'] },
  { subject: '<service B>.cpns.service.svc-b.send.1', from: ['server'], to: ['service B'] },
  { subject: '<operator A>.cpns.query.waiting.1', from: ['server'], to: ['operator A'] },
  { subject: 'cpns.operate.desk-a', from: ['operator A'], to: ['server'] },
  { subject: 'cpns.operate.desk-b', from: ['operator B'], to: ['server'] },
  { subject: '<operator A>.cpns.operate.desk-a.1', from: ['server'], to: ['operator A'] },
  { subject: '<operator B>.cpns.operate.desk-b.1', from: ['server'], to: ['operator B'] },
  { subject: 'cpns.server.id-1.operate.desk-a', from: ['server'], to: ['server'] },
  { subject: '<server>.cpns.server.id-1.operate.desk-a.1', from: ['server'], to: ['server'] },
  { subject: 'cpns.server.id-1.up.gw-a.registration-request', from: ['server'], to: ['server'] },
  { subject: 'cpns.server.id-1.send.svc-a', from: ['server'], to: ['server'] },
  { subject: 'cpns.server.ring', from: ['server'], to: ['server'] },
  { subject: '<server>.cpns.server.id-1.send.svc-a.1', from: ['server'], to: ['server'] },
  { subject: 'cpns.events.cpns-server.registration', from: ['server'], to: ['observer'] },
  { subject: 'cpns.events.pn-gateway.admission', from: ['PN GW A', 'PN GW B'], to: ['observer'] },
  { subject: 'cpns.events.pne.registration', from: ['PNE A', 'PNE B', 'host of PNE A and B'], to: ['observer'] },
  // Longer or shorter than what is in the table of subjects, or not in it at all.
  { subject: 'cpns.wan.up.gw-a', from: [], to: ['server'] },
  { subject: 'cpns.wan.up.gw-a.x.y', from: [], to: ['server'] },
  { subject: 'cpns.link.gw-a.up.pne-a', from: [], to: ['PN GW A'] },
  { subject: 'cpns.server.id-1', from: [], to: [] },
  { subject: 'cpns.server.id-1.down.gw-a.registration-request', from: [], to: [] },
  { subject: 'cpns.query.other', from: [], to: [] },
  { subject: 'cpns.service.svc-a.else', from: [], to: [] },
  { subject: 'cpns.service.svc-a', from: [], to: [] },
  { subject: 'cpns.operate.desk-a.else', from: [], to: [] },
  { subject: 'cpns.operate', from: [], to: [] },
  { subject: 'cpns', from: [], to: [] },
  { subject: 'elsewhere', from: [], to: [] },
  { subject: '_INBOX.1', from: [], to: [] },
  { subject: '$SYS.REQ.SERVER.PING', from: [], to: [] },
  { subject: '$JS.API.INFO', from: [], to: [] },
];

/** Patterns that take in what is others'. */
const PATTERNS: readonly { readonly pattern: string; readonly to: readonly Who[]; readonly queue?: string }[] = [
  { pattern: '>', to: [] },
  { pattern: '*.>', to: [] },
  { pattern: 'cpns.>', to: [] },
  { pattern: 'cpns.*.>', to: [] },
  { pattern: 'cpns.wan.>', to: [] },
  { pattern: 'cpns.wan.up.>', to: ['server'] },
  { pattern: 'cpns.wan.up.>', to: ['server'], queue: 'cpns-server' },
  { pattern: 'cpns.wan.*.gw-a.>', to: [] },
  { pattern: 'cpns.wan.down.*.*', to: [] },
  { pattern: 'cpns.wan.down.gw-a.>', to: ['PN GW A'] },
  { pattern: 'cpns.link.>', to: [] },
  { pattern: 'cpns.link.*.up.>', to: [] },
  { pattern: 'cpns.link.gw-a.up.>', to: ['PN GW A'] },
  { pattern: 'cpns.link.gw-b.up.>', to: ['PN GW B'], queue: 'cpns-server' },
  { pattern: 'cpns.link.gw-a.>', to: [] },
  { pattern: 'cpns.link.*.*.pne-a.>', to: [] },
  { pattern: 'cpns.link.*.down.*.>', to: [] },
  { pattern: 'cpns.link.*.down.pne-a.>', to: A },
  { pattern: 'cpns.link.gw-a.down.pne-b.*', to: B },
  { pattern: 'cpns.query.>', to: [] },
  { pattern: 'cpns.query.gateway-inventory.*', to: [] },
  { pattern: 'cpns.service.>', to: [] },
  { pattern: 'cpns.service.*.deliver', to: [] },
  { pattern: 'cpns.service.*.send', to: ['server'] },
  { pattern: 'cpns.service.svc-b.send', to: ['server'], queue: 'cpns-server' },
  { pattern: 'cpns.service.svc-a.*', to: [] },
  { pattern: 'cpns.service.svc-a.deliver', to: ['service A'], queue: 'svc-a' },
  // nats-server takes the one token `>` for one that `*` allows; nobody may publish anything deeper.
  { pattern: 'cpns.operate.>', to: ['server'] },
  { pattern: 'cpns.operate.*', to: ['server'] },
  { pattern: 'cpns.operate.desk-a', to: ['server'], queue: 'cpns-server' },
  { pattern: 'cpns.server.id-1.operate.*', to: ['server'] },
  { pattern: '<operator A>.>', to: ['operator A'] },
  { pattern: 'cpns.server.>', to: [] },
  { pattern: 'cpns.server.id-1.up.*.*', to: ['server'] },
  { pattern: 'cpns.server.id-1.send.*', to: ['server'] },
  { pattern: '<server>.>', to: ['server'] },
  { pattern: '<service A>.>', to: ['service A'] },
  { pattern: 'cpns.events.>', to: ['observer'] },
  { pattern: '_INBOX.>', to: [] },
  { pattern: '_INBOX.*.cpns.query.inventory.>', to: [] },
  { pattern: '<observer>.>', to: ['observer'] },
  { pattern: '<inquirer>.>', to: ['inquirer'] },
  { pattern: '$SYS.>', to: [] },
];

interface Client {
  readonly user: NatsUser;
  readonly wire: Wire;
  readonly log: RecordedLog;
}

const folder = temporaryFolder();
const clients = new Map<Who, Client>();
let server: NatsServer;

const client = (who: Who): Client => {
  const found = clients.get(who);
  if (found === undefined) throw new Error(`${who} is not connected`);
  return found;
};
const named = (subject: string): string => subject.replace(/<(.+)>\./, (_, who: string) => `${inboxOf(who)}.`);
function inboxOf(who: string): string {
  const found = WHO.find((one) => one === who);
  if (found === undefined) throw new Error(`${who} is nobody`);
  return client(found).user.inbox;
}
const may = (yes: readonly Who[], who: Who): string => (yes.includes(who) ? 'may' : 'may not');
/** What the server told the client that it must not do. */
const violations = ({ log }: Client): readonly unknown[] =>
  log.lines
    .filter(({ message }) => message === 'NATS permission violation')
    .map(({ fields }) => [fields['operation'], fields['subject']]);
const flush = async (...who: readonly Who[]): Promise<void> => {
  await Promise.all(who.map((one) => client(one).wire.flush()));
};

beforeAll(async () => {
  writeFileSync(join(folder.path, 'household.yaml'), HOUSEHOLD);
  const host = new FakeHost(folder.path);
  const operator = join(folder.path, 'operator');
  const code = await host.run('provision', join(folder.path, 'household.yaml'), '--out', operator);
  expect([code, host.stderr]).toEqual([0, '']);
  server = await startNatsServer({ configFile: join(operator, 'nats/nats-server.conf') });
  for (const who of WHO) {
    const user = readNatsUser(join(operator, SEED_FILES[who]));
    const log = new RecordedLog();
    clients.set(who, { user, log, wire: connectNats({ servers: server.url, name: who, log, user }) });
  }
  await flush(...WHO);
});
afterAll(async () => {
  await Promise.all([...clients.values()].map(({ wire }) => wire.close()));
  await server.stop();
  folder.remove();
});
beforeEach(() => {
  for (const { log } of clients.values()) log.lines.length = 0;
});

describe.each(WHO)('%s', (who) => {
  test.each(
    CHANNELS.map((channel) => [may(channel.from, who), may(channel.to, who), channel.subject, channel] as const),
  )('%s publish and %s subscribe to %s', async (_publish, _subscribe, _subject, { from, to, subject: template }) => {
    const subject = named(template);
    const me = client(who);
    const listening = [...new Set([...to, who])];
    const heard: string[] = [];
    const subscriptions = listening.map((one) =>
      client(one).wire.subscribe(subject, ({ payload }) => heard.push(`${one}: ${Buffer.from(payload).toString()}`)),
    );
    await flush(...listening);
    const [genuine] = from;
    const senders = [...new Set([who, ...(genuine === undefined ? [] : [genuine])])];
    for (const sender of senders) client(sender).wire.publish(subject, sender);
    await flush(...senders);
    await flush(...listening);
    const expected = to.flatMap((one) => senders.filter((sender) => from.includes(sender)).map((s) => `${one}: ${s}`));
    expect(heard.toSorted()).toEqual(expected.toSorted());
    expect(violations(me).toSorted()).toEqual([
      ...(from.includes(who) ? [] : [['publish', subject]]),
      ...(to.includes(who) ? [] : [['subscription', subject]]),
    ]);
    for (const subscription of subscriptions) subscription.unsubscribe();
  });

  test.each(PATTERNS.map((one) => [may(one.to, who), one.pattern, one.queue ?? '', one] as const))(
    '%s subscribe to %s %s',
    async (_, __, ___, { pattern: template, to, queue }) => {
      const pattern = named(template);
      const subscription = client(who).wire.subscribe(pattern, () => {}, queue === undefined ? {} : { queue });
      await flush(who);
      expect(violations(client(who))).toEqual(to.includes(who) ? [] : [['subscription', pattern]]);
      subscription.unsubscribe();
    },
  );
});

describe('a query under these permissions', () => {
  test.each(
    ASKING.flatMap((who) => [
      [who, 'cpns.query.inventory', 'server'] as const,
      [who, 'cpns.query.gateway-inventory.gw-b', 'PN GW B'] as const,
    ]),
  )('of the %s on %s is answered by the %s', async (who, subject, answerer) => {
    const { wire } = client(answerer);
    const subscription = wire.subscribe(subject, ({ reply }) => reply !== undefined && wire.publish(reply, 'here'));
    await flush(answerer);
    const answer = await client(who).wire.request(subject, '', { timeoutMs: 60_000 });
    expect(Buffer.from(answer).toString()).toBe('here');
    subscription.unsubscribe();
  });

  test('of a client that is not ours is answered below an inbox that names the query', async () => {
    const { wire } = client('server');
    const subject = 'cpns.query.inventory';
    const subscription = wire.subscribe(subject, ({ reply }) => reply !== undefined && wire.publish(reply, 'here'));
    await flush('server');
    const { inbox, authenticator } = client('inquirer').user;
    const raw = await connect({ servers: server.url, authenticator, inboxPrefix: `${inbox}.${subject}` });
    expect((await raw.request(subject)).string()).toBe('here');
    await raw.close();
    subscription.unsubscribe();
    await flush('server');
  });

  test('that nobody is there to answer fails at once', async () => {
    const asked = client('observer').wire.request('cpns.query.inventory', '', { timeoutMs: 60_000 });
    await expect(asked).rejects.toMatchObject({ fault: 'noResponders' });
  });

  test('that one must not ask is refused', async () => {
    const asked = client('PNE A').wire.request('cpns.query.inventory', '', { timeoutMs: 60_000 });
    await expect(asked).rejects.toMatchObject({ fault: 'refused' });
  });

  test.each([
    ['server', 'service A', 'cpns.service.svc-a.deliver'],
    ['service B', 'server', 'cpns.service.svc-b.send'],
    ['operator A', 'server', 'cpns.operate.desk-a'],
  ] as const)('of the %s to the %s on %s is answered', async (asker, answerer, subject) => {
    const { wire } = client(answerer);
    const subscription = wire.subscribe(subject, ({ reply }) => reply !== undefined && wire.publish(reply, 'here'), {
      queue: 'any',
    });
    await flush(answerer);
    const answer = await client(asker).wire.request(subject, new Uint8Array(1), { timeoutMs: 60_000 });
    expect(Buffer.from(answer).toString()).toBe('here');
    subscription.unsubscribe();
  });
});

test('a PN GW gets no permission out of the reply subject that an accomplice sends it', async () => {
  const [gateway, accomplice, victim] = [client('PN GW A'), client('PNE A'), client('server')];
  const subject = 'cpns.wan.up.gw-b.registration-request';
  const heard: string[] = [];
  const replies: string[] = [];
  victim.wire.subscribe('cpns.wan.up.>', (delivery) => heard.push(delivery.subject));
  gateway.wire.subscribe('cpns.link.gw-a.up.>', ({ reply }) => {
    replies.push(reply ?? '');
    gateway.wire.publish(reply ?? '', 'forged');
  });
  await flush('server', 'PN GW A');
  const { authenticator } = accomplice.user;
  const raw = await connect({ servers: server.url, authenticator });
  raw.publish('cpns.link.gw-a.up.pne-a.sealed', '', { reply: subject });
  await raw.drain();
  await until('the message with the reply subject', () => replies.length > 0);
  await flush('PN GW A', 'server');
  expect([replies, heard]).toEqual([[subject], []]);
  expect(violations(gateway)).toEqual([['publish', subject]]);
});

describe('not let in at all is', () => {
  test.each([
    ['a client without credentials', () => null],
    ['a client with a key that nobody provisioned', () => natsUser(newNatsSeed())],
  ])('%s', async (_, user) => {
    const log = new RecordedLog();
    const wire = connectNats({ servers: server.url, name: 'stranger', log, user: user() });
    await until('the refusal', () => log.lines.some(({ fields }) => /authorization/i.test(String(fields['error']))));
    expect(wire.status).toBe('connecting');
    await wire.close();
  });

  test('a client that knows the public key of the server role, but not its seed', async () => {
    const { publicKey } = client('server').user;
    const other = nkeys.createUser();
    const sign = (nonce = ''): string => nkeys.encode(other.sign(new TextEncoder().encode(nonce)));
    const authenticator = (nonce?: string) => ({ nkey: publicKey, sig: sign(nonce) });
    const refused = connect({ servers: server.url, authenticator, reconnect: false });
    await expect(refused).rejects.toThrow(/authorization/i);
  });
});
