import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { startChild, type Child } from '../../cli/demo/child.ts';
import { startNatsServer } from '../../cli/nats-server.ts';
import { certificate } from '../actors/wire/certificates.ts';
import { until } from '../actors/wire/until.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/household.yaml', import.meta.url));

const folder = temporaryFolder();
const closing: (() => void | Promise<void>)[] = [() => folder.remove()];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

test('each role as a process with a user of its own, over TLS: a PNE is registered, and nobody tried what it must not', async () => {
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
  const pne = start('pne', '--config', join(out, 'pnes/hall-motion.yaml'), '--once');
  expect([await pne.ended, pne.tail()]).toEqual([0, expect.anything()]);

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
