import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadGatewayOptions } from '../../cli/config/gateway.ts';
import { loadServerOptions } from '../../cli/config/server.ts';
import { keyPair } from '../../security/noise/x25519.ts';
import { publicKeyToPem } from '../../security/pki/keys.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';
import { GATEWAY, householdText } from './small-household.ts';

const DEVICES = [
  { id: 'lock', member: true, credential: 'pki' as const },
  { id: 'lamp', member: true },
];

let folder = temporaryFolder();
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const file = (...names: readonly string[]): string => join(folder.path, 'operator', ...names);
const text = (...names: readonly string[]): string => readFileSync(file(...names), 'utf8');

async function run(...args: readonly string[]): Promise<FakeHost & { readonly code: number }> {
  const host = new FakeHost(folder.path);
  const code = await host.run('provision', ...args, '--out', file());
  return Object.assign(host, { code });
}

function household(devices: Parameters<typeof householdText>[0] = DEVICES, gateway: 'psk' | 'pki' = 'pki'): string {
  const path = join(folder.path, 'household.yaml');
  writeFileSync(path, householdText(devices, { gatewayCredential: gateway }));
  return path;
}

function publicKey(): string {
  const path = join(folder.path, 'own.pub');
  writeFileSync(path, publicKeyToPem(keyPair(new Uint8Array(32).fill(7)).publicKey));
  return path;
}

describe('a device that the household does not list', () => {
  test('is certified and known to the server; comments and secrets of the table stay', async () => {
    await run(household());
    writeFileSync(file('server.credentials.yaml'), `# mine\n${text('server.credentials.yaml')}`);
    const before: { readonly pnes: object } = parse(text('server.credentials.yaml'));
    const issued = await run('issue', 'new-lock', '--public-key', publicKey());
    expect([issued.code, issued.stderr]).toEqual([0, '']);
    expect(issued.stdout).toMatch(/^extended +server\.credentials\.yaml .*: 1 added$/m);
    expect(text('server.credentials.yaml')).toMatch(/^# mine\n/);
    expect(parse(text('server.credentials.yaml'))).toEqual({ ...before, pnes: { ...before.pnes, 'new-lock': 'pki' } });
    expect(statSync(file('server.credentials.yaml')).mode & 0o777).toBe(0o600);
    expect(loadServerOptions({ config: file('server.yaml') }, '/').certified.pnes).toContain('new-lock');
    const again = await run('issue', 'new-lock', '--public-key', publicKey());
    expect(again.stdout).not.toContain('server.credentials.yaml');
  });

  test('has a server that knew no certificates go by them', async () => {
    await run(household([{ id: 'lamp', member: true }], 'psk'));
    expect(loadServerOptions({ config: file('server.yaml') }, '/').pki).toBeNull();
    expect((await run('issue', 'new-lock', '--public-key', publicKey())).code).toBe(0);
    const server = loadServerOptions({ config: file('server.yaml') }, '/');
    expect([server.certified.pnes, server.pki?.trustAnchors.length]).toEqual([['new-lock'], 1]);
  });

  test('is refused when the server goes by a secret of it, and nothing is written', async () => {
    await run(household());
    const before = text('server.credentials.yaml');
    const { code, stderr } = await run('issue', 'lamp', '--public-key', publicKey());
    expect(code).toBe(2);
    expect(stderr).toBe(
      'cpns: lamp has a pre-shared secret in server.credentials.yaml, under pnes, and would not be asked for a ' +
        'certificate. Write `lamp: pki` there in the place of its secret, then issue the certificate.\n',
    );
    expect(text('server.credentials.yaml')).toBe(before);
    expect(() => text('pnes', 'lamp.pem')).toThrow(/ENOENT/);
  });
});

describe('a PN GW', () => {
  test('of the household has a certificate of its own kind, which is renewed and revoked with --gateway only', async () => {
    await run(household());
    const gateway = loadGatewayOptions({ config: file('gateways', 'hub.yaml') }, '/');
    expect(gateway.credential()).toMatchObject({ kind: 'pki', chain: [expect.any(Uint8Array)] });
    expect(loadServerOptions({ config: file('server.yaml') }, '/').certified.gateways).toEqual([GATEWAY]);
    expect((await run('revoke', GATEWAY)).stderr).toMatch(/No certificate of the PNE hub is valid\. .*--gateway/);
    expect((await run('renew', GATEWAY)).stderr).toMatch(/no certificate of the PNE hub to renew\. .*--gateway/);
    const certificate = text('gateways', 'hub.pem');
    expect((await run('renew', GATEWAY, '--gateway')).code).toBe(0);
    expect(text('gateways', 'hub.pem')).not.toBe(certificate);
    const revoked = await run('revoke', GATEWAY, '--gateway');
    expect(revoked.stdout).toMatch(/ca\/revoked\.pem +2 certificates that count no more, 2 of the PN GW hub$/m);
  });

  test('that the household does not list is certified and known to the server', async () => {
    await run(household());
    expect((await run('issue', 'hub-attic', '--gateway', '--public-key', publicKey())).code).toBe(0);
    const { certified } = loadServerOptions({ config: file('server.yaml') }, '/');
    expect(certified.gateways).toEqual([GATEWAY, 'hub-attic']);
    expect(certified.pnes).not.toContain('hub-attic');
  });

  test('has one credential: a file that names a secret and a certificate is refused', async () => {
    await run(household());
    writeFileSync(file('gateways', 'hub.yaml'), `${text('gateways', 'hub.yaml')}pskFile: hub.psk\n`);
    expect(() => loadGatewayOptions({ config: file('gateways', 'hub.yaml') }, '/')).toThrow(
      /pskFile: stands beside pki: a PN GW has one credential/,
    );
  });
});

test('bad use of the certificate commands says what to do', async () => {
  await run(household());
  const nobody = await run('revoke', 'nobody');
  expect(nobody).toMatchObject({ code: 2, stdout: '' });
  expect(nobody.stderr).toMatch(/No certificate of the PNE nobody is valid/);
  expect((await run('renew', 'nobody')).stderr).toMatch(/no certificate of the PNE nobody to renew/i);
  expect((await run('issue', 'nobody')).stderr).toMatch(/no key of nobody/i);
  expect((await run('issue', 'lock', '--days', '0')).stderr).toMatch(/must be a number of days/);
  const other = join(folder.path, 'other.pub');
  writeFileSync(other, generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }));
  const wrong = await run('issue', 'lock', '--public-key', other);
  expect(wrong.stderr).toMatch(/is not a public X25519 key in PEM/);
  const mistyped = new FakeHost(folder.path);
  expect(await mistyped.run('provision', 'revoke', 'lock', '--out', file('operater'))).toBe(2);
  expect(mistyped.stderr).toMatch(/operater is no operator directory/);
});
