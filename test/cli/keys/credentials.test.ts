import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadServerOptions } from '../../../cli/config/server.ts';
import { kekIdOf } from '../../../security/keyring.ts';
import { FakeHost, temporaryFolder } from '../fake-host.ts';
import { keyText, makeJournal } from './journal.ts';
import { secretIn } from './secrets.ts';

/** The server's file of credentials holds no secret in plain. */

const HOUSEHOLD = `gateways:
  - { id: hub, vendor: ubisys, model: G1, mac: '00:1f:ee:00:00:01' }
pns:
  - { id: home, name: Home, gateway: hub, joinPolicy: open }
pnes:
  - { id: lamp, name: Lamp, vendor: Philips, model: B, type: bulb, mac: '00:17:88:00:00:01', pn: home, member: true }
  - { id: tag, name: Tag, vendor: Philips, model: B, type: tag, mac: '00:17:88:00:00:02', pn: home, member: true }
`;

let folder: ReturnType<typeof temporaryFolder>;
const at = (...names: readonly string[]): string => join(folder.path, ...names);
const operator = (...names: readonly string[]): string => at('operator', ...names);
const credentials = (): string => readFileSync(operator('server.credentials.yaml'), 'utf8');
const textIn = (file: string): string => readFileSync(operator(file), 'utf8').trim();
const keyIn = (file: string): Uint8Array => new Uint8Array(Buffer.from(textIn(file), 'base64url'));

let runs = 0;
async function cpns(argv: readonly string[], keyringKey?: string): Promise<FakeHost & { readonly code: number }> {
  const host = new FakeHost(folder.path);
  // Each host begins with the same seed: no two runs may make the same key.
  for (let used = runs++; used > 0; used--) host.entropy.id();
  host.keyringKey = keyringKey;
  const code = await host.run(...argv);
  return Object.assign(host, { code });
}
const provision = () => cpns(['provision', at('household.yaml'), '--out', operator()]);

/** The secrets as the server gets to know them, and how many of them were in plain. */
function known(keyringKey?: string): { readonly plain: number; readonly secrets: Readonly<Record<string, string>> } {
  const given = { config: operator('server.yaml'), ...(keyringKey === undefined ? {} : { keyringKey }) };
  const { gateways, pnes, plainCredentials } = loadServerOptions(given, folder.path);
  const all = [...gateways, ...pnes].map(({ id, psk }) => [id, Buffer.from(psk).toString('base64url')]);
  return { plain: plainCredentials, secrets: Object.fromEntries(all) };
}
const ofDevices = () => ({
  hub: secretIn(operator(), 'gateways/hub.psk'),
  lamp: secretIn(operator(), 'pnes/lamp.psk'),
  tag: secretIn(operator(), 'pnes/tag.psk'),
});

beforeEach(async () => {
  folder = temporaryFolder();
  writeFileSync(at('household.yaml'), HOUSEHOLD);
  expect((await provision()).code).toBe(0);
});
afterEach(() => folder.remove());

/** As an earlier version wrote it. */
function inPlain(): void {
  const { hub, lamp, tag } = ofDevices();
  const text = `# By hand.\ngateways:\n  hub: ${hub}\npnes:\n  lamp: ${lamp} # hall\n  tag: ${tag}\n`;
  writeFileSync(operator('server.credentials.yaml'), text);
}

test('cpns provision writes them encrypted, the server knows them, and a second run leaves them as they are', async () => {
  const before = credentials();
  for (const secret of Object.values(ofDevices())) expect(before).not.toContain(secret);
  expect(known()).toEqual({ plain: 0, secrets: ofDevices() });
  expect((await provision()).code).toBe(0);
  expect(credentials()).toBe(before);
});

test('a device that is new is added encrypted, and the others keep their entries', async () => {
  const before: Record<string, Record<string, string>> = parse(credentials());
  writeFileSync(at('household.yaml'), HOUSEHOLD.replaceAll('id: tag', 'id: plug'));
  expect((await provision()).code).toBe(0);
  const after: Record<string, Record<string, string>> = parse(credentials());
  expect(after['pnes']).toEqual({ ...before['pnes'], plug: expect.stringMatching(/^[A-Za-z0-9_-]{103}$/) });
  expect(known().secrets).toEqual({ ...ofDevices(), plug: secretIn(operator(), 'pnes/plug.psk') });
});

test('an entry under the name of another device does not open', () => {
  const { lamp = '' } = parse(credentials()).pnes;
  writeFileSync(operator('server.credentials.yaml'), credentials().replace(/^( *tag:).*$/m, `$1 ${lamp}`));
  expect(() => known()).toThrow(/pnes\.tag: is damaged/);
});

test('without their key, or with another, the server does not start, and provisioning makes no new one', async () => {
  renameSync(operator('server.key'), at('kept'));
  expect(() => known()).toThrow(/has 3 secrets that are encrypted, and the key file .*server\.key is missing/);
  expect((await provision()).code).toBe(2);
  writeFileSync(operator('server.key'), keyText(new Uint8Array(32).fill(5)), { mode: 0o600 });
  expect(() => known()).toThrow(
    /gateways\.hub: is encrypted under the key .{22}, as 2 more are, and .*server\.key is .{22}\n.*old-key-file\.$/,
  );
  expect((await provision()).code).toBe(2);
  rmSync(operator('server.key'));
  expect(known(readFileSync(at('kept'), 'utf8').trim()).secrets).toEqual(ofDevices());
});

describe('secrets in plain, of an earlier version', () => {
  test('are read, and counted for the warning', () => {
    inPlain();
    expect(known()).toEqual({ plain: 3, secrets: ofDevices() });
  });

  test('are encrypted by cpns keys wrap, which leaves all else in the file', async () => {
    inPlain();
    const { code, stdout } = await cpns(['keys', 'wrap', '--config', operator('server.yaml')]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('3 secrets encrypted under')]);
    for (const secret of Object.values(ofDevices())) expect(credentials()).not.toContain(secret);
    expect(credentials()).toMatch(/^# By hand\.\n[^]*# hall\n/);
    expect(known()).toEqual({ plain: 0, secrets: ofDevices() });
    const again = await cpns(['keys', 'wrap', '--config', operator('server.yaml'), '--json']);
    const lines = again.stdout.trim().split('\n');
    // The server's own, and the key that signs checkpoints.
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
      { wrapped: 0, kept: 4 },
      { wrapped: 0, kept: 1 },
    ]);
  });
});

describe('a rotation of the key-encryption key', () => {
  beforeEach(() =>
    makeJournal({ journal: operator('server.sqlite'), keyFile: operator('server.key') }, keyIn('server.key'), [
      'session/a',
    ]),
  );

  test('encrypts them anew as well, where the configuration of the server is given', async () => {
    const former = keyIn('server.key');
    expect((await cpns(['keys', 'rotate', '--config', operator('server.yaml'), '--old-key', 'remove'])).code).toBe(0);
    expect(keyIn('server.key')).not.toEqual(former);
    expect(known()).toEqual({ plain: 0, secrets: ofDevices() });
  });

  test('is refused before anything is changed when one of them opens under neither key', async () => {
    const { lamp = '' } = parse(credentials()).pnes;
    writeFileSync(operator('server.credentials.yaml'), credentials().replace(/^( *tag:).*$/m, `$1 ${lamp}`));
    const before = [textIn('server.key'), credentials(), readFileSync(operator('server.sqlite'), 'latin1')];
    const { code, stderr } = await cpns(['keys', 'rotate', '--config', operator('server.yaml')]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('pnes.tag: is damaged')]);
    expect([textIn('server.key'), credentials(), readFileSync(operator('server.sqlite'), 'latin1')]).toEqual(before);
  });

  test('that left them out is mended by cpns keys wrap with the former key', async () => {
    const former = kekIdOf(keyIn('server.key'));
    const argv = ['--journal', operator('server.sqlite'), '--key-file', operator('server.key')];
    expect((await cpns(['keys', 'rotate', ...argv])).code).toBe(0);
    expect(() => known()).toThrow(/run cpns keys wrap with --old-key-file/);
    const old = operator(`server.key.${former}`);
    expect((await cpns(['keys', 'wrap', '--config', operator('server.yaml'), '--old-key-file', old])).code).toBe(0);
    expect(known()).toEqual({ plain: 0, secrets: ofDevices() });
  });
});
