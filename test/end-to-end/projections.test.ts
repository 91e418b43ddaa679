import { afterAll, beforeAll, expect, test } from 'vitest';
import { startNatsServer, type NatsServer } from '../../cli/nats-server.ts';
import { openSqliteJournal } from '../../journal/sqlite/open.ts';
import { eventOf } from '../journal/controls.ts';
import { append } from '../projections/charging-controls.ts';
import { temporaryFolder, type Folder } from './household.ts';
import { Processes } from './processes.ts';
import { GATEWAY, householdText, members } from '../cli/small-household.ts';

/** What an operator sees of the projections of a role that runs. */

const TEST_MS = 120_000;
const processes = new Processes();
let folder: Folder;
let nats: NatsServer;
beforeAll(async () => {
  folder = temporaryFolder();
  nats = await startNatsServer();
  const household = folder.put('household.yaml', householdText(members(2)));
  const args = ['provision', household, '--out', folder.file('operator'), '--nats', nats.url];
  expect((await processes.run(args)).code).toBe(0);
});
afterAll(async () => {
  await processes.endAll();
  await nats.stop();
  folder.remove();
});

const file = (...names: readonly string[]): string => folder.file('operator', ...names);
const server = () => processes.start(['server', '--config', file('server.yaml')]);
const projections = (...args: readonly string[]) =>
  processes.run(['projections', ...args, '--journal', file('server.sqlite')]);

test(
  'they are what the events say beside a server at work, and one that stops on an event leaves the rest at work',
  async () => {
    const first = server();
    const gateway = processes.start(['gateway', '--config', file('gateways', `${GATEWAY}.yaml`)]);
    await first.says(/ ready /);
    await gateway.says(/ ready /);
    expect((await processes.run(['pne', '--config', file('pnes.yaml'), '--once'])).code).toBe(0);
    expect(await projections('verify')).toMatchObject({ code: 0 });
    expect(await projections('rebuild')).toMatchObject({ code: 1, stderr: expect.stringContaining('another process') });
    expect(await first.end('SIGTERM')).toMatchObject({ code: 0 });

    // Somebody else's program writes what no handler of this one takes.
    const journal = await openSqliteJournal(file('server.sqlite'));
    await append(journal, 'charging/home/ghost', eventOf('UsageRecorded', { data: { usage: 'much' } }));
    const position = await journal.head();
    await journal.close();

    const second = server();
    await second.says(new RegExp(`projection stopped name=charging position=${position} type=UsageRecorded`));
    await second.says(/ ready /);
    const listed = await projections('ls', '--json');
    expect(listed.code).toBe(1);
    expect(
      listed.stdout
        .split('\n')
        .filter(Boolean)
        .map((line): unknown => JSON.parse(line)),
    ).toMatchObject([
      { name: 'pn-inventory', state: 'running' },
      { name: 'charging', state: 'stopped', checkpoint: position - 1, stopped: { event: { position } } },
    ]);
    const asked = await processes.run(['inventory', '--nats', nats.url, '--json']);
    expect(asked).toMatchObject({ code: 0, stdout: expect.stringContaining('"member-2"') });
    const ended = await second.end('SIGTERM');
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(`charging: event ${position} (UsageRecorded in charging/home/ghost)`);
    await gateway.end('SIGTERM');
    expect(
      await processes.run(['projections', 'verify', '--journal', file('gateways', `${GATEWAY}.sqlite`)]),
    ).toMatchObject({
      code: 0,
    });
  },
  TEST_MS,
);
