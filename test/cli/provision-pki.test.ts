import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadGatewayOptions } from '../../cli/config/gateway.ts';
import { loadServerOptions } from '../../cli/config/server.ts';
import { keyPair } from '../../security/noise/x25519.ts';
import { publicKeyToPem } from '../../security/pki/keys.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/household.yaml', import.meta.url));

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

function publicKey(): string {
  const path = join(folder.path, 'own.pub');
  writeFileSync(path, publicKeyToPem(keyPair(new Uint8Array(32).fill(7)).publicKey));
  return path;
}

describe('a device that the household does not list', () => {
  test('is certified and known to the server; comments and secrets of the table stay', async () => {
    await run(EXAMPLE);
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
    expect(again.stdout).toMatch(/^kept +server\.credentials\.yaml /m);
  });

  test('has a server that knew no certificates go by them', async () => {
    const household = join(folder.path, 'household.yaml');
    writeFileSync(household, readFileSync(EXAMPLE, 'utf8').replaceAll('credential: pki', 'credential: psk'));
    await run(household);
    expect(loadServerOptions({ config: file('server.yaml') }, '/').pki).toBeNull();
    expect((await run('issue', 'new-lock', '--public-key', publicKey())).code).toBe(0);
    const server = loadServerOptions({ config: file('server.yaml') }, '/');
    expect([server.certified.pnes, server.pki?.trustAnchors.length]).toEqual([['new-lock'], 1]);
  });

  test('is refused when the server goes by a secret of it, and nothing is written', async () => {
    await run(EXAMPLE);
    const before = text('server.credentials.yaml');
    const { code, stderr } = await run('issue', 'hall-motion', '--public-key', publicKey());
    expect(code).toBe(2);
    expect(stderr).toBe(
      'cpns: hall-motion has a pre-shared secret in server.credentials.yaml, under pnes, and would not be asked for a ' +
        'certificate. Write `hall-motion: pki` there in the place of its secret, then issue the certificate.\n',
    );
    expect(text('server.credentials.yaml')).toBe(before);
    expect(() => text('pnes', 'hall-motion.pem')).toThrow(/ENOENT/);
  });
});

describe('a PN GW', () => {
  test('of the household has a certificate of its own kind, which is renewed and revoked with --gateway only', async () => {
    await run(EXAMPLE);
    const gateway = loadGatewayOptions({ config: file('gateways', 'hub-hall.yaml') }, '/');
    expect(gateway.credential()).toMatchObject({ kind: 'pki', chain: [expect.any(Uint8Array)] });
    expect(loadServerOptions({ config: file('server.yaml') }, '/').certified.gateways).toEqual(['hub-hall']);
    expect((await run('revoke', 'hub-hall')).stderr).toMatch(
      /No certificate of the PNE hub-hall is valid\. .*--gateway/,
    );
    expect((await run('renew', 'hub-hall')).stderr).toMatch(
      /no certificate of the PNE hub-hall to renew\. .*--gateway/,
    );
    const certificate = text('gateways', 'hub-hall.pem');
    expect((await run('renew', 'hub-hall', '--gateway')).code).toBe(0);
    expect(text('gateways', 'hub-hall.pem')).not.toBe(certificate);
    const revoked = await run('revoke', 'hub-hall', '--gateway');
    expect(revoked.stdout).toMatch(/ca\/revoked\.pem +2 certificates that count no more, 2 of the PN GW hub-hall$/m);
  });

  test('that the household does not list is certified and known to the server', async () => {
    await run(EXAMPLE);
    expect((await run('issue', 'hub-attic', '--gateway', '--public-key', publicKey())).code).toBe(0);
    const { certified } = loadServerOptions({ config: file('server.yaml') }, '/');
    expect(certified.gateways).toEqual(['hub-hall', 'hub-attic']);
    expect(certified.pnes).not.toContain('hub-attic');
  });

  test('has one credential: a file that names a secret and a certificate is refused', async () => {
    await run(EXAMPLE);
    writeFileSync(file('gateways', 'hub-hall.yaml'), `${text('gateways', 'hub-hall.yaml')}pskFile: hub-hall.psk\n`);
    expect(() => loadGatewayOptions({ config: file('gateways', 'hub-hall.yaml') }, '/')).toThrow(
      /pskFile: stands beside pki: a PN GW has one credential/,
    );
  });
});

test('bad use of the certificate commands says what to do', async () => {
  await run(EXAMPLE);
  const nobody = await run('revoke', 'nobody');
  expect(nobody).toMatchObject({ code: 2, stdout: '' });
  expect(nobody.stderr).toMatch(/No certificate of the PNE nobody is valid/);
  expect((await run('renew', 'nobody')).stderr).toMatch(/no certificate of the PNE nobody to renew/i);
  expect((await run('issue', 'nobody')).stderr).toMatch(/no key of nobody/i);
  expect((await run('issue', 'front-door-lock', '--days', '0')).stderr).toMatch(/must be a number of days/);
  const other = join(folder.path, 'other.pub');
  writeFileSync(other, generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }));
  const wrong = await run('issue', 'front-door-lock', '--public-key', other);
  expect(wrong.stderr).toMatch(/is not a public X25519 key in PEM/);
  const mistyped = new FakeHost(folder.path);
  expect(await mistyped.run('provision', 'revoke', 'front-door-lock', '--out', file('operater'))).toBe(2);
  expect(mistyped.stderr).toMatch(/operater is no operator directory/);
});
