import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openSqliteReader } from '../../journal/sqlite/open.ts';
import { kekIdIn, kekIdOf } from '../../security/keyring.ts';
import { FakeHost, temporaryFolder } from '../cli/fake-host.ts';
import { makeJournal } from '../cli/keys/journal.ts';
import { Processes } from './processes.ts';
import { until } from './until.ts';

/**
 * `cpns keys rotate` as a process of its own, ended by `kill -9` at each of its steps: what the role has opens with the former
 * key or with the new one, never with neither, and running it again ends what was begun.
 */

const TEST_MS = 120_000;
/** Some 80 transactions, so that it is ended between the first and the last. */
const KEYS = 20_000;
const FORMER = new Uint8Array(32).fill(1);
const IDS = Array.from({ length: KEYS }, (_, n) => `session/${String(n).padStart(22, '0')}`);
const SECRET = Buffer.from(new Uint8Array(32).fill(9)).toString('base64url');
const CONFIG = `nats: ['nats://127.0.0.1:4222']
journal: hub.sqlite
keyFile: hub.key
gatewayId: hub
pskFile: hub.psk
pns: [home]
`;

const processes = new Processes();
let folder: ReturnType<typeof temporaryFolder>;

/** A PN GW in a folder of its own. */
class Role {
  readonly #name: string;
  constructor(name: string) {
    this.#name = name;
  }

  path(file: string): string {
    return join(folder.path, this.#name, file);
  }

  text(file: string): string {
    return readFileSync(this.path(file), 'utf8').trim();
  }

  rotating() {
    return processes.start(['keys', 'rotate', '--config', this.path('hub.yaml')]);
  }

  async keys(
    ...argv: readonly string[]
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
    const host = new FakeHost(join(folder.path, this.#name));
    const code = await host.run('keys', ...argv, '--config', this.path('hub.yaml'));
    return { code, stdout: host.stdout, stderr: host.stderr };
  }

  /** Keys that are no longer under the former one; read beside the process that changes them. */
  async changed(): Promise<number> {
    const reader = await openSqliteReader(this.path('hub.sqlite'));
    try {
      const rows = await reader.wrappedKeys({ after: '', limit: KEYS });
      return rows.filter(({ wrapped }) => kekIdIn(wrapped) !== kekIdOf(FORMER)).length;
    } finally {
      await reader.close();
    }
  }

  async lastEvent(): Promise<string | undefined> {
    const reader = await openSqliteReader(this.path('hub.sqlite'));
    try {
      return (await reader.readStream('keyring')).at(-1)?.type;
    } finally {
      await reader.close();
    }
  }

  get former(): string {
    return `hub.key.${kekIdOf(FORMER)}`;
  }
}

beforeAll(async () => {
  folder = temporaryFolder();
  const whole = new Role('whole');
  mkdirSync(whole.path('.'));
  await makeJournal({ journal: whole.path('hub.sqlite'), keyFile: whole.path('hub.key') }, FORMER, IDS);
  writeFileSync(whole.path('hub.yaml'), CONFIG);
  writeFileSync(whole.path('hub.psk'), `${SECRET}\n`, { mode: 0o600 });
  expect(await whole.keys('wrap')).toMatchObject({ code: 0 });
});
afterEach(() => processes.endAll());
afterAll(() => folder.remove());

const MOMENTS: readonly (readonly [string, (role: Role) => boolean | Promise<boolean>])[] = [
  ['at once', () => true],
  ['when the new key is in its file', (role) => existsSync(role.path('hub.key.next'))],
  ['when the journal says that it began', async (role) => (await role.lastEvent()) === 'KeyRotationStarted'],
  ['when the first keys are under the new one', async (role) => (await role.changed()) > 0],
  ['when half of them are', async (role) => (await role.changed()) > KEYS / 2],
  ['when all of them are', async (role) => (await role.changed()) === KEYS],
  ['when the journal says that it ended', async (role) => (await role.lastEvent()) === 'KeyEncryptionKeyRotated'],
  ['when the former key is kept', (role) => existsSync(role.path(role.former))],
];

test.each(MOMENTS)(
  'a rotation killed %s leaves everything readable, and is finished by running it again',
  async (name, isReached) => {
    const role = new Role(name);
    cpSync(new Role('whole').path('.'), role.path('.'), { recursive: true });
    const rotating = role.rotating();
    await until(name, async () => !rotating.isRunning || (await isReached(role)));
    await rotating.end('SIGKILL');

    // What is beside the journal opens all that is in it, and the secret.
    const listed = await role.keys('ls');
    expect([listed.code, listed.stderr]).toEqual([0, '']);
    expect(listed.stdout.match(/ opens$/gm)).toHaveLength(KEYS);
    const exported = await role.keys('export', '--out', role.path('plain-1'));
    expect([exported.code, role.text('plain-1')]).toEqual([0, SECRET]);

    expect(await role.rotating().ended).toMatchObject({ code: 0, stderr: '' });
    expect(await role.changed()).toBe(KEYS);
    expect(existsSync(role.path('hub.key.next'))).toBe(false);
    // A rotation that had ended is followed by another one: its key was in place already.
    expect(role.text(role.former)).toBe(Buffer.from(FORMER).toString('base64url'));
    const after = await role.keys('ls');
    expect([after.code, after.stdout.match(/ opens$/gm)?.length]).toEqual([0, KEYS]);
    expect((await role.keys('export', '--out', role.path('plain-2'))).code).toBe(0);
    expect(role.text('plain-2')).toBe(SECRET);
  },
  TEST_MS,
);
