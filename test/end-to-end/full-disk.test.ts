import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type Seams } from '../../actors/start.ts';
import type { Runtime } from '../../actors/loop/runtime.ts';
import { systemClock } from '../../seams/clock.ts';
import { systemEntropy } from '../../seams/entropy.ts';
import { RecordedLog } from '../../seams/log.ts';
import { connectNats } from '../../wire/nats.ts';
import type { Wire } from '../../wire/port.ts';
import { loadServerOptions } from '../../cli/config/server.ts';
import { expectedCredentials } from '../../cli/expected-credentials.ts';
import { startNatsServer, type NatsServer } from '../../cli/nats-server.ts';
import { openSqliteJournal } from '../../journal/sqlite/open.ts';
import type { SqliteJournal } from '../../journal/sqlite/journal.ts';
import { createKeyring } from '../../security/keyring.ts';
import { temporaryFolder, type Folder } from './household.ts';
import { violations } from './journals.ts';
import { Processes } from './processes.ts';
import { until } from './until.ts';
import type { ServerIdentity } from '../../actors/roles/cpns-server/identity.ts';
import { GATEWAY, householdText, members } from '../cli/small-household.ts';

/** The disk of a running server is full: it says so, loses nothing that it acknowledged, and goes on when there is room. */

const TEST_MS = 120_000;
const DEVICES = members(12);
/** What others keep on the disk until they make room. */
const BALLAST_BYTES = 4_000_000;

const processes = new Processes();
let operator: Folder;
let nats: NatsServer;
let journal: SqliteJournal;
let wire: Wire;
let runtime: Runtime;
const log = new RecordedLog();

/** Another connection, beside the server's: takes room, or gives it back. */
function sql(statement: string): unknown {
  const db = new DatabaseSync(operator.file('server.sqlite'), { timeout: 10_000 });
  try {
    return db.prepare(statement).get()?.['page_count'];
  } finally {
    db.close();
  }
}

beforeAll(async () => {
  operator = temporaryFolder();
  nats = await startNatsServer();
  const household = operator.put('household.yaml', householdText(DEVICES));
  const args = ['provision', household, '--out', operator.file('files'), '--nats', nats.url];
  expect((await processes.run(args)).code).toBe(0);
});
afterAll(async () => {
  await processes.endAll();
  await runtime.stop();
  await wire.close();
  await journal.close();
  await nats.stop();
  operator.remove();
});

test(
  'a full disk at a running server',
  async () => {
    const file = operator.file('server.sqlite');
    await (await openSqliteJournal(file)).close();
    sql('create table ballast (bytes blob)');
    sql(`insert into ballast values (zeroblob(${BALLAST_BYTES}))`);
    // Room for the start and for some of the devices, not for all.
    journal = await openSqliteJournal(file, { maxPageCount: Number(sql('pragma page_count')) + 8 });
    const options = loadServerOptions({ config: operator.file('files', 'server.yaml') }, operator.path);
    wire = connectNats({ servers: nats.url, name: 'server', log });
    const bytes = (length: number): Uint8Array => systemEntropy.bytes(length);
    const kek = new Uint8Array(
      Buffer.from(readFileSync(operator.file('files', 'server.key'), 'utf8').trim(), 'base64url'),
    );
    const keyring = createKeyring({ kek, bytes });
    const seams: Seams = {
      journal,
      wire,
      clock: systemClock,
      entropy: systemEntropy,
      log,
      keyring,
      observers: 'publish',
    };
    const identity: ServerIdentity = { idKey: options.idKey, ...expectedCredentials(options, null) };
    ({ runtime } = await startServer(identity, options.pns, [], seams));
    const gateway = processes.start(['gateway', '--config', operator.file('files', 'gateways', `${GATEWAY}.yaml`)]);
    const pnes = processes.start(['pne', '--config', operator.file('files', 'pnes.yaml'), '--once', '--sequential']);

    await until('word of the full disk', () =>
      log.lines.some(({ level, message }) => level === 'error' && message === 'step failed'),
    );
    const told = log.lines.find(({ message }) => message === 'step failed');
    expect(`${told?.fields['error']} ${told?.fields['remedy']}`).toMatch(/full.*Make room on the disk/);
    const acknowledged = pnes.lines.length;
    expect(acknowledged).toBeLessThan(DEVICES.length);

    sql('delete from ballast');
    const { code, stdout, stderr } = await pnes.ended;
    expect(code, stderr).toBe(0);
    expect(stdout.split('\n').filter((line) => / 200 registered /.test(line))).toHaveLength(DEVICES.length);
    expect((await gateway.end('SIGTERM')).code).toBe(0);
    const files = [
      { node: 'server', journal: file, keyFile: operator.file('files', 'server.key') },
      {
        node: 'gateway',
        journal: operator.file('files', 'gateways', `${GATEWAY}.sqlite`),
        keyFile: operator.file('files', 'gateways', `${GATEWAY}.key`),
      },
      { node: 'pnes', journal: operator.file('files', 'pnes.sqlite'), keyFile: operator.file('files', 'pnes.key') },
    ] as const;
    expect(await violations(files, { sent: [], log: [], secrets: [] })).toEqual([]);
  },
  TEST_MS,
);
