import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startNatsServer, type NatsServer } from '../../cli/nats-server.ts';
import { sessionFromBytes } from '../../security/session.ts';
import { SECRET_FILE } from '../cli/keys/secrets.ts';
import { filesBelow, secretsOf, temporaryFolder } from './household.ts';
import type { Folder } from './household.ts';
import { keysIn, type JournalFile } from './journals.ts';
import { Page } from './page.ts';
import { Processes, type Process } from './processes.ts';
import { Tap } from './tap.ts';
import { GATEWAY, householdText, members, nameOf, strangers, USER, type Device } from '../cli/small-household.ts';

/**
 * I7 from outside: no secret in a journal, an output, a command line, an environment, or on the wire, nor in what replay and
 * inspector give of the journals; and what applications say nowhere but at the two ends. What is personal only in the answer to
 * who may ask for it, and nowhere once it is erased.
 */

const TEST_MS = 120_000;
const DEVICES: readonly Device[] = [
  ...members(3),
  ...strangers(2),
  { id: 'forged', member: false, secret: 'wrong', expect: 401 },
];

const processes = new Processes();
let folder: Folder;
let nats: NatsServer;
let tap: Tap;

beforeAll(async () => {
  folder = temporaryFolder();
  nats = await startNatsServer();
  tap = new Tap(nats.url);
});
afterEach(() => processes.endAll());
afterAll(async () => {
  await tap.close();
  await nats.stop();
  folder.remove();
});

/** What a service sends to a device and gets back. */
const MESSAGE = 'somebody rang at the door of number 42';

/** The bytes themselves, hex in both cases, and base64 and base64url at each alignment. */
function writingsOf(secret: Uint8Array): readonly Buffer[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  const coded = (['base64', 'base64url'] as const).flatMap((encoding) =>
    [0, 1, 2].map((shift) => {
      const text = Buffer.concat([Buffer.alloc(shift), bytes])
        .toString(encoding)
        .replace(/=+$/, '');
      return text.slice(shift === 0 ? 0 : shift + 1, -1);
    }),
  );
  return [bytes, ...[hex, hex.toUpperCase(), ...coded].map((text) => Buffer.from(text))];
}

/** Names of the places that hold one of the secrets. */
function leaksIn(places: ReadonlyMap<string, Buffer>, secrets: readonly Uint8Array[]): readonly string[] {
  const writings = secrets.flatMap(writingsOf);
  return [...places].filter(([, content]) => writings.some((one) => content.includes(one))).map(([name]) => name);
}

const journalsBelow = (path: string): ReadonlyMap<string, Buffer> =>
  new Map(
    filesBelow(path)
      .filter((file) => /\.sqlite(-wal)?$/.test(file))
      .map((file) => [file, readFileSync(file)]),
  );

/** Everything but key files and seeds of NATS users. */
const encryptedBelow = (path: string): ReadonlyMap<string, Buffer> =>
  new Map(
    filesBelow(path)
      .filter((file) => !/\.(key|kek|nk)$/.test(file) || SECRET_FILE.test(relative(path, file)))
      .map((file) => [file, readFileSync(file)]),
  );

/** What the kernel tells everybody, or at least the same user, of a process. */
const shownBy = ({ pid }: Process): readonly (readonly [string, Buffer])[] =>
  ['cmdline', 'environ'].map((name) => [`/proc/${pid}/${name}`, readFileSync(`/proc/${pid}/${name}`)]);

const JOURNALS: readonly (readonly [node: JournalFile['node'], ...path: readonly string[]])[] = [
  ['server', 'server'],
  ['gateway', 'gateways', GATEWAY],
  ['pnes', 'pnes'],
];

/** What the auditors' and the developers' tools give of the journals, by whatever was asked. */
async function readBack(operator: string): Promise<ReadonlyMap<string, Buffer>> {
  const files = JOURNALS.map(([, ...path]) => `${join(operator, ...path)}.sqlite`);
  const key = ['--key', join(operator, 'checkpoint.key.pub')];
  const report = folder.file('report');
  const told = new Map<string, Buffer>();
  for (const [name, ...flags] of [
    ['verify', ...key],
    ['verify', ...key, '--json'],
    ['state'],
    ['state', '--json', '--pn', 'home'],
    ['diff', '--from', '2020-01-01T00:00:00Z'],
    ['trace', '--device', 'stranger-1'],
    ['trace', '--device', 'member-1', '--format', 'json'],
    ['trace', '--device', 'member-1', '--format', 'svg'],
    ['report', ...key, '-o', report],
    ['export', '--format', 'csv'],
    ['export', '--format', 'jsonl'],
    ['export', '--format', 'ocel-json'],
    ['export', '--format', 'ocel-sqlite', '-o', folder.file('ocel.sqlite')],
  ] as const) {
    const asked = `replay ${[name, ...flags].join(' ')}`;
    const { code, stdout, stderr } = await processes.run(['replay', name, ...files, ...flags]);
    expect([asked, code, stderr]).toEqual([asked, 0, expect.anything()]);
    told.set(asked, Buffer.from(stdout + stderr));
  }
  for (const file of [...filesBelow(report), folder.file('ocel.sqlite')]) told.set(file, readFileSync(file));
  const named = files.flatMap((file) => ['--journal', file]);
  const inspector = processes.start(['inspect', '--json', ...named]);
  const page = await Page.open(inspector);
  const { entries }: { readonly entries: readonly { readonly journal: string; readonly position: number }[] } =
    JSON.parse(await page.get('/api/events?limit=1000'));
  expect(entries.length).toBeGreaterThan(100);
  for (const { journal, position } of entries) await page.get(`/api/event?journal=${journal}&position=${position}`);
  for (const actor of (await page.states()).keys()) await page.get(`/api/state?actor=${encodeURIComponent(actor)}`);
  await inspector.end('SIGINT');
  told.set('inspector', Buffer.from(page.texts.join('\n')));
  return told;
}

test('a secret is found however it is written', () => {
  const secret = new Uint8Array(Buffer.from('0123456789abcdef0123456789abcdef'));
  for (const writing of writingsOf(secret)) {
    const places = new Map([['here', Buffer.concat([Buffer.from('before '), writing, Buffer.from(' after')])]]);
    expect(leaksIn(places, [secret])).toEqual(['here']);
  }
  const within = Buffer.concat([Buffer.from('x'), secret, Buffer.from('y')]);
  const places = new Map([['inside', Buffer.from(within.toString('base64url'))]]);
  expect(leaksIn(places, [secret])).toEqual(['inside']);
});

test(
  'roles by hand: nothing in journals and their logs, outputs, command lines, environments, or on the wire',
  async () => {
    const operator = folder.file('operator');
    const household = folder.put('household.yaml', householdText(DEVICES, { services: ['echo'] }));
    const provision = await processes.run(['provision', household, '--out', operator, '--nats', nats.url]);
    expect(provision.code).toBe(0);
    await tap.listen('>');
    const roles = [
      processes.start(['server', '--config', folder.file('operator', 'server.yaml')]),
      processes.start(['gateway', '--config', folder.file('operator', 'gateways', `${GATEWAY}.yaml`)]),
      processes.start(['service', '--config', folder.file('operator', 'services', 'echo.yaml')]),
      processes.start(['pne', '--config', folder.file('operator', 'pnes.yaml')]),
    ];
    const [, , , pnes] = roles;
    for (const { id, secret } of DEVICES) {
      await pnes?.says(new RegExp(`^${id} +${secret === 'wrong' ? '401' : '200'} `, 'm'));
    }
    const service = ['--config', folder.file('operator', 'services', 'echo.yaml')];
    const message = ['--pn', 'home', '--device', 'member-1', '--file', folder.put('message', MESSAGE)];
    const sending = processes.start(['service', 'send', ...service, ...message]);
    const whileSending = shownBy(sending);
    const sent = await sending.ended;
    expect(pnes?.stdout).toContain(MESSAGE);
    const shown = await processes.run(['inventory', '--nats', nats.url]);
    // While they run: the write-ahead logs are there.
    const places = new Map([...whileSending, ...roles.flatMap(shownBy), ...journalsBelow(operator)]);
    expect([...places.keys()].filter((name) => name.endsWith('-wal'))).toHaveLength(3);
    const exits = await Promise.all(roles.toReversed().map((role) => role.end('SIGTERM')));
    for (const [name, content] of journalsBelow(operator)) places.set(`${name} at rest`, content);
    for (const [index, { code, stdout, stderr }] of [...exits, provision, shown, sent].entries()) {
      expect(code, stderr).toBe(0);
      places.set(`output ${index}`, Buffer.from(stdout));
      places.set(`log ${index}`, Buffer.from(stderr));
    }
    for (const [name, content] of await readBack(operator)) places.set(name, content);
    tap.messages.forEach(({ subject, payload }, index) =>
      places.set(`message ${index} ${subject}`, Buffer.from(`${subject} ${payload}`)),
    );
    expect(tap.on('cpns.link.').length).toBeGreaterThan(0);
    expect(tap.on('cpns.wan.').length).toBeGreaterThan(0);
    expect(tap.on('cpns.service.').length).toBeGreaterThan(0);
    const said = leaksIn(places, [new TextEncoder().encode(MESSAGE)]);
    // The PNEs end first.
    expect(said).toEqual(['output 0']);

    // The server's first six devices have the MAC addresses 02:00:00:00:00:01 to 06.
    const personal = [USER, ...DEVICES.map(({ id }) => nameOf(id)), '02:00:00:00:00:0'];
    const told = leaksIn(
      places,
      personal.map((text) => new TextEncoder().encode(text)),
    );
    expect(told.filter((name) => !/^message \d+ _INBOX\./.test(name))).toEqual(['output 5']);
    for (const id of ['member-1', 'stranger-1']) expect(shown.stdout).toContain(`${nameOf(id)}, 02:00:00:00:00:0`);

    const journals = JOURNALS.map(([node, ...path]) => {
      const at = join(operator, ...path);
      return { node, journal: `${at}.sqlite`, keyFile: `${at}.key` };
    });
    const kept = await Promise.all(journals.map(keysIn));
    const sessions = kept.flat().flatMap(({ secret }) => {
      const session = sessionFromBytes(secret);
      return session === null ? [] : [session.sendKey, session.receiveKey];
    });
    // Server and PNE of each of the five that registered, and server and PN GW; two keys at each end.
    expect(sessions).toHaveLength((5 + 1) * 2 * 2);
    expect(leaksIn(places, [...secretsOf(operator), ...sessions])).toEqual([]);
    // At rest each secret is encrypted; in plain lie key-encryption keys, each in its own file, and seeds of NATS users.
    expect(leaksIn(encryptedBelow(operator), secretsOf(operator))).toEqual([]);

    const config = ['--config', folder.file('operator', 'server.yaml')];
    const key = ['--key', folder.file('operator', 'checkpoint.key.pub')];
    const journal = ['--journal', folder.file('operator', 'server.sqlite')];
    for (const id of ['member-1', 'stranger-1']) {
      const erased = await processes.run(['erase', '--device', id, ...config, '--yes']);
      expect([erased.code, erased.stdout]).toEqual([0, expect.stringContaining(`${id} is erased`)]);
    }
    const verified = await processes.run(['journal', 'verify', ...journal, ...key]);
    expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining('whole: every event')]);
    const keyFile = ['--key-file', folder.file('operator', 'server.key')];
    const left = await processes.run(['inventory', '--rebuild', ...journal, ...keyFile]);
    expect(left.stdout).toMatch(/ member-1 .* erased\n/);
    expect(left.stdout).toMatch(/ stranger-1 .* erased\n/);
    expect(left.stdout).toContain(nameOf('member-2'));
  },
  TEST_MS,
);

test(
  'the demo: nothing in what it prints and keeps',
  async () => {
    const household = folder.put('household.yaml', householdText(DEVICES));
    const kept = folder.file('kept');
    const demo = processes.start(['demo', household, '--keep', kept, '--json']);
    const { code, stdout, stderr } = await demo.ended;
    expect(code, stderr).toBe(0);
    expect(secretsOf(kept).length).toBeGreaterThan(2 * DEVICES.length);
    const places = new Map([['output', Buffer.from(stdout + stderr)], ...journalsBelow(kept)]);
    expect(leaksIn(places, secretsOf(kept))).toEqual([]);
  },
  TEST_MS,
);
