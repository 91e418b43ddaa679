import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { loadHousehold } from '../../cli/config/household.ts';
import { temporaryFolder, type Folder } from './household.ts';
import { isAlive, Processes, type Exit, type Process } from './processes.ts';
import { until } from './until.ts';
import { householdText, members, strangers, type Device } from '../cli/small-household.ts';

/** `cpns demo` from outside: what it prints, how it ends, and what it leaves behind. */

const HOUSEHOLD = fileURLToPath(new URL('../../examples/household.yaml', import.meta.url));
const TEST_MS = 120_000;

const processes = new Processes();
let folder: Folder;

beforeAll(() => {
  folder = temporaryFolder();
});
afterEach(() => processes.endAll());
afterAll(() => folder.remove());

const demo = (...args: readonly string[]): Promise<Exit> => processes.run(['demo', ...args]);

const pidsIn = (text: string): readonly number[] =>
  [...text.matchAll(/: process (\d+)$/gm)].map(([, pid]) => Number(pid));

/** Lines of a device's section, as `step actor`. */
function stepsOf(stdout: string, deviceId: string): readonly string[] {
  const section = stdout.split('\n\n').find((part) => part.startsWith(`${deviceId}: `)) ?? '';
  return [...section.matchAll(/^ {2}(1\.4\.[12]\/\d) {2}(PNE|PN GW|CPNS Server) /gm)].map(
    ([, step, actor]) => `${step} ${actor}`,
  );
}

/** Neighbours that are equal count once. */
const runs = (steps: readonly string[]): readonly string[] => steps.filter((step, index) => step !== steps[index - 1]);

const MEMBER = [
  '1.4.1/1 PNE',
  '1.4.1/1 PN GW',
  '1.4.1/2 PN GW',
  '1.4.1/3 PN GW',
  '1.4.1/3 CPNS Server',
  '1.4.1/3 PN GW',
  '1.4.1/4 PN GW',
  '1.4.1/4 PNE',
  '1.4.1/4 CPNS Server',
  '1.4.1/4 PNE',
];
const STRANGER = [
  '1.4.2/1 PNE',
  '1.4.2/1 PN GW',
  '1.4.2/1 PNE',
  '1.4.2/2 PNE',
  '1.4.2/2 PN GW',
  '1.4.2/3 PN GW',
  '1.4.2/4 PN GW',
  '1.4.2/4 CPNS Server',
  '1.4.2/4 PN GW',
  '1.4.2/5 PN GW',
  '1.4.2/5 CPNS Server',
  '1.4.2/5 PN GW',
  '1.4.2/6 PN GW',
  '1.4.2/6 PNE',
  '1.4.2/6 CPNS Server',
  '1.4.2/6 PNE',
];

test(
  'it registers the household of the examples: each flow step by step, messages to a service and back, inventories equal, nothing left behind',
  async () => {
    const household = loadHousehold(HOUSEHOLD);
    const { code, stdout, stderr } = await demo(HOUSEHOLD, '--keep', folder.file('text'));
    expect(stderr).toBe('');
    expect(code).toBe(0);
    for (const { id, demo, membership } of household.pnes) {
      const steps = stepsOf(stdout, id);
      if (demo.expect === 200) expect(runs(steps), id).toEqual(membership === 'member' ? MEMBER : STRANGER);
      else expect(steps.at(-1), id).toBe(membership === 'member' ? '1.4.1/4 PNE' : '1.4.2/6 PNE');
    }
    expect(stdout).toContain("PN Inventory of 'home': equal");
    expect(stdout).toContain("PN Inventory of 'alarm': equal");
    expect(stdout).toContain(
      '22 PNEs: 18 x 200 registered, 2 x 401 authentication failed, 1 x 403 refused by policy, 1 x 404 no such PN.',
    );
    expect(stdout).not.toContain('UNEXPECTED');
    for (const id of ['hall-motion', 'living-lamp-left', 'living-lamp-right'])
      expect(stdout).toMatch(new RegExp(`^ {2}${id} through hub-hall: \\d+ bytes, 200, came back$`, 'm'));
    const journals = ['server.sqlite', 'gateways/hub-hall.sqlite', 'pnes.sqlite'].map((name) =>
      folder.file(`text/${name}`),
    );
    const audit = await processes.run(['replay', 'verify', ...journals]);
    expect(audit.stdout.trimEnd().split('\n').at(-1), audit.stdout).toBe('CONFORMANT');
    expect(stdout).toContain('6 records, 6 settled, 0 of these with a difference');
    expect(pidsIn(stdout)).toHaveLength(5);
    expect(pidsIn(stdout).filter(isAlive)).toEqual([]);
    expect(readdirSync(folder.file('text'))).toContain('server.sqlite');
    expect(readdirSync(folder.file('text')).filter((name) => /-wal$|-shm$/.test(name))).toEqual([]);
  },
  TEST_MS,
);

const small: readonly Device[] = [
  ...members(2),
  ...strangers(1),
  { id: 'forged', member: false, secret: 'wrong', expect: 401 },
];

test(
  'JSON lines say the same as the text; a kept directory can be used again, and every device keeps its CPNS ID',
  async () => {
    const file = folder.put('small.yaml', householdText(small));
    const text = await demo(file, '--keep', folder.file('again'));
    expect(text.code).toBe(0);
    const json = await demo(file, '--keep', folder.file('again'), '--json');
    expect(json.stderr).toBe('');
    expect(json.code).toBe(0);
    const lines: readonly Record<string, unknown>[] = json.stdout
      .trim()
      .split('\n')
      .map((line): Record<string, unknown> => JSON.parse(line));
    const kinds = lines.map(({ kind }) => kind);
    expect([...new Set(kinds)]).toEqual(['started', 'step', 'inventory', 'summary']);
    expect(lines.find(({ kind }) => kind === 'inventory')).toMatchObject({ pnId: 'home', equal: true });
    const summary = lines.at(-1);
    expect(summary).toMatchObject({ kind: 'summary', unexpected: 0, unequal: 0 });
    const outcomes = lines.at(-1)?.['outcomes'];
    expect(outcomes).toEqual(
      small.map(({ id, expect: code = 200 }) => {
        const inText = new RegExp(`^ {2}${id} +(cpns-[a-z2-7]{26}) `, 'm').exec(text.stdout)?.[1] ?? null;
        return { deviceId: id, expected: code, code, cpnsId: inText };
      }),
    );
    const steps = lines.filter(({ kind, deviceId }) => kind === 'step' && deviceId === 'member-1');
    const actors: Readonly<Record<string, string>> = {
      pne: 'PNE',
      'pn-gateway': 'PN GW',
      'cpns-server': 'CPNS Server',
    };
    // The second time there is an earlier session to close as well.
    expect(runs(steps.map(({ step, role }) => `${String(step)} ${actors[String(role)]}`))).toEqual(
      runs(stepsOf(text.stdout, 'member-1')),
    );
  },
  TEST_MS,
);

test(
  'a device that comes out otherwise than the household says is named, and the exit code is 1',
  async () => {
    const file = folder.put(
      'surprise.yaml',
      householdText([
        { id: 'as-said', member: true },
        { id: 'not-as-said', member: true, expect: 401 },
      ]),
    );
    const { code, stdout } = await demo(file);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^UNEXPECTED: not-as-said got 200, not 401$/m);
    expect(stdout).not.toContain('UNEXPECTED: as-said');
  },
  TEST_MS,
);

/** A demo that is in the middle of a registration, with a temporary directory of its own. */
async function inTheMiddle(name: string): Promise<{ process: Process; temporary: () => readonly string[] }> {
  const file = folder.put(`${name}.yaml`, householdText(members(30)));
  const own = folder.file(`${name}.tmp`);
  mkdirSync(own);
  const process = processes.start(['demo', file], { env: { TMPDIR: own } });
  await process.says(/^ {2}1\.4\.1\/3 {2}PN GW /m);
  return { process, temporary: () => readdirSync(own) };
}

test(
  'Ctrl-C in the middle ends everything and removes the temporary directory',
  async () => {
    const { process, temporary } = await inTheMiddle('interrupted');
    expect(temporary().length).toBeGreaterThan(0);
    const { code, stdout, stderr } = await process.end('SIGINT');
    expect(code).toBe(1);
    expect(stderr).toBe('');
    expect(pidsIn(stdout)).toHaveLength(4);
    expect(pidsIn(stdout).filter(isAlive)).toEqual([]);
    expect(temporary()).toEqual([]);
  },
  TEST_MS,
);

test(
  'killed, it takes its processes with it',
  async () => {
    const { process } = await inTheMiddle('kill');
    const { stdout } = await process.end('SIGKILL');
    expect(pidsIn(stdout)).toHaveLength(4);
    await until('the end of all', () => !pidsIn(stdout).some(isAlive));
  },
  TEST_MS,
);

test(
  'without nats-server it says what to install, exit code 1',
  async () => {
    const none = folder.file('no-such-program');
    const byVariable = await processes.run(['demo', HOUSEHOLD], { env: { CPNS_NATS_SERVER: none } });
    expect(byVariable).toMatchObject({ code: 1, stdout: '' });
    expect(byVariable.stderr).toMatch(
      /^cpns: CPNS_NATS_SERVER names .*no-such-program, which is no program\. Install it/,
    );
    const byFlag = await demo(HOUSEHOLD, '--nats-server', none);
    expect(byFlag).toMatchObject({ code: 1, stdout: '' });
    expect(byFlag.stderr).toMatch(/no-such-program.*Install it/);
  },
  TEST_MS,
);

test(
  'three servers on a PostgreSQL journal that the demo starts: the same outcomes, one of them serves the PN GW, and nothing is left behind',
  async () => {
    const household = folder.put(
      'several.yaml',
      householdText([...members(2), ...strangers(1)], { services: ['echo'] }),
    );
    const { code, stdout, stderr } = await demo(household, '--servers', '3', '--journal', 'postgres');
    expect(stderr).toBe('');
    expect(stdout).toContain('3 PNEs: 3 x 200 registered.');
    const rows = stdout.split('\n').filter((line) => /^ {2}CPNS Server \d /.test(line));
    expect(rows).toHaveLength(3);
    expect(rows.filter((row) => row.includes(' hub '))).toHaveLength(1);
    expect(code).toBe(0);
    expect(pidsIn(stdout).filter(isAlive)).toEqual([]);
  },
  TEST_MS,
);

test(
  'what it keeps of a PostgreSQL journal is an export: the record is whole, and the directory can be used again',
  async () => {
    const household = folder.put('kept.yaml', householdText([...members(1), ...strangers(1)]));
    const kept = folder.file('kept');
    const again = ['--servers', '2', '--journal', 'postgres', '--keep', kept];
    const first = await demo(household, ...again);
    expect([first.code, first.stderr]).toEqual([0, '']);
    expect(first.stdout).toContain(`${kept}; the journal of the CPNS Servers is the export server.jsonl there`);
    const journals = ['server.jsonl', 'gateways/hub.sqlite', 'pnes.sqlite'].map((name) => join(kept, name));
    const audit = await processes.run(['replay', 'verify', ...journals]);
    expect(audit.stdout.trimEnd().split('\n').at(-1), audit.stdout).toBe('CONFORMANT');
    const events = (): number => readFileSync(journals[0] ?? '', 'utf8').split('\n').length;
    const before = events();
    const second = await demo(household, ...again);
    expect([second.code, second.stderr], second.stdout).toEqual([0, '']);
    expect(events()).toBeGreaterThan(before);
    const ids = ({ stdout }: { readonly stdout: string }) => new Set(stdout.match(/\bcpns-[a-z2-7]{26}\b/g));
    expect(ids(second)).toEqual(ids(first));
    expect(await demo(household, '--keep', kept)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('has the journal of the CPNS Server in server.jsonl'),
    });
  },
  TEST_MS,
);

test('several servers on a file, or on a journal of another kind, are refused with what to do', async () => {
  const household = folder.put('refused.yaml', householdText(members(1)));
  expect(await demo(household, '--servers', '2')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--journal postgres'),
  });
  expect(await demo(household, '--journal', 'mysql')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('sqlite'),
  });
});
