import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startNatsServer, type NatsServer } from '../../cli/nats-server.ts';
import { fromPem, toPem } from '../../security/pki/pem.ts';
import { OpenSsl } from '../security/pki/openssl.ts';
import { auditOf } from './auditor.ts';
import { temporaryFolder, type Folder } from './household.ts';
import { Processes, type Exit } from './processes.ts';
import { until } from './until.ts';
import { GATEWAY, householdText } from '../cli/small-household.ts';

/** Devices and a PN GW with certificates, as they are deployed: a provisioned directory, a nats-server, a process for each role. */

const TEST_MS = 120_000;

const processes = new Processes();
const openssl = new OpenSsl();
let operator: Folder;
let nats: NatsServer;

const pki = (id: string, more: { readonly secret?: 'wrong' } = {}) => ({
  id,
  member: true,
  credential: 'pki' as const,
  ...more,
});

beforeAll(async () => {
  operator = temporaryFolder();
  nats = await startNatsServer();
  const devices = [
    pki('lock'),
    pki('siren'),
    pki('by-openssl'),
    pki('late'),
    pki('swapped'),
    pki('stolen', { secret: 'wrong' }),
    { id: 'stranger', member: false, credential: 'pki' as const },
    { id: 'by-secret', member: true },
  ];
  const household = operator.put('household.yaml', householdText(devices, { gatewayCredential: 'pki' }));
  const { code, stderr } = await provision(household, '--nats', nats.url);
  expect(stderr).toBe('');
  expect(code).toBe(0);
});
afterEach(() => processes.endAll());
afterAll(async () => {
  await nats.stop();
  openssl.close();
  operator.remove();
});

const file = (...names: readonly string[]): string => operator.file('operator', ...names);
const provision = (...args: readonly string[]): Promise<Exit> => processes.run(['provision', ...args, '--out', file()]);
const server = () => processes.start(['server', '--config', file('server.yaml')]);
const gateway = () => processes.start(['gateway', '--config', file('gateways', `${GATEWAY}.yaml`)]);
const register = (id: string) => processes.run(['pne', '--config', file('pnes', `${id}.yaml`), '--once', '--again']);
/** A private key in plain, in the place of what may be there. */
async function exported(to: string, ...which: readonly string[]): Promise<void> {
  rmSync(file(to), { force: true });
  expect(await processes.run(['keys', 'export', ...which, '--out', file(to)])).toMatchObject({ code: 0, stderr: '' });
}
const failures = (id: string) => reasons(`registration/home/${id}`, 'PneAuthenticationFailed');
const reasons = async (stream: string, type: string): Promise<readonly string[]> => {
  const args = ['--journal', file('server.sqlite'), '--stream', stream, '--json'];
  const { stdout } = await processes.run(['events', ...args, '--type', type]);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const event: { readonly data: { readonly reason: string } } = JSON.parse(line);
    return event.data.reason;
  });
};

test(
  'devices with certificates register; revocation, renewal and openssl take effect while the server runs',
  async () => {
    const running = server();
    await running.says(/ ready /);
    await gateway().says(/ ready /);
    for (const id of ['lock', 'stranger', 'by-secret']) {
      const { code, stdout, stderr } = await register(id);
      expect({ code, stdout }, stderr).toMatchObject({ code: 0, stdout: expect.stringContaining(' 200 registered ') });
    }

    // To the device all refusals are one; the journal tells them apart.
    const refused = { code: 1, stdout: expect.stringMatching(/ 401 authentication failed\n$/) };
    expect(await register('stolen')).toMatchObject(refused);
    expect(await failures('stolen')).toEqual(['wrongKey']);

    writeFileSync(file('pnes', 'swapped.pem'), readFileSync(file('pnes', 'lock.pem')));
    await exported('pnes/swapped.static.key', '--config', file('pnes', 'lock.yaml'));
    expect(await register('swapped')).toMatchObject(refused);
    expect(await failures('swapped')).toEqual(['wrongIdentity']);

    const revoked = await provision('revoke', 'lock');
    expect(revoked).toMatchObject({ code: 0, stderr: '' });
    expect(revoked.stdout).toMatch(
      /^rewritten +ca\/revoked\.pem +1 certificates that count no more, 1 of the PNE lock$/m,
    );
    expect(await register('lock')).toMatchObject(refused);
    expect(await failures('lock')).toEqual(['revoked']);
    expect(running.stderr).toContain('revocation list read again revoked=1');
    await until('the end of its session', async () =>
      (await reasons('registration/home/lock', 'SecureSessionClosed')).includes('revoked'),
    );
    expect((await register('siren')).code).toBe(0);

    // A certificate of later is as good for the same key.
    expect((await provision('renew', 'lock')).code).toBe(0);
    expect((await register('lock')).code).toBe(0);

    // A list that cannot be used leaves the one before in force.
    const list = readFileSync(file('ca', 'revoked.pem'), 'utf8');
    writeFileSync(file('ca', 'revoked.pem'), 'no list');
    expect((await register('siren')).code).toBe(0);
    expect(running.stderr).toContain('the one before stays in force');
    writeFileSync(file('ca', 'revoked.pem'), list);
  },
  TEST_MS,
);

test(
  'certificates and a list made with openssl, under the authority of the operator, count the same',
  async () => {
    await exported('ca/plain.key', '--authority', file('ca', 'ca.key'));
    openssl.write('ca.key', readFileSync(file('ca', 'plain.key')));
    openssl.write('ca.pem', readFileSync(file('ca', 'ca.pem')));
    const { certificate } = openssl.device('by-openssl', 'ca');
    writeFileSync(file('pnes', 'by-openssl.pem'), toPem('CERTIFICATE', certificate));
    writeFileSync(file('pnes', 'by-openssl.static.key'), openssl.read('by-openssl.key'));
    openssl.authority('foreign', 'p256');
    const foreign = openssl.device('late', 'foreign').certificate;

    await server().says(/ ready /);
    await gateway().says(/ ready /);
    expect((await register('by-openssl')).code).toBe(0);

    const [own = new Uint8Array(0)] = fromPem('CERTIFICATE', readFileSync(file('pnes', 'late.pem'), 'utf8'));
    writeFileSync(file('pnes', 'late.pem'), toPem('CERTIFICATE', foreign));
    expect((await register('late')).code).toBe(1);
    writeFileSync(file('pnes', 'late.pem'), toPem('CERTIFICATE', own));
    expect((await register('late')).code).toBe(0);
    expect(await failures('late')).toEqual(['unknownIssuer']);

    const replacement = file('ca', 'revoked.pem.new');
    writeFileSync(replacement, toPem('X509 CRL', openssl.revocationList('ca', ['by-openssl'])));
    renameSync(replacement, file('ca', 'revoked.pem'));
    expect((await register('by-openssl')).code).toBe(1);
    expect(await failures('by-openssl')).toEqual(['revoked']);
  },
  TEST_MS,
);

test(
  'a PN GW that is revoked loses the session that it has and gets no other, until it has a certificate that counts',
  async () => {
    const stream = `gateway-registration/${GATEWAY}`;
    await server().says(/ ready /);
    await gateway().says(/ ready /);
    expect((await register('siren')).code).toBe(0);

    const revoked = await provision('revoke', GATEWAY, '--gateway');
    expect(revoked.stdout).toMatch(/, 1 of the PN GW hub$/m);
    await until('the end of its session', async () =>
      (await reasons(stream, 'GatewaySessionClosed')).includes('revoked'),
    );
    const asking = register('siren');
    await until('the refusal of another one', async () =>
      (await reasons(stream, 'GatewayAuthenticationFailed')).includes('revoked'),
    );

    // The PN GW reads its certificate anew at each registration, and what the device asked for goes on.
    expect((await provision('renew', GATEWAY, '--gateway')).code).toBe(0);
    expect(await asking).toMatchObject({ code: 0, stdout: expect.stringContaining(' 200 registered ') });
  },
  TEST_MS,
);

test(
  'an auditor has nothing against the journals that are left after all certificates, revocations and replacements',
  async () => {
    await processes.endAll();
    expect(await auditOf(processes, operator.file('operator'))).toBe('CONFORMANT');
  },
  TEST_MS,
);
