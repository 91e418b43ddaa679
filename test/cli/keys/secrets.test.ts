import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from 'vitest';
import { loadGatewayOptions } from '../../../cli/config/gateway.ts';
import { loadOperatorOptions } from '../../../cli/config/operator.ts';
import { loadPneOptions } from '../../../cli/config/pne.ts';
import { loadServerOptions } from '../../../cli/config/server.ts';
import { loadServiceOptions } from '../../../cli/config/service.ts';
import { kekIdOf } from '../../../security/keyring.ts';
import { FakeHost, temporaryFolder } from '../fake-host.ts';
import { keyText, makeJournal } from './journal.ts';
import { SECRET_FILE, secretIn, secretsIn } from './secrets.ts';

/** No role's own secret lies in plain: each is under the key-encryption key of whose it is. */

const HOUSEHOLD = `gateways:
  - { id: hub, vendor: ubisys, model: G1, mac: '00:1f:ee:00:00:01' }
  - { id: attic, vendor: ubisys, model: G1, mac: '00:1f:ee:00:00:02', credential: pki }
pns:
  - { id: home, name: Home, gateway: hub, joinPolicy: open }
  - { id: den, name: Den, gateway: attic, joinPolicy: open }
pnes:
  - { id: lamp, name: Lamp, vendor: Philips, model: B, type: bulb, mac: '00:17:88:00:00:01', pn: home, member: true }
  - { id: tag, name: Tag, vendor: Philips, model: B, type: tag, mac: '00:17:88:00:00:02', pn: home, member: true }
  - { id: lock, name: Lock, vendor: Nuki, model: S, type: lock, mac: '00:17:88:00:00:03', pn: home, member: true, credential: pki }
services: [echo]
operators: [desk]
`;

let folder: ReturnType<typeof temporaryFolder>;
const at = (...names: readonly string[]): string => join(folder.path, ...names);
const operator = (...names: readonly string[]): string => at('operator', ...names);
const textIn = (file: string): string => readFileSync(operator(file), 'utf8').trim();
const keyIn = (file: string): Uint8Array => new Uint8Array(Buffer.from(textIn(file), 'base64url'));
const names = (): readonly string[] =>
  readdirSync(operator(), { recursive: true, encoding: 'utf8' }).filter((name) => statSync(operator(name)).isFile());
const everything = (): readonly string[] =>
  names()
    .filter((name) => !name.endsWith('.lock'))
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(operator(name)))
          .digest('hex')}`,
    );

let runs = 0;
async function cpns(argv: readonly string[], keyringKey?: string): Promise<FakeHost & { readonly code: number }> {
  const host = new FakeHost(folder.path);
  // Each host begins with the same seed: no two runs may make the same key.
  for (let used = runs++; used > 0; used--) host.entropy.id();
  host.keyringKey = keyringKey;
  const code = await host.run(...argv);
  return Object.assign(host, { code });
}
const provision = (keyringKey?: string) => cpns(['provision', at('household.yaml'), '--out', operator()], keyringKey);

/** By role: its configuration, a secret of it, the key file that this is under, and how it is read. */
const ROLES = [
  ['server', 'server.yaml', 'server.id-key', 'server.key', loadServerOptions],
  ['server, its static key', 'server.yaml', 'server.static.key', 'server.key', loadServerOptions],
  ['PN GW', 'gateways/hub.yaml', 'gateways/hub.psk', 'gateways/hub.key', loadGatewayOptions],
  [
    'PN GW with a certificate',
    'gateways/attic.yaml',
    'gateways/attic.static.key',
    'gateways/attic.key',
    loadGatewayOptions,
  ],
  ['PNE', 'pnes/lamp.yaml', 'pnes/lamp.psk', 'pnes/lamp.key', loadPneOptions],
  ['PNE with a certificate', 'pnes/lock.yaml', 'pnes/lock.static.key', 'pnes/lock.key', loadPneOptions],
  ['PNE among several', 'pnes.yaml', 'pnes/lamp.psk', 'pnes/lamp.key', loadPneOptions],
  ['service', 'services/echo.yaml', 'services/echo.psk', 'services/echo.key', loadServiceOptions],
  ['operator', 'operators/desk.yaml', 'operators/desk.psk', 'operators/desk.key', loadOperatorOptions],
] as const;

/** Those whose own key their secrets are under. */
const OF_ONE = ROLES.filter(([, config]) => config !== 'pnes.yaml');

async function made(keyringKey?: string): Promise<void> {
  folder = temporaryFolder();
  writeFileSync(at('household.yaml'), HOUSEHOLD);
  expect((await provision(keyringKey)).stderr).toBe('');
}

describe('what cpns provision writes', () => {
  beforeAll(() => made());
  afterAll(() => folder.remove());

  test('has every secret under the key of whose it is, and in no file in plain', () => {
    const secrets = secretsIn(operator(), names());
    expect([...secrets.keys()].toSorted()).toEqual([
      'ca/ca.key',
      'checkpoint.key',
      'gateways/attic.static.key',
      'gateways/hub.psk',
      'operators/desk.psk',
      'pnes/lamp.psk',
      'pnes/lock.static.key',
      'pnes/tag.psk',
      'server.id-key',
      'server.static.key',
      'services/echo.psk',
    ]);
    for (const [file, secret] of secrets) {
      expect([file, secret]).toEqual([
        file,
        expect.stringMatching(/^([\w-]{43}|-----BEGIN PRIVATE KEY-----[^]*|PRIVATE\+KEY\+.*)$/),
      ]);
      const [line = ''] = secret.split('\n').filter((part) => !part.startsWith('-'));
      for (const name of names())
        expect([name, readFileSync(operator(name), 'latin1').includes(line)]).toEqual([name, false]);
    }
  });

  test.each(ROLES)('%s reads it, and finds none in plain', (_, config, file, _key, load) => {
    const options = load({ config: operator(config) }, '/');
    const all = { ...options, credential: 'credential' in options ? options.credential() : null };
    const read = JSON.stringify(all, (_name, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : value,
    );
    expect(options.secrets.plain).toEqual([]);
    if (!file.endsWith('.static.key')) expect(read).toContain(secretIn(operator(), file));
  });

  test('a second run keeps it all, also where a device and its key have left', async () => {
    const before = everything();
    expect((await provision()).stdout).not.toMatch(/^(created|differs|rewritten|extended)/m);
    expect(everything()).toEqual(before);
    renameSync(operator('pnes/lamp.key'), at('lamp.key'));
    const { code, stdout } = await provision();
    expect([code, existsSync(operator('pnes/lamp.key'))]).toEqual([0, false]);
    expect(stdout).toMatch(/^differs +pnes\/lamp\.key +is not here/m);
    renameSync(at('lamp.key'), operator('pnes/lamp.key'));
    expect(everything()).toEqual(before);
  });

  test('the authority issues with the key as it lies there, and without its key does nothing', async () => {
    expect((await cpns(['provision', 'renew', 'lock', '--out', operator()])).code).toBe(0);
    renameSync(operator('ca/ca.key.kek'), at('ca.key.kek'));
    const before = everything();
    const { code, stderr } = await cpns(['provision', 'renew', 'lock', '--out', operator()]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('ca/ca.key is encrypted, and its key file is not')]);
    expect(everything()).toEqual(before);
    renameSync(at('ca.key.kek'), operator('ca/ca.key.kek'));
  });
});

describe('a secret of a role', () => {
  beforeEach(() => made());
  afterEach(() => folder.remove());

  const start = (config: string, keyringKey?: string) =>
    cpns([...commandOf(config), '--config', operator(config)], keyringKey);
  const commandOf = (config: string): readonly string[] => {
    if (config.startsWith('operators')) return ['pn', 'approve', '--pn', 'home', '--device', 'tag'];
    return [config.startsWith('services') ? 'service' : roleOf(config)];
  };
  const roleOf = (config: string): string =>
    config === 'server.yaml' ? 'server' : config.startsWith('gateways') ? 'gateway' : 'pne';

  test.each(ROLES)(
    '%s: without its key, or with another, is an error with what to do, and changes nothing',
    async (_, config, file, keyFile) => {
      const id = kekIdOf(keyIn(keyFile));
      renameSync(operator(keyFile), at('kept'));
      const before = everything();
      const missing = await start(config);
      expect([missing.code, missing.stderr]).toEqual([2, expect.stringMatching(/the key file .* is missing\n.*Bring/)]);
      expect(everything()).toEqual(before);
      const other = new Uint8Array(32).fill(9);
      const byVariable = await start(config, keyText(other));
      expect([byVariable.code, byVariable.stderr]).toEqual([
        2,
        expect.stringContaining(`is encrypted under the key ${id}, `),
      ]);
      expect(everything()).toEqual(before);
      writeFileSync(operator(keyFile), keyText(other), { mode: 0o600 });
      const withOther = everything();
      const wrong = await start(config);
      expect(everything()).toEqual(withOther);
      expect([wrong.code, wrong.stderr]).toEqual([
        2,
        expect.stringMatching(new RegExp(`is encrypted under the key ${id}.* is ${kekIdOf(other)}\\n`)),
      ]);
      expect(wrong.stderr).not.toContain(textIn(file));
    },
  );

  test('in the place of another is refused', () => {
    writeFileSync(operator('server.id-key'), readFileSync(operator('server.static.key')));
    expect(() => loadServerOptions({ config: operator('server.yaml') }, '/')).toThrow(
      /server\.id-key: is damaged, or is not what it is read as: id-key/,
    );
  });

  test.each(ROLES)(
    '%s: in plain, as an earlier version wrote it, is read with a warning until cpns keys wrap',
    async (_, config, file, _key, load) => {
      const secret = secretIn(operator(), file);
      writeFileSync(operator(file), `${secret}\n`, { mode: 0o600 });
      const options = load({ config: operator(config) }, '/');
      if ('credential' in options) options.credential();
      expect(options.secrets.plain).toEqual([operator(file)]);
      const { code, stdout } = await cpns(['keys', 'wrap', '--config', operator(config)]);
      expect([code, stdout]).toEqual([0, expect.stringMatching(/^1 secret encrypted under /m)]);
      expect(stdout).not.toContain(secret);
      expect([secretIn(operator(), file), statSync(operator(file)).mode & 0o777]).toEqual([secret, 0o600]);
    },
  );

  test.each([
    ['gateways/hub.yaml', 'gateways/hub.psk', 'gateways/hub.key', 'gateways/hub.sqlite'],
    ['services/echo.yaml', 'services/echo.psk', 'services/echo.key', null],
    ['--authority', 'ca/ca.key', 'ca/ca.key.kek', null],
  ])(
    '%s: is encrypted anew by cpns keys rotate in the same run, from wherever it was killed',
    async (config, file, keyFile, journal) => {
      if (journal !== null)
        await makeJournal({ journal: operator(journal), keyFile: operator(keyFile) }, keyIn(keyFile), ['session/a']);
      const secret = secretIn(operator(), file);
      const [former, formerFile] = [keyIn(keyFile), textIn(file)];
      const which = config === '--authority' ? ['--authority', operator(file)] : ['--config', operator(config)];
      const rotate = () => cpns(['keys', 'rotate', ...which, '--old-key', 'remove']);
      expect((await rotate()).code).toBe(0);
      const next = keyIn(keyFile);
      expect(next).not.toEqual(former);
      expect([textIn(file) === formerFile, secretIn(operator(), file)]).toEqual([false, secret]);
      if (journal !== null) return;
      // Killed before the new key was put in its place: some secrets are under it, and some are not.
      for (const stored of [textIn(file), formerFile]) {
        writeFileSync(operator(`${keyFile}.next`), keyText(next), { mode: 0o600 });
        writeFileSync(operator(keyFile), keyText(former), { mode: 0o600 });
        writeFileSync(operator(file), `${stored}\n`, { mode: 0o600 });
        expect((await rotate()).code).toBe(0);
        expect([keyIn(keyFile), existsSync(operator(`${keyFile}.next`)), secretIn(operator(), file)]).toEqual([
          next,
          false,
          secret,
        ]);
      }
    },
  );

  test.each(OF_ONE)(
    '%s: is encrypted anew before the role was ever started',
    async (_, config, file, keyFile, load) => {
      const [secret, former] = [secretIn(operator(), file), keyIn(keyFile)];
      const rotate = ['keys', 'rotate', '--config', operator(config)];
      const journal = operator(config.replace('.yaml', '.sqlite'));
      const keepsJournal = !config.startsWith('services') && !config.startsWith('operators');
      if (keepsJournal) {
        const before = everything();
        const removing = await cpns([...rotate, '--old-key', 'remove']);
        expect([removing.code, removing.stderr]).toEqual([
          2,
          expect.stringContaining(`There is no journal ${journal}`),
        ]);
        const named = await cpns([...rotate, '--journal', journal]);
        expect([named.code, named.stderr]).toEqual([2, expect.stringContaining(`There is no journal ${journal}`)]);
        expect(everything()).toEqual(before);
      }
      expect(await cpns(rotate)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+ secrets? now under /) });
      expect([keyIn(keyFile).join() === former.join(), secretIn(operator(), file)]).toEqual([false, secret]);
      expect(keyIn(`${keyFile}.${kekIdOf(former)}`)).toEqual(former);
      expect(() => load({ config: operator(config) }, '/')).not.toThrow();
      expect(existsSync(journal)).toBe(false);
    },
  );

  test('moves to CPNS_KEYRING_KEY by cpns keys wrap, and the role reads it with that', async () => {
    const key = keyText(new Uint8Array(32).fill(7)).trim();
    const config = operator('gateways/hub.yaml');
    expect(() => loadGatewayOptions({ config, keyringKey: key }, '/')).toThrow(
      /hub\.psk: is encrypted under the key .{22}, and CPNS_KEYRING_KEY is/,
    );
    const secret = secretIn(operator(), 'gateways/hub.psk');
    expect(
      (await cpns(['keys', 'wrap', '--config', config, '--old-key-file', operator('gateways/hub.key')], key)).code,
    ).toBe(0);
    rmSync(operator('gateways/hub.key'));
    const { credential } = loadGatewayOptions({ config, keyringKey: key }, '/');
    expect(credential()).toEqual({ kind: 'psk', psk: new Uint8Array(Buffer.from(secret, 'base64url')) });
  });

  test('is written in plain by cpns keys export alone, into a new file of its owner, and never printed', async () => {
    for (const [which, file] of [
      [['--config', operator('pnes/lamp.yaml')], 'pnes/lamp.psk'],
      [['--config', operator('pnes.yaml'), '--device', 'lock'], 'pnes/lock.static.key'],
      [['--config', operator('services/echo.yaml')], 'services/echo.psk'],
      [['--authority', operator('ca/ca.key')], 'ca/ca.key'],
    ] as const) {
      const secret = secretIn(operator(), file);
      const argv = ['keys', 'export', ...which, '--out', 'plain'];
      const { code, stdout, stderr } = await cpns(argv);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).not.toContain(secret);
      expect([readFileSync(at('plain'), 'utf8'), statSync(at('plain')).mode & 0o777]).toEqual([`${secret}\n`, 0o600]);
      expect(await cpns(argv)).toMatchObject({ code: 2, stderr: expect.stringContaining('There is a file') });
      rmSync(at('plain'));
    }
    const several = await cpns(['keys', 'export', '--config', operator('pnes.yaml'), '--out', 'plain']);
    expect([several.code, several.stderr]).toEqual([2, expect.stringContaining('--device')]);
    const server = await cpns(['keys', 'export', '--config', operator('server.yaml'), '--out', 'plain']);
    expect([server.code, existsSync(at('plain'))]).toEqual([2, false]);
  });
});

describe('provisioned with CPNS_KEYRING_KEY', () => {
  const key = keyText(new Uint8Array(32).fill(7)).trim();
  beforeAll(() => made(key));
  afterAll(() => folder.remove());

  test('server and authority have no key file, and what they have opens with the variable alone', async () => {
    expect([existsSync(operator('server.key')), existsSync(operator('ca/ca.key.kek'))]).toEqual([false, false]);
    const { idKey, pki } = loadServerOptions({ config: operator('server.yaml'), keyringKey: key }, '/');
    expect([idKey.length, pki?.serverKey.publicKey.length]).toEqual([32, 32]);
    expect(() => loadServerOptions({ config: operator('server.yaml') }, '/')).toThrow(/server\.key is missing/);
    expect((await provision(key)).code).toBe(0);
    expect((await cpns(['provision', 'renew', 'lock', '--out', operator()], key)).code).toBe(0);
    expect(names().filter((name) => SECRET_FILE.test(name))).toHaveLength(11);
  });
});
