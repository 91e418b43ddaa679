import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { startChild, type Child } from '../../cli/demo/child.ts';
import { startNatsServer } from '../../cli/nats-server.ts';
import { certificate } from '../wire/certificates.ts';
import { until } from '../wire/until.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/household.yaml', import.meta.url));
const MINIMAL = fileURLToPath(new URL('../../examples/minimal-device.mjs', import.meta.url));

const folder = temporaryFolder();
const closing: (() => void | Promise<void>)[] = [() => folder.remove()];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

test('each role as a process with a user of its own, over TLS: PNEs are registered, ours and a foreign one, and nobody tried what it must not', async () => {
  const { certFile, keyFile } = certificate(folder.path, 'nats', 'DNS:localhost');
  const out = join(folder.path, 'operator');
  const tls = ['--tls-cert', certFile, '--tls-key', keyFile, '--tls-ca', certFile];
  const host = new FakeHost(folder.path);
  expect([await host.run('provision', EXAMPLE, '--out', out, ...tls), host.stderr]).toEqual([0, '']);
  const nats = await startNatsServer({ configFile: join(out, 'nats/nats-server.conf') });
  closing.push(() => nats.stop());
  const at = ['--nats', `tls://localhost:${nats.port}`];
  const start = (...args: readonly string[]): Child => {
    const child = startChild(args[0] ?? '', [...args, ...at]);
    closing.push(() => child.stop());
    return child;
  };

  const roles = [
    start('server', '--config', join(out, 'server.yaml')),
    start('gateway', '--config', join(out, 'gateways/hub-hall.yaml')),
  ];
  await until('the roles', () => roles.every(({ tail }) => tail().some((line) => / ready /.test(line))));
  // Beside ours one that shares no line with ours, with a user of its own; one without, and one with a file that is no seed.
  const kept = (file: string): string => join(out, 'pnes', file);
  const ids = ['--gateway', 'hub-hall', '--pn', 'home', '--device', 'bedroom-window'];
  const plain = join(folder.path, 'bedroom-window.psk');
  expect(await host.run('keys', 'export', '--config', kept('bedroom-window.yaml'), '--out', plain)).toBe(0);
  const secret = ['--secret-file', plain, '--nats-ca', join(out, 'nats/ca.pem')];
  const foreign = (...more: readonly string[]) =>
    promisify(execFile)(process.execPath, [MINIMAL, ...at, ...ids, ...secret, ...more]);
  const pne = start('pne', '--config', join(out, 'pnes/hall-motion.yaml'), '--once');
  // Ours waits and asks again while the PN is not established yet; the others give up at the first refusal.
  const [ended] = await Promise.allSettled([pne.ended]);
  const [registered, userless, seedless] = await Promise.allSettled([
    foreign('--nats-seed-file', kept('bedroom-window.nk')),
    foreign(),
    foreign('--nats-seed-file', kept('bedroom-window.psk')),
  ]);
  expect([ended, pne.tail()]).toEqual([{ status: 'fulfilled', value: 0 }, expect.anything()]);
  const said = expect.stringMatching(/^200 registered\nCPNS ID cpns-\S+\nkey id \S+\nsession confirmed\n$/);
  expect(registered).toMatchObject({ status: 'fulfilled', value: { stdout: said } });
  expect(userless).toMatchObject({ reason: { code: 1, stderr: expect.stringMatching(/authorization/i) } });
  expect(seedless).toMatchObject({ reason: { code: 2, stderr: expect.stringMatching(/seed/) } });

  const asked = new FakeHost(folder.path);
  const seed = ['--nats-seed-file', join(out, 'nats/inquirer.nk'), '--nats-ca', join(out, 'nats/ca.pem')];
  expect(await asked.run('inventory', '--pn', 'home', ...at, ...seed)).toBe(0);
  expect(asked.stdout).toMatch(/hall-motion +registered/);

  for (const { name, tail } of [...roles, pne])
    expect([name, tail().filter((line) => line.includes('violation'))]).toEqual([name, []]);

  const stranger = new FakeHost(folder.path);
  expect(await stranger.run('inventory', ...at, '--nats-ca', join(out, 'nats/ca.pem'))).toBe(1);
  expect(stranger.stderr).toMatch(/cannot connect to NATS.*authorization/i);
});
