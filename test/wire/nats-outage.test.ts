import { connect } from '@nats-io/transport-node';
import { afterEach, expect, test } from 'vitest';
import { RecordedLog } from '../../seams/log.ts';
import { connectNats, CORRELATION_ID_HEADER, MESSAGE_ID_HEADER } from '../../wire/nats.ts';
import type { Wire } from '../../wire/port.ts';
import { type NatsServer, startNatsServer } from '../../cli/nats-server.ts';
import { until } from './until.ts';

const log = new RecordedLog();
const wires: Wire[] = [];
const servers: NatsServer[] = [];

const start = async (port?: number): Promise<NatsServer> => {
  const server = await startNatsServer(port === undefined ? {} : { port });
  servers.push(server);
  return server;
};
const wireTo = (url: string | readonly string[], name = 'alice'): Wire => {
  const wire = connectNats({ servers: url, name, log });
  wires.push(wire);
  return wire;
};

/** A port that a server had a moment ago and nobody has now. */
const freePort = async (): Promise<number> => {
  const server = await startNatsServer();
  await server.stop();
  return server.port;
};

afterEach(async () => {
  await Promise.all(wires.splice(0).map((wire) => wire.close()));
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  log.lines.length = 0;
});

test('a wire made before its server connects once the server is there, and its subscriptions count from then', async () => {
  const port = await freePort();
  const wire = wireTo(`nats://127.0.0.1:${port}`);
  const heard: string[] = [];
  wire.subscribe('t.>', (delivery) => heard.push(delivery.subject));
  expect(wire.status).toBe('connecting');
  expect(wire.publish('t.early', '')).toBe(false);
  await until('the failure', () => log.lines.some((line) => line.message.startsWith('cannot connect')));
  expect(wire.status).toBe('connecting');
  await start(port);
  await wire.flush();
  expect(wire.status).toBe('connected');
  wire.publish('t.later', '');
  await until('delivery', () => heard.length > 0);
  expect(heard).toEqual(['t.later']);
});

test('a request made before the connection waits for it, within its time', async () => {
  const port = await freePort();
  const wire = wireTo(`nats://127.0.0.1:${port}`);
  await expect(wire.request('q', '', { timeoutMs: 10 })).rejects.toMatchObject({ fault: 'timeout' });
  wire.subscribe('q', ({ reply }) => reply !== undefined && wire.publish(reply, 'here'));
  const answer = wire.request('q', '', { timeoutMs: 60_000 });
  await start(port);
  expect(new TextDecoder().decode(await answer)).toBe('here');
});

test('after its server was killed and started again a wire goes on, without doubled subscriptions', async () => {
  const first = await start();
  const wire = wireTo(first.url);
  const heard: string[] = [];
  const statuses: string[] = [];
  wire.onStatus((status) => statuses.push(status));
  wire.subscribe('t.old', () => heard.push('old'));
  wire.subscribe('t.queue', () => heard.push('queue'), { queue: 'workers' });
  wire.subscribe('t.gone', () => heard.push('gone')).unsubscribe();
  await wire.flush();
  await first.kill();
  await until('the loss', () => wire.status === 'disconnected');
  expect(wire.publish('t.old', '')).toBe(false);
  wire.subscribe('t.new', () => heard.push('new'));
  await start(first.port);
  await wire.flush();
  for (const subject of ['t.old', 't.queue', 't.gone', 't.new']) expect(wire.publish(subject, '')).toBe(true);
  await until('all', () => heard.length >= 3);
  await wire.flush();
  expect(heard.toSorted()).toEqual(['new', 'old', 'queue']);
  expect(statuses).toEqual(['connected', 'disconnected', 'connected']);
});

test('it survives five restarts', async () => {
  let server = await start();
  const wire = wireTo(server.url);
  let heard = 0;
  wire.subscribe('t', () => (heard += 1));
  for (let round = 1; round <= 5; round++) {
    await wire.flush();
    wire.publish('t', '');
    await until(`round ${round}`, () => heard === round);
    await server.kill();
    await until('the loss', () => wire.status === 'disconnected');
    server = await start(server.port);
  }
});

test('requests and flushes under way when the server dies fail as closed', async () => {
  const server = await start();
  const [alice, bob] = [wireTo(server.url), wireTo(server.url, 'bob')];
  bob.subscribe('silence', () => {});
  await Promise.all([alice.flush(), bob.flush()]);
  const failing = expect(alice.request('silence', '', { timeoutMs: 60_000 })).rejects.toMatchObject({
    fault: 'closed',
  });
  await alice.flush();
  await server.kill();
  await failing;
});

test('a flush while there is no connection ends when the wire is closed', async () => {
  const wire = wireTo(`nats://127.0.0.1:${await freePort()}`);
  const failing = expect(wire.flush()).rejects.toMatchObject({ fault: 'closed' });
  await wire.close();
  await failing;
  expect(wire.status).toBe('closed');
});

test('of several servers it takes one that is there', async () => {
  const server = await start();
  const wire = wireTo([`nats://127.0.0.1:${await freePort()}`, server.url]);
  await wire.flush();
  await server.kill();
  await until('the loss', () => wire.status === 'disconnected');
  await start(server.port);
  await wire.flush();
  expect(wire.status).toBe('connected');
});

test('a queue group spans connections', async () => {
  const server = await start();
  const members = ['a', 'b', 'c'].map((name) => wireTo(server.url, name));
  const counts = new Map<string, number>();
  for (const [index, wire] of members.entries()) {
    const name = `member ${index}`;
    wire.subscribe('work', () => counts.set(name, (counts.get(name) ?? 0) + 1), { queue: 'workers' });
  }
  await Promise.all(members.map((wire) => wire.flush()));
  const sender = wireTo(server.url, 'sender');
  await sender.flush();
  for (let count = 0; count < 300; count++) sender.publish('work', '');
  const total = (): number => [...counts.values()].reduce((sum, count) => sum + count, 0);
  await until('all', () => total() >= 300);
  await Promise.all(members.map((wire) => wire.flush()));
  expect(total()).toBe(300);
  expect(counts.size).toBe(3);
});

test('message id and correlation id travel as NATS headers; what is left out does not', async () => {
  const server = await start();
  const wire = wireTo(server.url);
  const observer = await connect({ servers: server.url });
  const seen: (string | undefined)[][] = [];
  observer.subscribe('t.h', {
    callback: (_error, message) => {
      seen.push([message.headers?.get(MESSAGE_ID_HEADER), message.headers?.get(CORRELATION_ID_HEADER)]);
    },
  });
  await Promise.all([observer.flush(), wire.flush()]);
  wire.publish('t.h', '{}', { messageId: 'm-1', correlationId: 'c-1' });
  wire.publish('t.h', '{}', { messageId: 'm-2' });
  await until('delivery', () => seen.length > 1);
  expect(seen).toEqual([
    ['m-1', 'c-1'],
    ['m-2', ''],
  ]);
  await observer.close();
});

test('what the server does not permit is logged, and the wire goes on', async () => {
  const server = await startNatsServer({
    config: `authorization { users = [ { user: dev, password: secret, permissions: {
      publish: { allow: ["ok.>", "_INBOX.>"] }, subscribe: { allow: ["ok.>", "_INBOX.>"] } } } ] }`,
  });
  servers.push(server);
  const wire = wireTo(`nats://dev:secret@127.0.0.1:${server.port}`);
  const heard: string[] = [];
  wire.subscribe('secret.>', () => heard.push('secret'));
  wire.subscribe('ok.a', () => heard.push('ok'));
  wire.publish('secret.a', '');
  await wire.flush();
  wire.publish('secret.a', '');
  const refusals = (): unknown[] =>
    log.lines.filter((line) => line.message === 'NATS permission violation').map((line) => line.fields);
  await until('both refusals', () => refusals().length === 2);
  expect(refusals()).toEqual([
    { operation: 'subscription', subject: 'secret.>' },
    { operation: 'publish', subject: 'secret.a' },
  ]);
  await expect(wire.request('secret.q', '', { timeoutMs: 60_000 })).rejects.toMatchObject({ fault: 'refused' });
  wire.publish('ok.a', '');
  await until('the permitted one', () => heard.length > 0);
  expect(heard).toEqual(['ok']);
  expect(JSON.stringify(log.lines)).not.toContain('password');
});

test('wrong credentials are tried for ever, and never logged', async () => {
  const server = await startNatsServer({ config: 'authorization { user: dev, password: right }' });
  servers.push(server);
  const wire = wireTo(`nats://dev:hunter2@127.0.0.1:${server.port}`);
  await until('the refusal', () => log.lines.length > 0);
  expect(wire.status).toBe('connecting');
  expect(JSON.stringify(log.lines)).not.toContain('hunter2');
});

test('a malformed server address is refused at once', () => {
  for (const servers of ['', 'http://x', 'nats://', 'a b']) {
    expect(() => connectNats({ servers, name: 'x', log })).toThrow(/malformed address/);
  }
});
