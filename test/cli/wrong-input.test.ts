import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeHost, temporaryFolder } from './fake-host.ts';
import { makeJournal } from './keys/journal.ts';

/** What people give by mistake is named, with a remedy that helps, and stays as it is. */

const HOUSEHOLD = `gateways:
  - { id: hub, vendor: ubisys, model: G1, mac: '00:1f:ee:00:00:01' }
pns:
  - { id: home, name: Home, gateway: hub, joinPolicy: open }
pnes:
  - { id: lamp, name: Lamp, vendor: Philips, model: B, type: bulb, mac: '00:17:88:00:00:01', pn: home, member: true }
services: [echo]
`;

let folder: ReturnType<typeof temporaryFolder>;
const at = (...names: readonly string[]): string => join(folder.path, ...names);

async function cpns(...argv: readonly string[]): Promise<FakeHost & { readonly code: number }> {
  const host = new FakeHost(folder.path);
  const code = await host.run(...argv);
  return Object.assign(host, { code });
}

beforeAll(async () => {
  folder = temporaryFolder();
  writeFileSync(at('household.yaml'), HOUSEHOLD);
  expect((await cpns('provision', at('household.yaml'), '--out', at('operator'))).code).toBe(0);
  mkdirSync(at('folder'));
  writeFileSync(at('empty.sqlite'), '');
  const kek = new Uint8Array(32).fill(7);
  await makeJournal({ journal: at('journal.sqlite'), keyFile: at('journal.key') }, kek, []);
});
afterAll(() => folder.remove());

const COMMANDS: readonly (readonly string[])[] = [
  ['events'],
  ['journal', 'stat'],
  ['journal', 'verify'],
  ['journal', 'charts'],
  ['journal', 'export'],
  ['journal', 'snapshots', 'ls'],
  ['journal', 'snapshots', 'drop'],
  ['journal', 'compact', '--keep', '1', '--archive', 'archive.jsonl'],
  ['projections', 'ls'],
  ['projections', 'verify'],
  ['projections', 'rebuild'],
  ['keys', 'ls'],
  ['charging'],
  ['inventory', '--rebuild'],
  ['inspect'],
];

describe.each(COMMANDS.map((argv) => [argv.join(' '), argv] as const))('cpns %s', (_, argv) => {
  test.each([
    ['no.sqlite', /no journal .*no\.sqlite\. Check the path; a role makes its journal when it is started/],
    ['folder', /folder is a directory\. Name the file in it\./],
    ['empty.sqlite', /empty\.sqlite is empty: .*the file was not changed\./],
  ])('tells of the journal %s, and leaves it alone', async (journal, message) => {
    const { code, stdout, stderr } = await cpns(...argv, '--journal', journal);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(readFileSync(at('empty.sqlite'), 'utf8')).toBe('');
  });
});

const WITHOUT = COMMANDS.filter(([first = '']) => !['inspect', 'charging', 'keys', 'inventory'].includes(first));

test.each(WITHOUT.map((argv) => [argv.join(' '), argv] as const))(
  'cpns %s without a journal names no flag that it does not have',
  async (_, argv) => {
    const { code, stderr } = await cpns(...argv);
    expect([code, stderr]).toEqual([
      2,
      'cpns: No journal is given. Name its file or database with --journal or CPNS_JOURNAL.\n',
    ]);
  },
);

describe('keys', () => {
  test('of a role that was never started are in no journal yet', async () => {
    const { code, stderr } = await cpns('keys', 'ls', '--config', at('operator', 'server.yaml'));
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('a role makes its journal when it is started for the first time'),
    ]);
  });

  test('of a service are in no journal at all', async () => {
    const { code, stderr } = await cpns('keys', 'ls', '--config', at('operator', 'services', 'echo.yaml'));
    expect([code, stderr]).toEqual([2, expect.stringMatching(/names no journal.*A service has none/)]);
  });

  test('that are exported go nowhere where there is no folder', async () => {
    const { code, stderr } = await cpns(
      'keys',
      'export',
      '--config',
      at('operator/pnes/lamp.yaml'),
      '--out',
      'no/where',
    );
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/no\/where cannot be written: there is no such file\. Name another/),
    ]);
  });
});

describe('the key file of a device is missing', () => {
  test.each([
    ['pnes.yaml', 'Bring the key file back from a copy, to where it was looked for: no other key opens it.'],
    ['pnes/lamp.yaml', 'name it with --key-file, or give the key in CPNS_KEYRING_KEY.'],
  ])('in %s: the remedy is one that helps', async (config, remedy) => {
    const keyFile = at('operator', 'pnes', 'lamp.key');
    const key = readFileSync(keyFile);
    rmSync(keyFile);
    try {
      const { code, stderr } = await cpns('pne', '--config', at('operator', config), '--once');
      expect([code, stderr]).toEqual([2, expect.stringContaining(remedy)]);
    } finally {
      writeFileSync(keyFile, key, { mode: 0o600 });
    }
  });
});

describe('a selection that nothing is of', () => {
  test.each([
    [['events', '--journal', 'journal.sqlite', '--type', 'KeyringCreatd'], 'Did you mean KeyringCreated?'],
    [['events', '--journal', 'journal.sqlite', '--stream', 'pn/none'], 'no event is as was asked for'],
  ])('%j is said beside the output', async (argv, message) => {
    const { code, stdout, stderr } = await cpns(...argv);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toContain(message);
  });

  test('of a state is said', async () => {
    const { code, stdout } = await cpns('replay', 'state', 'journal.sqlite', '--pn', 'none');
    expect([code, stdout]).toEqual([0, expect.stringContaining('nothing of what was asked for')]);
  });
});

test('a folder that cannot be made is told of with what the system says, and a remedy', async () => {
  const { code, stderr } = await cpns('demo', 'household.yaml', '--keep', 'empty.sqlite');
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/empty\.sqlite: there is a file of that name\. Check the path/),
  ]);
});
