import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findNatsServer, NatsServerError } from '../../cli/nats-program.ts';
import { type NatsServer, startNatsServer } from '../../cli/nats-server.ts';
import { until } from '../wire/until.ts';

const servers: NatsServer[] = [];
let dir = '';

const start = async (options: Parameters<typeof startNatsServer>[0] = {}): Promise<NatsServer> => {
  const server = await startNatsServer(options);
  servers.push(server);
  return server;
};

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const program = (name: string, text: string): string => {
  const path = join(dir, name);
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
};

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cpns-test-'));
});

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  rmSync(dir, { recursive: true, force: true });
});

test('a started server answers on its port, and stop leaves nothing behind', async () => {
  const server = await start();
  expect(server.url).toBe(`nats://127.0.0.1:${server.port}`);
  const socket = createConnection(server.port, '127.0.0.1');
  const [greeting] = await once(socket, 'data');
  expect(String(greeting)).toMatch(/^INFO /);
  socket.destroy();
  await server.stop();
  await server.stop();
  expect(alive(server.pid)).toBe(false);
});

test('two servers at once take different ports, neither of them the default one', async () => {
  const [first, second] = await Promise.all([start(), start()]);
  expect(new Set([first.port, second.port, 4222]).size).toBe(3);
});

test('a killed server is started again on its port', async () => {
  const first = await start();
  await first.kill();
  expect(alive(first.pid)).toBe(false);
  const second = await start({ port: first.port });
  expect(second.port).toBe(first.port);
});

test('a port that is held for a moment is waited for', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const address = holder.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  setTimeout(() => holder.close(), 200);
  expect((await start({ port: address.port })).port).toBe(address.port);
});

test('a port that stays taken is an error that says so', async () => {
  const { port } = await start();
  await expect(start({ port, portRetryMs: 100 })).rejects.toMatchObject({
    name: 'NatsServerError',
    fault: 'portInUse',
  });
});

test('its working directory is the one given, and stays', async () => {
  const server = await start({ dir, config: 'server_name: given' });
  await server.stop();
  expect(readdirSync(dir)).toEqual(['nats-server.conf']);
});

test('a configuration that it does not take is an error with what it said', async () => {
  const failure = await start({ config: 'no_such_setting: 1' }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ fault: 'failed' });
  expect(String(failure)).toContain('no_such_setting');
});

test('a program that ends at once is an error with its exit code and last words', async () => {
  const broken = program('broken', '#!/bin/sh\necho "out of luck" >&2\nexit 3\n');
  const failure = await start({ env: { CPNS_NATS_SERVER: broken } }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ fault: 'failed' });
  expect(String(failure)).toMatch(/exit code 3[^]*out of luck/);
});

test('a file that is no program for this machine is an error', async () => {
  const broken = program('broken', '\u007fELF nonsense');
  await expect(start({ env: { CPNS_NATS_SERVER: broken } })).rejects.toMatchObject({ fault: 'failed' });
});

test('CPNS_NATS_SERVER goes before PATH, and PATH before the usual places', () => {
  const named = program('mine', '');
  const onPath = program('nats-server', '');
  expect(findNatsServer({ CPNS_NATS_SERVER: named, PATH: dir })).toBe(named);
  expect(findNatsServer({ PATH: `/nonexistent:${dir}` })).toBe(onPath);
});

test('a CPNS_NATS_SERVER that names nothing is an error with a remedy, whatever is on PATH', () => {
  const find = (): string => findNatsServer({ CPNS_NATS_SERVER: join(dir, 'none'), PATH: process.env['PATH'] });
  expect(find).toThrow(NatsServerError);
  expect(find).toThrow(/CPNS_NATS_SERVER/);
});

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('it ends with us when we end by %s', async (signal) => {
  const module = new URL('../../cli/nats-server.ts', import.meta.url).href;
  const script = `const { startNatsServer } = await import(${JSON.stringify(module)});
    const server = await startNatsServer();
    console.log(server.pid);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: dir },
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const pid = Number(line);
  expect(alive(pid)).toBe(true);
  expect(readdirSync(dir)).toHaveLength(1);
  child.kill(signal);
  await until('the end of the server', () => !alive(pid));
  await until('the end of its directory', () => readdirSync(dir).length === 0);
  expect(existsSync(dir)).toBe(true);
});

test('it does not hold up the end of a program that forgets it', async () => {
  const module = new URL('../../cli/nats-server.ts', import.meta.url).href;
  const script = `const { startNatsServer } = await import(${JSON.stringify(module)});
    console.log((await startNatsServer()).pid);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  expect((await once(child, 'exit'))[0]).toBe(0);
  await until('the end of the server', () => !alive(Number(line)));
});
