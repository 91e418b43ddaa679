import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { MAX_PROBLEMS_SHOWN } from '../../cli/config/problems.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

/** Line 1 is `gateways:`; the PNE starts in line 6. */
const HOUSEHOLD = `gateways:
  - { id: hub, vendor: ubisys, model: G1, mac: '00:1f:ee:00:00:01' }
pns:
  - { id: home, name: Home, gateway: hub, joinPolicy: open }
pnes:
  - id: lamp
    name: Lamp
    vendor: Philips
    model: '9290018216'
    type: bulb
    mac: '00:17:88:00:00:01'
    pn: home
    member: true
`;

async function provisionWith(text: string): Promise<{ code: number; message: string; stdout: string }> {
  const file = join(folder.path, 'household.yaml');
  writeFileSync(file, text);
  const host = new FakeHost(folder.path);
  const code = await host.run('provision', file, '--out', join(folder.path, 'never'));
  return { code, message: host.stderr.replaceAll(file, 'FILE'), stdout: host.stdout };
}

const edited = (from: string, to: string): string => {
  expect(HOUSEHOLD).toContain(from);
  return HOUSEHOLD.replace(from, to);
};

describe('a household that cannot be used is refused with file, line, column and what to do', () => {
  test.each([
    [
      'an unknown field',
      () => edited('    type:', '    tpye:'),
      'FILE:10:5: pnes[0]: unknown field "tpye"\n  Did you mean "type"?',
    ],
    ['a missing field', () => edited('    vendor: Philips\n', ''), 'FILE:6:5: pnes[0].vendor: is missing\n  Add text.'],
    [
      'a missing list',
      () => edited('pns:\n  - { id: home, name: Home, gateway: hub, joinPolicy: open }\n', ''),
      'FILE:1:1: pns: is missing\n  Add a list.',
    ],
    [
      'a number that is to be text',
      () => edited(`'9290018216'`, '9290018216'),
      'FILE:9:12: pnes[0].model: must be text, but is a number\n  Put it in quotes.',
    ],
    [
      'a list that is a map',
      () => edited('pnes:\n  - id', 'pnes:\n    id'),
      'FILE:6:5: pnes: must be a list, but is a map of fields',
    ],
    [
      'a value that is none of the allowed',
      () => edited('joinPolicy: open', 'joinPolicy: opne'),
      'FILE:4:55: pns[0].joinPolicy: must be one of open, approval, closed\n  Did you mean "open"?',
    ],
    [
      'an id with a capital letter',
      () => edited('id: lamp', 'id: Lamp'),
      'FILE:6:9: pnes[0].id: must be an id: 1 to 64 of a-z, 0-9, _ and -',
    ],
    [
      'a MAC address that is none',
      () => edited('00:17:88:00:00:01', '00:17:88'),
      'FILE:11:10: pnes[0].mac: must be a MAC address',
    ],
    [
      'a control character in a name',
      () => edited('name: Lamp', 'name: "La\\emp"'),
      'FILE:7:11: pnes[0].name: must be 1 to 128 printable characters',
    ],
    [
      'an unknown gateway',
      () => edited('gateway: hub', 'gateway: hup'),
      'FILE:4:38: pns[0].gateway: unknown gateway "hup"\n  Did you mean "hub"?',
    ],
    [
      'an unknown PN',
      () => edited('pn: home', 'pn: hoem'),
      'FILE:12:9: pnes[0].pn: unknown PN "hoem"\n  Did you mean "home"?',
    ],
    [
      'an unknown PN without a gateway',
      () => edited('pn: home', 'pn: cabin\n    demo: { expect: 404 }'),
      'FILE:6:5: pnes[0].gateway: is missing',
    ],
    [
      'a duplicate MAC address',
      () => edited('00:17:88:00:00:01', '00:1F:EE:00:00:01'),
      'FILE:11:10: pnes[0].mac: duplicate MAC address "00:1f:ee:00:00:01", first in line 2',
    ],
    [
      'a service given twice',
      () => `${HOUSEHOLD}services: [echo, echo]\n`,
      'FILE:14:18: services[1]: duplicate service id "echo", first in line 14',
    ],
    [
      'a service that is no id',
      () => `${HOUSEHOLD}services: [Echo Service]\n`,
      'FILE:14:12: services[0]: must be an id: 1 to 64 of a-z, 0-9, _ and -',
    ],
    [
      'a response code that no demo can expect',
      () => edited('member: true', 'member: true\n    demo: { expect: 418 }'),
      'FILE:14:21: pnes[0].demo.expect: must be one of 200, 202, 401, 403, 404',
    ],
    ['bad YAML', () => edited('    name: Lamp', '   name: Lamp'), 'FILE:7:'],
    [
      'a field given twice',
      () => edited('    name: Lamp', '    id: lamp2'),
      'FILE:7:5: is not valid YAML: Map keys must be unique\n  Keep one of the two.',
    ],
    ['an alias without an anchor', () => edited('name: Lamp', 'name: *lamp'), 'FILE:'],
    ['nothing', () => '', 'FILE:1:1: must be a map of fields, but is empty'],
  ])('%s', async (_kind, text, message) => {
    const result = await provisionWith(text());
    expect(result.message).toContain(message);
    expect(result.code).toBe(2);
    expect(result.stdout).toBe('');
  });

  test('a duplicate id', async () => {
    const second = HOUSEHOLD.slice(HOUSEHOLD.indexOf('  - id: lamp')).replace('88:00:00:01', '88:00:00:02');
    const { message, code } = await provisionWith(HOUSEHOLD + second);
    expect(message).toBe('FILE:14:9: pnes[1].id: duplicate PNE id "lamp", first in line 6\n  Give each its own.\n');
    expect(code).toBe(2);
  });

  test('all mistakes of a file at once, in the order of their lines', async () => {
    const text = HOUSEHOLD.replace('gateway: hub', 'gateway: hup')
      .replace('    type:', '    tpye:')
      .replace('pn: home', 'pn: hoem');
    const { message } = await provisionWith(text);
    const places = [...message.matchAll(/^FILE:(\d+):/gm)].map((match) => Number(match[1]));
    expect(places).toEqual([4, 6, 10, 12]);
  });

  test('but not more than anybody reads', async () => {
    const { message } = await provisionWith(`pnes: []\npns: []\ngateways:\n${'  - {}\n'.repeat(100)}`);
    expect(message.split('\n')).toHaveLength(2 * MAX_PROBLEMS_SHOWN + 2);
    expect(message).toContain(`FILE: and ${400 - MAX_PROBLEMS_SHOWN} more`);
  });

  test('a file that is not there', async () => {
    const host = new FakeHost(folder.path);
    expect(await host.run('provision', '/no/such.yaml', '--out', 'x')).toBe(2);
    expect(host.stderr).toBe('/no/such.yaml: cannot be read: there is no such file\n  Check the path.\n');
  });

  test('a file that is not text', async () => {
    const file = join(folder.path, 'latin1.yaml');
    writeFileSync(file, Buffer.from([0x61, 0x3a, 0x20, 0xe4]));
    const host = new FakeHost(folder.path);
    expect(await host.run('provision', file, '--out', 'x')).toBe(2);
    expect(host.stderr).toContain('is not UTF-8 text');
  });

  test('aliases that grow without end', async () => {
    const levels = Array.from(
      { length: 12 },
      (_, n) =>
        `x${n}: &x${n} [${Array(9)
          .fill(n === 0 ? 'lol' : `*x${n - 1}`)
          .join(', ')}]`,
    );
    const { message, code } = await provisionWith(`${levels.join('\n')}\n`);
    expect(message).toContain('aliases');
    expect(code).toBe(2);
  });

  test('fields in fields without end', async () => {
    const { message, code } = await provisionWith(`${'? '.repeat(20_000)}\nb: 1\n`);
    expect(message).toContain('FILE: is not valid YAML: lists and fields are nested too deeply');
    expect(code).toBe(2);
  });
});

describe('the configuration of a role', () => {
  const secretText = `${'A'.repeat(42)}E`;
  const write = (name: string, text: string, mode = 0o600): string => {
    const file = join(folder.path, name);
    writeFileSync(file, text);
    chmodSync(file, mode);
    return file;
  };
  const attempt = async (...argv: readonly string[]): Promise<string> => {
    const host = new FakeHost(folder.path);
    expect(await host.run(...argv)).toBe(2);
    return host.stderr.replaceAll(folder.path, 'DIR');
  };

  test('names all that is missing, and each way to give it', async () => {
    const message = await attempt('gateway', '--gateway-id', 'hub');
    expect(message).toContain(
      'cpns gateway: journal: is missing\n  Give --journal <file>, or CPNS_JOURNAL, or journal in',
    );
    expect(message).toContain('--psk-file <file>');
    expect(message).not.toContain('gatewayId');
  });

  test('names file and line of an unknown field', async () => {
    const file = write('gateway.yaml', 'gatewayId: hub\njurnal: x\n');
    expect(await attempt('gateway', '--config', file)).toContain(
      'DIR/gateway.yaml:2:1: unknown field "jurnal"\n  Did you mean "journal"?',
    );
  });

  test('refuses a secret that others can read', async () => {
    write('open.psk', secretText, 0o644);
    const given = [
      '--gateway-id',
      'hub',
      '--pns',
      'home',
      '--journal',
      'j',
      '--key-file',
      'k',
      '--psk-file',
      'open.psk',
    ];
    expect(await attempt('gateway', ...given)).toBe(
      'DIR/open.psk: holds secrets and is open to others: mode 0644\n  Run: chmod 600 DIR/open.psk\n',
    );
  });

  test('never quotes a file of secrets, however broken it is', async () => {
    const warned = vi.spyOn(process, 'emitWarning');
    const server = write(
      'server.yaml',
      'journal: j\nkeyFile: k\nidKeyFile: i\ncredentialsFile: credentials.yaml\npns: []\n',
    );
    for (const broken of [
      `gateways: { hub: ${secretText}x }\npnes: {}\n`,
      `gateways: {}\npnes: {}\n${secretText}: 1\n`,
      `gateways: {}\npnes: { lamp: "${secretText}\n`,
      `gateways: { ${secretText} }\npnes: {}\n`,
      `gateways: *${secretText}\npnes: {}\n`,
      `gateways: {}\npnes: {}\n  ${secretText}\n`,
      `gateways: {}\npnes: {}\n? [${secretText}]\n: 1\n`,
    ]) {
      write('credentials.yaml', broken);
      const message = await attempt('server', '--config', server);
      expect(message).toMatch(/^DIR\/credentials\.yaml/);
      expect(message).not.toContain(secretText);
    }
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
    write('short.psk', secretText.slice(1));
    const given = ['--device-id', 'd', '--pn-id', 'p', '--gateway-id', 'g', '--journal', 'j', '--key-file', 'k'];
    expect(await attempt('pne', ...given, '--psk-file', 'short.psk')).not.toContain(secretText.slice(1));
  });

  test('refuses a password in the address of a NATS server, without quoting it', async () => {
    const message = await attempt('gateway', '--nats', 'nats://me:hunter2@broker');
    expect(message).toContain('holds credentials');
    expect(message).not.toContain('hunter2');
  });

  test('of the server names a member that it has no secret of', async () => {
    const file = write(
      'server.yaml',
      'journal: j\nkeyFile: k\nidKeyFile: i\ncredentialsFile: credentials.yaml\npns:\n  - { id: home, gatewayId: hub, joinPolicy: open, members: [lump] }\n',
    );
    write('credentials.yaml', `gateways: { hub: ${secretText} }\npnes: { lamp: ${secretText} }\n`);
    expect(await attempt('server', '--config', file)).toBe(
      'DIR/server.yaml:6:61: pns[0].members[0]: PNE "lump" has no secret in the credentials file\n  Did you mean "lamp"?\n',
    );
  });

  test('of the server says where what is personal is told of nobody, or is no MAC address', async () => {
    const settings = 'journal: j\nkeyFile: k\nidKeyFile: i\ncredentialsFile: credentials.yaml\npns: []\npersonal:\n';
    write('credentials.yaml', `gateways: {}\npnes: { lamp: ${secretText} }\n`);
    const nobody = write('nobody.yaml', `${settings}  lump: { name: Lump }\n`);
    expect(await attempt('server', '--config', nobody)).toMatch(
      /nobody\.yaml:7:\d+: personal\.lump: PNE "lump" has no secret in the credentials file\n {2}Did you mean "lamp"\?\n/,
    );
    const wrong = write('wrong.yaml', `${settings}  lamp: { mac: nonsense }\n`);
    expect(await attempt('server', '--config', wrong)).toMatch(
      /wrong\.yaml:7:\d+: personal\.lamp\.mac: must be a MAC address such as/,
    );
  });
});
