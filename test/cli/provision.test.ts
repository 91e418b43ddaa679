import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadGatewayOptions } from '../../cli/config/gateway.ts';
import { loadHousehold } from '../../cli/config/household.ts';
import { loadOperatorOptions } from '../../cli/config/operator.ts';
import { loadPneOptions } from '../../cli/config/pne.ts';
import { loadServerOptions } from '../../cli/config/server.ts';
import { loadServiceOptions } from '../../cli/config/service.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';
import { SECRET_FILE, secretsIn } from './keys/secrets.ts';
import type { PneDevice } from '../../actors/roles/pne/device.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/household.yaml', import.meta.url));

let folder = temporaryFolder();
let out = '';
beforeEach(() => {
  folder = temporaryFolder();
  out = join(folder.path, 'operator');
});
afterEach(() => folder.remove());

const files = (): readonly string[] =>
  readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
const contents = (): Readonly<Record<string, string>> =>
  Object.fromEntries(files().map((file) => [file, readFileSync(file, 'utf8')]));
const modeOf = (file: string): number => statSync(file).mode & 0o777;

async function provision(household = EXAMPLE, ...more: readonly string[]): Promise<FakeHost> {
  const host = new FakeHost(folder.path);
  expect([await host.run('provision', household, '--out', out, ...more), host.stderr]).toEqual([0, '']);
  return host;
}

/** Null for a device with a certificate. */
const pskOf = (device: PneDevice | undefined): Uint8Array | null =>
  device?.credential.kind === 'psk' ? device.credential.psk : null;

describe('the operator directory of the example household', () => {
  test('is readable by its owner only', async () => {
    await provision();
    expect(files().length).toBeGreaterThan(60);
    for (const file of files()) expect([file, modeOf(file)]).toEqual([file, 0o600]);
    for (const dir of ['.', 'gateways', 'pnes', 'services', 'operators', 'nats'])
      expect(modeOf(join(out, dir))).toBe(0o700);
  });

  test('starts every role, each with the secret that the server knows, but for those of the demo that are wrong', async () => {
    await provision();
    const household = loadHousehold(EXAMPLE);
    const server = loadServerOptions({ config: join(out, 'server.yaml') }, '/');
    expect(server.journal).toBe(join(out, 'server.sqlite'));
    expect(server.pns.map((pn) => [pn.id, pn.joinPolicy, pn.members.length])).toEqual([
      ['home', 'open', 13],
      ['alarm', 'closed', 4],
    ]);
    for (const { id } of household.gateways) {
      const gateway = loadGatewayOptions({ config: join(out, 'gateways', `${id}.yaml`) }, '/');
      expect(gateway).toMatchObject({ gatewayId: id, pns: ['home', 'alarm'], pairing: 'permitted' });
      const psk = server.gateways.find((one) => one.id === id)?.psk;
      expect(gateway.credential()).toMatchObject(psk === undefined ? { kind: 'pki' } : { kind: 'psk', psk });
      expect(server.certified.gateways.includes(id)).toBe(psk === undefined);
    }
    for (const id of household.operators) {
      const operator = loadOperatorOptions({ config: join(out, 'operators', `${id}.yaml`) }, '/');
      expect(operator.operatorId).toBe(id);
      expect(operator.secret).toEqual(server.operators.find((one) => one.id === id)?.psk);
    }
    expect(server.operators.map((one) => one.id)).toEqual(['desk']);
    for (const serviceId of household.services) {
      const service = loadServiceOptions({ config: join(out, 'services', `${serviceId}.yaml`) }, '/');
      expect(service.serviceId).toBe(serviceId);
      expect(service.secret).toEqual(server.services.find((one) => one.id === serviceId)?.psk);
    }
    expect(server.services.map((one) => one.id)).toEqual(household.services);
    const all = loadPneOptions({ config: join(out, 'pnes.yaml') }, '/');
    for (const { id, pn, demo, membership, credential } of household.pnes) {
      const known = server.pnes.find((one) => one.id === id)?.psk ?? null;
      const { devices } = loadPneOptions({ config: join(out, 'pnes', `${id}.yaml`) }, '/');
      expect(devices).toMatchObject([
        { deviceId: id, pnId: pn, pairing: membership === 'stranger' ? 'needed' : 'none' },
      ]);
      expect(all.devices.find((one) => one.deviceId === id)).toEqual(devices[0]);
      if (demo.secret === 'wrong') expect(pskOf(devices[0])).not.toEqual(known);
      else expect(pskOf(devices[0])).toEqual(known);
      expect([id, devices[0]?.credential.kind]).toEqual([id, credential]);
      expect(server.certified.pnes.includes(id)).toBe(credential === 'pki');
    }
  });

  test('holds no secret twice, but for what both ends know', async () => {
    await provision();
    const names = files().map((file) => relative(out, file));
    const keys = names.filter((name) => /\.(key|kek)$/.test(name) && !SECRET_FILE.test(name));
    const secrets = [
      ...keys.map((name) => readFileSync(join(out, name), 'utf8').trim()),
      ...secretsIn(out, names).values(),
    ];
    expect(new Set(secrets).size).toBe(secrets.length);
    for (const secret of secrets) expect(secret).toMatch(/^[\w-]{43}$|^-----BEGIN PRIVATE KEY-----\n|^PRIVATE\+KEY\+/);
  });

  test.each([[[]], [['--json']]])('no secret is printed (%j)', async (flags) => {
    const { stdout } = await provision(EXAMPLE, ...flags);
    for (const text of Object.values(contents()))
      for (const secret of text.match(/(?<![\w-])([\w-]{43}|SU[A-Z2-7]{56})(?![\w-])/g) ?? [])
        expect(stdout).not.toContain(secret);
  });

  test('tells of each file what it did, in text and in JSON', async () => {
    const text = (await provision()).stdout;
    expect(text).toMatch(/^created {4}pnes\/hall-motion\.psk +secret of the PNE hall-motion$/m);
    const lines = (await provision(EXAMPLE, '--json')).stdout.trim().split('\n');
    const steps: unknown[] = lines.map((line) => JSON.parse(line));
    expect(steps).toContainEqual({ outcome: 'kept', file: 'server.key', detail: expect.any(String) });
  });
});

describe('run again', () => {
  test('it changes nothing', async () => {
    await provision();
    const before = contents();
    const { stdout } = await provision();
    expect(contents()).toEqual(before);
    expect(stdout).not.toMatch(/created|extended|rewritten|differs/);
  });

  test('it adds what is new, and keeps secrets, edits and comments', async () => {
    await provision();
    const server = join(out, 'server.yaml');
    writeFileSync(
      server,
      readFileSync(server, 'utf8').replace('journal: server.sqlite', 'journal: elsewhere.sqlite # moved'),
    );
    const before = contents();
    const grown = join(folder.path, 'grown.yaml');
    writeFileSync(
      grown,
      readFileSync(EXAMPLE, 'utf8').replace(
        '\npnes:\n',
        '  - { id: guests, name: Guests, gateway: hub-hall, joinPolicy: approval }\n\npnes:\n  - { id: radio, name: Radio, vendor: A, model: B, type: radio, mac: "00:17:88:aa:bb:cc", pn: home, member: true }\n',
      ),
    );
    const { stdout } = await provision(grown);
    const after = contents();
    for (const [file, text] of Object.entries(before)) {
      if (file.endsWith('.yaml')) for (const line of text.split('\n')) expect(after[file]).toContain(line);
      else if (!file.endsWith('users.conf')) expect(after[file]).toBe(text);
    }
    expect(after[server]).toContain('journal: elsewhere.sqlite # moved');
    const options = loadServerOptions({ config: server }, '/');
    expect(options.pns.map((pn) => pn.id)).toEqual(['home', 'alarm', 'guests']);
    expect(options.pns[0]?.members).toContain('radio');
    expect(loadGatewayOptions({ config: join(out, 'gateways', 'hub-hall.yaml') }, '/').pns).toContain('guests');
    expect(stdout).toMatch(/^extended +server\.yaml/m);
    expect(readdirSync(out).filter((name) => name.endsWith('.new'))).toEqual([]);
  });

  test('a directory of a version without operators gets them', async () => {
    const before = join(folder.path, 'without-operators.yaml');
    writeFileSync(before, readFileSync(EXAMPLE, 'utf8').replace(/^operators: .*\n/m, ''));
    await provision(before);
    expect(existsSync(join(out, 'operators'))).toBe(false);
    expect(readFileSync(join(out, 'server.credentials.yaml'), 'utf8')).not.toContain('operators');
    await provision();
    const [known] = loadServerOptions({ config: join(out, 'server.yaml') }, '/').operators;
    const operator = loadOperatorOptions({ config: join(out, 'operators', 'desk.yaml') }, '/');
    expect(known).toEqual({ id: 'desk', psk: operator.secret });
    expect(readFileSync(join(out, 'nats', 'users.conf'), 'utf8')).toContain('# operators/desk.yaml');
  });

  test('a directory of a version without services gets them', async () => {
    const before = join(folder.path, 'before.yaml');
    writeFileSync(before, readFileSync(EXAMPLE, 'utf8').replace(/^services: .*\n/m, ''));
    await provision(before);
    expect(existsSync(join(out, 'services'))).toBe(false);
    expect(readFileSync(join(out, 'server.credentials.yaml'), 'utf8')).not.toContain('services');
    await provision();
    const [known] = loadServerOptions({ config: join(out, 'server.yaml') }, '/').services;
    const service = loadServiceOptions({ config: join(out, 'services', 'echo.yaml') }, '/');
    expect(known).toEqual({ id: 'echo', psk: service.secret });
    expect(readFileSync(join(out, 'nats', 'users.conf'), 'utf8')).toContain('# services/echo.yaml');
  });

  test('it says what the household would have otherwise, and leaves it', async () => {
    await provision();
    const other = join(folder.path, 'other.yaml');
    writeFileSync(other, readFileSync(EXAMPLE, 'utf8').replace('joinPolicy: closed', 'joinPolicy: approval'));
    const { stdout } = await provision(other);
    expect(stdout).toMatch(/^differs +server\.yaml +joinPolicy of PN alarm is closed, the household says approval$/m);
  });

  test('it closes what was opened to others', async () => {
    await provision();
    chmodSync(join(out, 'server.credentials.yaml'), 0o644);
    chmodSync(join(out, 'pnes', 'hall-motion.psk'), 0o640);
    chmodSync(join(out, 'pnes'), 0o755);
    const { stdout } = await provision();
    expect(stdout.match(/^tightened/gm)).toHaveLength(3);
    for (const file of files()) expect(modeOf(file)).toBe(0o600);
  });

  test.each(['server.credentials.yaml', 'pnes/hall-motion.psk', 'gateways/hub-hall.psk', 'services/echo.psk'])(
    'after it was stopped before it wrote %s, both ends still hold the same secret',
    async (file) => {
      const bySecret = join(folder.path, 'by-secret.yaml');
      writeFileSync(bySecret, readFileSync(EXAMPLE, 'utf8').replace(', credential: pki }', ' }'));
      await provision(bySecret);
      rmSync(join(out, file));
      const { stdout } = await provision(bySecret);
      expect(stdout).not.toContain('differs');
      const server = loadServerOptions({ config: join(out, 'server.yaml') }, '/');
      const [device] = loadPneOptions({ config: join(out, 'pnes', 'hall-motion.yaml') }, '/').devices;
      expect(server.pnes.find((one) => one.id === 'hall-motion')?.psk).toEqual(pskOf(device));
      const gateway = loadGatewayOptions({ config: join(out, 'gateways', 'hub-hall.yaml') }, '/');
      expect(gateway.credential()).toMatchObject({ kind: 'psk', psk: server.gateways[0]?.psk });
      const service = loadServiceOptions({ config: join(out, 'services', 'echo.yaml') }, '/');
      expect(server.services[0]?.psk).toEqual(service.secret);
    },
  );

  test('a broken secret is an error, and is not replaced', async () => {
    await provision();
    writeFileSync(join(out, 'server.key'), 'oops\n');
    const host = new FakeHost(folder.path);
    expect(await host.run('provision', EXAMPLE, '--out', out)).toBe(2);
    expect(host.stderr).toContain('server.key does not hold 32 bytes in base64url');
    expect(readFileSync(join(out, 'server.key'), 'utf8')).toBe('oops\n');
  });
});

describe('a directory that is not ours', () => {
  test('is refused and left as it is', async () => {
    mkdirSync(out);
    writeFileSync(join(out, 'thesis.txt'), 'x');
    const host = new FakeHost(folder.path);
    expect(await host.run('provision', EXAMPLE, '--out', out)).toBe(2);
    expect(host.stderr).toMatch(/^cpns: .*holds files that cpns provision did not write\. Name an empty directory/);
    expect(readdirSync(out)).toEqual(['thesis.txt']);
  });

  test('nor is a file one', async () => {
    writeFileSync(out, 'x');
    const host = new FakeHost(folder.path);
    expect(await host.run('provision', EXAMPLE, '--out', out)).toBe(2);
    expect(host.stderr).toContain('is not a directory');
  });

  test('an empty one is taken', async () => {
    mkdirSync(out, { mode: 0o755 });
    await provision();
    expect(modeOf(out)).toBe(0o700);
  });

  test('a link that somebody put in the place of a draft is not written through', async () => {
    await provision();
    const victim = join(folder.path, 'victim');
    symlinkSync(victim, join(out, 'server.yaml.new'));
    rmSync(join(out, 'server.yaml'));
    await provision();
    expect(existsSync(victim)).toBe(false);
  });
});
