import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startNatsServer, type NatsServer } from '../../cli/nats-server.ts';
import { useDatabase } from '../postgres/database.ts';
import { PASSWORD } from '../postgres/server.ts';
import { auditOf } from './auditor.ts';
import { temporaryFolder, type Folder } from './household.ts';
import { eventsIn } from './journals.ts';
import { Processes, type Exit, type Process } from './processes.ts';
import { until } from './until.ts';
import { GATEWAY, householdText, strangers } from '../cli/small-household.ts';

/** An operator lets strangers in, or turns them away, while the roles run on a NATS server that lets each do its own only. */

const TEST_MS = 240_000;
const database = useDatabase();
const processes = new Processes();
let folder: Folder;
let nats: NatsServer;

const config = (...names: readonly string[]): readonly string[] => [
  '--config',
  folder.file('operator', ...names),
  '--nats',
  nats.url,
];
const desk = (): readonly string[] => config('operators', 'desk.yaml');
const pn = (...args: readonly string[]): Promise<Exit> => processes.run(['pn', ...args]);
const decide = (verb: string, deviceId: string, ...more: readonly string[]): Promise<Exit> =>
  pn(verb, ...desk(), '--pn', 'home', '--device', deviceId, ...more);
const waiting = async (): Promise<unknown> => JSON.parse((await pn('pending', ...desk(), '--json')).stdout);
const ask = (deviceId: string): Promise<Exit> =>
  processes.run(['pne', ...config('pnes', `${deviceId}.yaml`), '--once', '--json']);
const codeOf = ({ stdout }: Exit): unknown => JSON.parse(stdout).code;
const started = async (...args: readonly string[]): Promise<Process> => {
  const process = processes.start(args);
  await process.says(/ ready /);
  return process;
};
const established = (): Promise<unknown> => {
  const journal = folder.file('operator', 'gateways', `${GATEWAY}.sqlite`);
  return until('a PN that is established', async () =>
    (await eventsIn(journal)).some(({ type }) => type === 'PnEstablished'),
  );
};

beforeEach(async () => {
  folder = temporaryFolder();
  const household = householdText(strangers(2), { operators: ['desk'], joinPolicy: 'approval' });
  const file = folder.put('household.yaml', household);
  const { code, stderr } = await processes.run(['provision', file, '--out', folder.file('operator')]);
  expect(code, stderr).toBe(0);
  nats = await startNatsServer({ configFile: folder.file('operator', 'nats', 'nats-server.conf') });
});
afterEach(async () => {
  await processes.endAll();
  await nats.stop();
  folder.remove();
});

test(
  'a stranger waits, is let in or turned away, and the record of it is in order to an auditor',
  async () => {
    const server = await started('server', ...config('server.yaml'));
    const gateway = await started('gateway', ...config('gateways', `${GATEWAY}.yaml`));
    await established();
    for (const device of ['stranger-1', 'stranger-2']) expect(codeOf(await ask(device))).toBe(202);
    expect(await waiting()).toEqual({ pnId: 'home', waiting: ['stranger-1', 'stranger-2'], rejected: [] });

    const yes = { code: 0, stdout: 'stranger-1 is approved in home\n', stderr: '' };
    expect(await decide('approve', 'stranger-1')).toMatchObject(yes);
    expect(await decide('approve', 'stranger-1')).toMatchObject(yes);
    expect(codeOf(await ask('stranger-1'))).toBe(200);

    const no = { code: 0, stdout: '{"pnId":"home","deviceId":"stranger-2","outcome":"rejected"}\n', stderr: '' };
    for (let time = 0; time < 2; time++) expect(await decide('reject', 'stranger-2', '--json')).toMatchObject(no);
    expect(codeOf(await ask('stranger-2'))).toBe(403);
    expect((await pn('pending', ...desk())).stdout).toBe('PN home, 0 waiting, 1 rejected\n  stranger-2  rejected\n');
    expect(await decide('approve', 'stranger-2')).toMatchObject({ code: 0 });
    expect(codeOf(await ask('stranger-2'))).toBe(200);

    for (const role of [gateway, server]) expect((await role.end('SIGTERM')).stderr).not.toMatch(/violation/i);
    const decisions = (await eventsIn(folder.file('operator', 'server.sqlite')))
      .filter(({ type }) => type === 'PneApproved' || type === 'PneRejected')
      .map(({ type, data, meta }) => [type, data['by'], meta.crStep]);
    expect(decisions).toEqual([
      ['PneApproved', 'desk', null],
      ['PneRejected', 'desk', null],
      ['PneApproved', 'desk', null],
    ]);
    expect(await auditOf(processes, folder.path)).toBe('CONFORMANT');
  },
  TEST_MS,
);

test(
  'what cannot be decided is told with what to do',
  async () => {
    const server = await started('server', ...config('server.yaml'));
    const unestablished = await decide('approve', 'stranger-1');
    expect(unestablished).toMatchObject({ code: 1, stdout: '' });
    expect(unestablished.stderr).toMatch(/^cpns: The PN GW of home has not established it yet\. Start the PN GW/m);
    await started('gateway', ...config('gateways', `${GATEWAY}.yaml`));
    await established();

    const unknown = await pn('approve', ...desk(), '--pn', 'shed', '--device', 'stranger-1');
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringMatching(/^cpns: There is no PN 'shed'\. /m) });
    expect(await pn('pending', ...desk(), '--pn', 'shed')).toMatchObject({ code: 2, stderr: unknown.stderr });
    for (const verb of ['approve', 'reject'])
      expect(await decide(verb, 'stranger-1')).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(
          /^cpns: stranger-1 does not wait to be let into home\. cpns pn pending --pn home /m,
        ),
      });

    expect(codeOf(await ask('stranger-1'))).toBe(202);
    // The secret of the operator does not help another user of NATS, nor this user another secret.
    const other = ['--nats-seed-file', folder.file('operator', 'nats', 'inquirer.nk')];
    expect(await decide('approve', 'stranger-1', ...other)).toMatchObject({ code: 1, stdout: '' });
    const psk = folder.file('operator', 'operators', 'desk.psk');
    const right = readFileSync(psk);
    writeFileSync(psk, `${randomBytes(32).toString('base64url')}\n`);
    expect(await decide('approve', 'stranger-1')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^cpns: The server could not open it\. /m),
    });
    writeFileSync(psk, right);
    expect(await waiting()).toEqual({ pnId: 'home', waiting: ['stranger-1'], rejected: [] });

    await server.end('SIGTERM');
    expect(await decide('approve', 'stranger-1')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^cpns: No server hears this operator\. /m),
    });
  },
  TEST_MS,
);

test(
  'of several servers the one that looks after the PN takes it, whichever it came to, and tells the PN GW at once',
  async () => {
    const journal = await database.url();
    const env = { CPNS_JOURNAL: journal.replace(`:${PASSWORD}`, ''), PGPASSWORD: PASSWORD };
    const servers = [0, 1, 2].map(() => processes.start(['server', ...config('server.yaml')], { env }));
    for (const server of servers) await server.says(/ ready /);
    await started('gateway', ...config('gateways', `${GATEWAY}.yaml`));
    await established();
    for (const device of ['stranger-1', 'stranger-2']) expect(codeOf(await ask(device))).toBe(202);

    const local = async (): Promise<number> =>
      (await eventsIn(folder.file('operator', 'gateways', `${GATEWAY}.sqlite`))).filter(
        ({ type }) => type === 'LocalInventoryUpdated',
      ).length;
    expect(await local()).toBe(0);
    for (const [index, device] of ['stranger-1', 'stranger-2'].entries()) {
      expect(await decide('approve', device)).toMatchObject({ code: 0, stderr: '' });
      // No device asks meanwhile: what the PN GW knows it has from the notice.
      await until('the PN GW knows it', async () => (await local()) === index + 1);
    }
    for (const device of ['stranger-1', 'stranger-2']) expect(codeOf(await ask(device))).toBe(200);
    const approved = (await eventsIn(journal)).filter(({ type }) => type === 'PneApproved');
    expect(approved).toHaveLength(2);
  },
  TEST_MS,
);
