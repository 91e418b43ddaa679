import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { kekIdOf } from '../../../security/keyring.ts';
import { processHost } from '../../../cli/host.ts';
import { FakeHost, temporaryFolder } from '../fake-host.ts';
import { keyText, makeJournal, type Place } from './journal.ts';

/** At its start a role has the key of its journal, or it does not start and leaves everything as it was. */

const ours = new Uint8Array(32).fill(1);
const other = new Uint8Array(32).fill(2);

let folder: ReturnType<typeof temporaryFolder>;
let place: Place;
beforeEach(async () => {
  folder = temporaryFolder();
  place = { journal: join(folder.path, 'hub.sqlite'), keyFile: join(folder.path, 'hub.key') };
  writeFileSync(join(folder.path, 'hub.psk'), keyText(other), { mode: 0o600 });
  writeFileSync(
    join(folder.path, 'hub.yaml'),
    'journal: hub.sqlite\nkeyFile: hub.key\ngatewayId: hub\npskFile: hub.psk\npns: [home]\nnats: [nats://127.0.0.1:9]\n',
  );
  await makeJournal(place, ours, ['session/a']);
});
afterEach(() => {
  folder.remove();
  vi.unstubAllEnvs();
});

/** Names and contents of all files. The journal's lock file means nothing. */
const everything = (): readonly string[] =>
  readdirSync(folder.path)
    .filter((name) => !name.endsWith('.lock'))
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(folder.path, name)))
          .digest('hex')}`,
    );

const CONFIG = ['gateway', '--config', 'hub.yaml'] as const;
async function start(
  host = new FakeHost(folder.path),
  ...more: readonly string[]
): Promise<FakeHost & { code: number }> {
  const config = [...CONFIG.slice(0, 2), join(folder.path, 'hub.yaml'), ...more];
  const running = host.run(...config);
  const code = await Promise.race([running, ready(host)]);
  if (code === null) host.send('SIGTERM');
  return Object.assign(host, { code: code ?? (await running) });
}

/** Resolves with null once the role says that it is ready. */
async function ready(host: FakeHost): Promise<null> {
  while (!host.stderr.includes('ready')) await new Promise((resolve) => setImmediate(resolve));
  return null;
}

describe('the key file', () => {
  test('that belongs to the journal opens it', async () => {
    expect((await start()).code).toBe(0);
  });

  test('that holds another key is refused with both ids, exit code 2, and every file stays as it was', async () => {
    writeFileSync(place.keyFile, keyText(other), { mode: 0o600 });
    const before = everything();
    const { code, stderr } = await start();
    expect(code).toBe(2);
    expect(stderr).toContain(`holds the key ${kekIdOf(other)}`);
    expect(stderr).toContain(`has its keys under the key ${kekIdOf(ours)}`);
    expect(stderr).toMatch(/Give the key that belongs to this journal\. Nothing was changed\.\n$/);
    expect(everything()).toEqual(before);
  });

  test('that is missing is not made anew beside a journal that has keys', async () => {
    rmSync(place.keyFile);
    const before = everything();
    const { code, stderr } = await start();
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /hub\.key is missing, and the journal .*hub\.sqlite has keys under the key .{22}\. Bring it back/,
    );
    expect(everything()).toEqual(before);
    expect(existsSync(place.keyFile)).toBe(false);
  });

  test('is made for a journal that is new', async () => {
    for (const name of readdirSync(folder.path)) if (/^hub\.(sqlite|key)/.test(name)) rmSync(join(folder.path, name));
    expect((await start()).code).toBe(0);
    expect(readFileSync(place.keyFile, 'utf8')).toMatch(/^[A-Za-z0-9_-]{43}\n$/);
    expect((await start()).code).toBe(0);
  });

  test('is looked for where a rotation left the new key, when it died before it put it in place', async () => {
    renameSync(place.keyFile, `${place.keyFile}.next`);
    writeFileSync(place.keyFile, keyText(other), { mode: 0o600 });
    expect((await start()).code).toBe(0);
  });
});

describe('CPNS_KEYRING_KEY', () => {
  const hostWith = (text: string): FakeHost => {
    const host = new FakeHost(folder.path);
    host.keyringKey = text;
    return host;
  };

  test('goes before the key file that the configuration names', async () => {
    rmSync(place.keyFile);
    expect((await start(hostWith(keyText(ours).trim()))).code).toBe(0);
    expect(existsSync(place.keyFile)).toBe(false);
  });

  test('with another key is refused by name, and nothing shows the key', async () => {
    const { code, stderr, stdout } = await start(hostWith(keyText(other).trim()));
    expect(code).toBe(2);
    expect(stderr).toContain(`CPNS_KEYRING_KEY holds the key ${kekIdOf(other)}`);
    expect(stderr + stdout).not.toContain(keyText(other).trim());
  });

  test('beside a key file that flag or variable name is refused: neither goes before the other', async () => {
    const { code, stderr } = await start(hostWith(keyText(ours).trim()), '--key-file', place.keyFile);
    expect(code).toBe(2);
    expect(stderr).toContain('given twice');
    expect(stderr).not.toContain(keyText(ours).trim());
  });

  test.each(['', 'short', `${'+'.repeat(43)}`])('that is no key (%j) is refused without being quoted', async (text) => {
    const { code, stderr } = await start(hostWith(text));
    expect(code).toBe(2);
    expect(stderr).toContain('CPNS_KEYRING_KEY does not hold 32 bytes in base64url');
    if (text !== '') expect(stderr).not.toContain(text);
  });

  test('is taken out of the environment at the start: no child process inherits it', () => {
    vi.stubEnv('CPNS_KEYRING_KEY', keyText(ours).trim());
    expect(processHost().keyringKey).toBe(keyText(ours).trim());
    expect(Object.keys(process.env)).not.toContain('CPNS_KEYRING_KEY');
  });
});
