import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RecordedLog } from '../../seams/log.ts';
import { connectNats } from '../../wire/nats.ts';
import { loadGatewayOptions } from '../../cli/config/gateway.ts';
import { loadPneOptions } from '../../cli/config/pne.ts';
import { loadServerOptions } from '../../cli/config/server.ts';
import { findNatsServer } from '../../cli/nats-program.ts';
import { startNatsServer } from '../../cli/nats-server.ts';
import { certificate, type TestCertificate } from '../wire/certificates.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/household.yaml', import.meta.url));

let folder = temporaryFolder();
let out = '';
beforeEach(() => {
  folder = temporaryFolder();
  out = join(folder.path, 'operator');
});
afterEach(() => folder.remove());

const read = (file: string): string => readFileSync(join(out, file), 'utf8');

async function run(...argv: readonly string[]): Promise<FakeHost> {
  const host = new FakeHost(folder.path);
  expect([await host.run('provision', ...argv, '--out', out), host.stderr]).toEqual([0, '']);
  return host;
}
async function refused(...argv: readonly string[]): Promise<string> {
  const host = new FakeHost(folder.path);
  expect([await host.run('provision', ...argv, '--out', out), host.stdout]).toEqual([2, '']);
  return host.stderr;
}

describe('cpns provision', () => {
  test('gives every role a NATS user of its own, and says nothing of its seed elsewhere', async () => {
    await run(EXAMPLE);
    const users = read('nats/users.conf');
    const roles = [
      loadServerOptions({ config: join(out, 'server.yaml') }, '/'),
      loadGatewayOptions({ config: join(out, 'gateways/hub-hall.yaml') }, '/'),
      loadPneOptions({ config: join(out, 'pnes.yaml') }, '/'),
      loadPneOptions({ config: join(out, 'pnes/hall-motion.yaml') }, '/'),
    ];
    const keys = roles.map(({ natsUser }) => natsUser?.publicKey ?? '');
    expect(new Set(keys).size).toBe(4);
    for (const key of keys) expect(users.split(`nkey: "${key}"`)).toHaveLength(2);
    expect(users).not.toMatch(/SU[A-Z2-7]{56}/);
    for (const file of [
      'server.nk',
      'pnes/hall-motion.nk',
      'nats/observer.nk',
      'nats/users.conf',
      'nats/nats-server.conf',
    ])
      expect([file, statSync(join(out, file)).mode & 0o777]).toEqual([file, 0o600]);
  });

  test('what it writes is what nats-server takes: loopback, the limit of a message, users', async () => {
    await run(EXAMPLE);
    execFileSync(findNatsServer(), ['-t', '--config', join(out, 'nats/nats-server.conf')], { stdio: 'pipe' });
    expect(read('nats/nats-server.conf')).toMatch(/^listen: "127\.0\.0\.1:4222"\nmax_payload: 1048576\ninclude /m);
  });

  test.each([
    ['nats://127.0.0.1:5222', '127.0.0.1:5222'],
    ['nats://[::1]:5222', '[::1]:5222'],
    ['nats://broker.example', '127.0.0.1:4222'],
  ])('roles that are to use %s: it listens on %s', async (url, listen) => {
    await run(EXAMPLE, '--nats', url);
    expect(read('nats/nats-server.conf')).toContain(`listen: "${listen}"`);
    expect(loadServerOptions({ config: join(out, 'server.yaml') }, '/').natsUrls).toEqual([url]);
  });

  test('a directory of a version without NATS users gets them', async () => {
    await run(EXAMPLE);
    const before = read('server.yaml');
    for (const file of ['server.yaml', 'gateways/hub-hall.yaml', 'pnes.yaml', 'pnes/hall-motion.yaml'])
      writeFileSync(join(out, file), read(file).replace(/^natsSeedFile: .*\n/m, ''));
    for (const file of ['server.nk', 'pnes.nk', 'gateways/hub-hall.nk']) rmSync(join(out, file));
    rmSync(join(out, 'nats'), { recursive: true });
    await run(EXAMPLE);
    expect(read('server.yaml').split('\n').toSorted()).toEqual(before.split('\n').toSorted());
    const { natsUser } = loadGatewayOptions({ config: join(out, 'gateways/hub-hall.yaml') }, '/');
    expect(read('nats/users.conf')).toContain(natsUser?.publicKey);
  });

  test('a new device is added to the users, and the settings of the server stay as they were edited', async () => {
    await run(EXAMPLE);
    const edited = `${read('nats/nats-server.conf')}max_connections: 7\n`;
    writeFileSync(join(out, 'nats/nats-server.conf'), edited);
    const grown = join(folder.path, 'grown.yaml');
    const radio =
      '{ id: radio, name: R, vendor: A, model: B, type: r, mac: "00:17:88:aa:bb:cc", pn: home, member: true }';
    writeFileSync(grown, readFileSync(EXAMPLE, 'utf8').replace('\npnes:\n', `\npnes:\n  - ${radio}\n`));
    const { stdout } = await run(grown);
    expect(stdout).toMatch(/^rewritten +nats\/users\.conf +permissions of 30 NATS users$/m);
    expect(read('nats/users.conf').split('cpns.link.*.up.radio.*')).toHaveLength(3);
    expect(read('nats/nats-server.conf')).toBe(edited);
  });

  test('a household without devices is provisioned, twice', async () => {
    const empty = join(folder.path, 'empty.yaml');
    writeFileSync(
      empty,
      'gateways:\n  - { id: g, vendor: V, model: M, mac: "00:17:88:aa:bb:cc" }\npns: []\npnes: []\n',
    );
    await run(empty);
    const before = read('nats/users.conf');
    await run(empty);
    expect(read('nats/users.conf')).toBe(before);
  });

  test('a seed that is broken, open to others, or used twice is an error, and is not replaced', async () => {
    await run(EXAMPLE);
    const seed = read('server.nk');
    writeFileSync(join(out, 'server.nk'), 'oops\n');
    expect(await refused(EXAMPLE)).toContain('server.nk: is not the nkey seed of a user');
    expect(read('server.nk')).toBe('oops\n');
    writeFileSync(join(out, 'server.nk'), read('pnes.nk'));
    expect(await refused(EXAMPLE)).toContain('server.yaml and pnes.yaml name the same NATS seed');
    writeFileSync(join(out, 'server.nk'), seed);
    chmodSync(join(out, 'server.nk'), 0o644);
    const load = () => loadServerOptions({ config: join(out, 'server.yaml') }, '/');
    expect(load).toThrow('holds secrets and is open to others');
  });
});

describe('cpns provision nats', () => {
  test('follows the configuration files that are there: a removed device loses its user', async () => {
    await run(EXAMPLE);
    const server = read('nats/nats-server.conf');
    rmSync(join(out, 'pnes/hall-motion.yaml'));
    const { stdout } = await run('nats');
    expect(stdout).toMatch(/^rewritten +nats\/users\.conf +permissions of 28 NATS users$/m);
    expect(read('nats/users.conf')).not.toContain('# pnes/hall-motion.yaml');
    expect(read('nats/nats-server.conf')).toBe(server);
    expect((await run('nats', '--json')).stdout).not.toMatch(/created|rewritten|differs/);
  });

  test('tells of a role that it cannot let in, and of options that the file does not follow', async () => {
    await run(EXAMPLE);
    writeFileSync(
      join(out, 'pnes/hall-motion.yaml'),
      read('pnes/hall-motion.yaml').replace(/^natsSeedFile: .*\n/m, ''),
    );
    const { stdout } = await run('nats', '--listen', '127.0.0.1:5222');
    expect(stdout).toMatch(/^differs +pnes\/hall-motion\.yaml +names no natsSeedFile/m);
    expect(stdout).toMatch(/^differs +nats\/nats-server\.conf +says otherwise than the options/m);
  });

  test('needs an operator directory, and makes none', async () => {
    expect(await refused('nats')).toMatch(/is no operator directory\. Make one with cpns provision HOUSEHOLD/);
    expect(existsSync(out)).toBe(false);
  });

  test('writes no files of roles, and says so when it is told about them', async () => {
    await run(EXAMPLE);
    expect(await refused('nats', '--nats', 'nats://127.0.0.1:1')).toContain('Give the household as well');
  });

  test('its help has examples and the options of cpns provision', async () => {
    const host = new FakeHost();
    expect([await host.run('provision', 'nats', '--help'), host.stderr]).toEqual([0, '']);
    for (const text of ['Usage: cpns provision nats ', 'Examples:\n  $ ', '--listen <host:port>', '--tls-cert <file>'])
      expect(host.stdout).toContain(text);
  });
});

describe('off the loopback interface', () => {
  const certificates = temporaryFolder();
  let authority: TestCertificate;
  let shown: TestCertificate;
  beforeAll(() => {
    authority = certificate(certificates.path, 'authority', null);
    shown = certificate(certificates.path, 'nats', 'DNS:localhost,IP:127.0.0.1', authority);
  });
  afterAll(() => certificates.remove());
  const tls = (): readonly string[] => ['--tls-cert', shown.certFile, '--tls-key', shown.keyFile];

  test('TLS is on, and the roles reach the server by it with what their files say', async () => {
    const listen = ['--listen', '0.0.0.0:4222', '--nats', 'tls://localhost:4222'];
    await run(EXAMPLE, ...listen, ...tls(), '--tls-ca', authority.certFile);
    expect(read('nats/nats-server.conf')).toContain('listen: "0.0.0.0:4222"');
    const nats = await startNatsServer({ configFile: join(out, 'nats/nats-server.conf') });
    const roles = [
      loadServerOptions({ config: join(out, 'server.yaml') }, '/'),
      loadGatewayOptions({ config: join(out, 'gateways/hub-hall.yaml') }, '/'),
      loadPneOptions({ config: join(out, 'pnes/hall-motion.yaml') }, '/'),
    ];
    for (const { natsUrls, natsUser: user, natsCa: ca } of roles) {
      expect(natsUrls).toEqual(['tls://localhost:4222']);
      const wire = connectNats({
        servers: `tls://localhost:${nats.port}`,
        name: 't',
        log: new RecordedLog(),
        user,
        ca,
      });
      await wire.flush();
      await wire.close();
    }
    await nats.stop();
  });

  test('the address in the files of roles follows from where the server listens', async () => {
    await run(EXAMPLE, '--listen', '127.0.0.1:5222', ...tls());
    expect(loadServerOptions({ config: join(out, 'server.yaml') }, '/')).toMatchObject({
      natsUrls: ['tls://127.0.0.1:5222'],
      natsCa: null,
    });
  });

  test.each([
    ['no TLS', () => ['--listen', '10.0.0.1:4222'], 'without TLS can be read and altered on the way'],
    ['no key', () => tls().slice(0, 2), 'A certificate needs its key'],
    ['a certificate that is none', () => ['--tls-cert', EXAMPLE, '--tls-key', EXAMPLE], 'holds no certificate'],
    ['a key that is not there', () => [...tls().slice(0, 3), '/nonexistent'], '/nonexistent cannot be read'],
    ['roles without TLS', () => ['--nats', 'nats://127.0.0.1:4222', ...tls()], 'Write --nats tls://'],
    ['no address for roles', () => ['--listen', '0.0.0.0:4222', ...tls()], 'Name one with --nats'],
    ['an address without port', () => ['--listen', '10.0.0.1'], 'must be host:port'],
    ['a port that is none', () => ['--listen', '127.0.0.1:70000'], 'over 65535'],
  ])('%s: refused before anything is written', async (_, flags, message) => {
    expect(await refused(EXAMPLE, ...flags())).toContain(message);
    expect(existsSync(out)).toBe(false);
  });
});
