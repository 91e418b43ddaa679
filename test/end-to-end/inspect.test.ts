import { readdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startNatsServer, type NatsServer } from '../../cli/nats-server.ts';
import { secretsOf, temporaryFolder, type Folder } from './household.ts';
import { Page } from './page.ts';
import { Processes } from './processes.ts';
import { until } from './until.ts';
import { GATEWAY, householdText, members, strangers } from '../cli/small-household.ts';

/** The inspector as a process of its own, beside running roles. */

const TEST_MS = 120_000;

const processes = new Processes();
let folder: Folder;
let nats: NatsServer;
let operator: string;

beforeAll(async () => {
  folder = temporaryFolder();
  nats = await startNatsServer();
  operator = folder.file('operator');
  const household = folder.put('household.yaml', householdText([...members(1), ...strangers(1)]));
  await processes.run(['provision', household, '--out', operator, '--nats', nats.url]);
});
afterEach(() => processes.endAll());
afterAll(async () => {
  await nats.stop();
  folder.remove();
});

const config = (...names: readonly string[]): readonly string[] => ['--config', folder.file('operator', ...names)];
const journals = (): readonly string[] =>
  ['server.sqlite', `gateways/${GATEWAY}.sqlite`, 'pnes.sqlite'].flatMap((file) => [
    '--journal',
    folder.file('operator', file),
  ]);

async function startRoles(): Promise<void> {
  const roles = [
    processes.start(['server', ...config('server.yaml')]),
    processes.start(['gateway', ...config('gateways', `${GATEWAY}.yaml`)]),
  ];
  for (const role of roles) await role.says(/ ready /);
}

const register = (...flags: readonly string[]) =>
  processes.run(['pne', ...config('pnes.yaml'), '--once', '--again', ...flags]);

test(
  'the journals of running roles are shown side by side as they grow, and nothing that is sent holds a secret',
  async () => {
    await startRoles();
    await register();
    const inspector = processes.start(['inspect', '--json', '--token-file', folder.file('token'), ...journals()]);
    const page = await Page.open(inspector);
    const before = await page.states();
    expect(before.get('pnes:pne/member-1')).toBe('registration.registered.settled|session.established');
    expect(before.get(`${GATEWAY}:admission/${GATEWAY}/stranger-1`)).toBe('idle.registered');
    expect(before.get('server:registration/home/stranger-1')).toBe('registration.idle.registered|session.established');

    const { total }: { readonly total: number } = JSON.parse(await page.get('/api/overview'));
    await register();
    await until('a second registration', async () => {
      const answer: { readonly total: number } = JSON.parse(await page.get('/api/overview'));
      return answer.total > total + 20;
    });
    const { entries }: { readonly entries: readonly { readonly journal: string; readonly position: number }[] } =
      JSON.parse(await page.get('/api/events?limit=1000'));
    for (const { journal, position } of entries) await page.get(`/api/event?journal=${journal}&position=${position}`);
    for (const actor of before.keys()) await page.get(`/api/state?actor=${encodeURIComponent(actor)}`);
    const sent = Buffer.from(page.texts.join('\n'));
    for (const secret of secretsOf(operator)) {
      const bytes = Buffer.from(secret);
      for (const writing of [
        bytes,
        bytes.toString('hex'),
        bytes.toString('base64').slice(0, -4),
        bytes.toString('base64url'),
      ])
        expect(sent.includes(writing)).toBe(false);
    }

    const { code, stderr } = await inspector.end('SIGINT');
    expect([code, stderr]).toEqual([0, 'Reading the journals ...\n']);
    const kept = ['--token-file', folder.file('token'), '--port', page.port];
    const again = processes.start(['inspect', '--json', ...kept, ...journals()]);
    await again.says(/"url"/);
    expect((await page.states()).get('pnes:pne/member-1')).toBe('registration.registered.settled|session.established');
  },
  TEST_MS,
);

test(
  'without a journal what is heard over NATS is shown, as it comes',
  async () => {
    const inspector = processes.start(['inspect', '--json', '--nats', nats.url]);
    const page = await Page.open(inspector);
    expect((await page.states()).size).toBe(0);
    await startRoles();
    await register();
    await until('the last event of a registration', async () => {
      const events = await page.get('/api/events?type=SecureSessionConfirmed');
      return events.includes('pne/stranger-1');
    });
    // Its stream began before the inspector listened: nothing is guessed.
    const { actors }: { readonly actors: readonly { readonly standing: { readonly verdict: string } }[] } = JSON.parse(
      await page.get('/api/actors'),
    );
    expect(new Set(actors.map(({ standing }) => standing.verdict))).not.toContain('deviates');
  },
  TEST_MS,
);

test(
  'an auditor opens journals and exports at rest, and nothing beside them changes',
  async () => {
    await startRoles();
    await register();
    await processes.endAll();
    const server = folder.file('operator', 'server.sqlite');
    const hub = folder.file('operator', 'gateways', `${GATEWAY}.sqlite`);
    const exported = folder.file('hub.jsonl');
    await processes.run(['journal', 'export', '--journal', hub, '-o', exported]);
    const seen = (): readonly string[] => readdirSync(operator).toSorted();
    const before = seen();

    const inspector = processes.start(['replay', 'open', '--json', server, exported]);
    const page = await Page.open(inspector);
    const states = await page.states();
    expect(states.get('server:registration/home/member-1')).toBe('registration.idle.registered|session.established');
    expect(states.get(`hub:admission/${GATEWAY}/member-1`)).toBe('idle.registered');

    // The page at a position is what the auditor's command says.
    const { total }: { readonly total: number } = JSON.parse(await page.get('/api/events?journal=server'));
    for (const position of [total >> 1, total]) {
      const { stdout } = await processes.run([
        'replay',
        'state',
        server,
        '--json',
        '--at',
        `${position}`,
        '--pn',
        'home',
      ]);
      const { actors }: { readonly actors: readonly { readonly stream: string; readonly value: unknown }[] } =
        JSON.parse(stdout);
      expect(actors.length).toBeGreaterThan(0);
      for (const { stream, value } of actors) {
        const shown = await page.get(`/api/state?actor=server:${stream}&at=server:${position}`);
        expect(JSON.parse(shown)).toMatchObject({ state: { value } });
      }
    }
    expect((await inspector.end('SIGINT')).code).toBe(0);
    expect(seen()).toEqual(before);
  },
  TEST_MS,
);

test(
  'a port that is taken, a journal that is not there and a file that holds no token are told with a remedy',
  async () => {
    const first = processes.start(['inspect', '--json', ...journals()]);
    const { port } = await Page.open(first);
    const taken = await processes.run(['inspect', '--port', port, ...journals()]);
    expect(taken).toMatchObject({ code: 1, stderr: expect.stringContaining(`Port ${port} is taken. Name another`) });
    const missing = await processes.run(['inspect', '--journal', folder.file('none.sqlite')]);
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no journal') });
    const token = await processes.run([
      'inspect',
      '--token-file',
      folder.file('operator', 'server.yaml'),
      ...journals(),
    ]);
    expect(token).toMatchObject({ code: 2, stderr: expect.stringContaining('holds no token of an inspector') });
  },
  TEST_MS,
);
