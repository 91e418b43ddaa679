import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { Command } from 'commander';
import { loadGatewayOptions } from '../../cli/config/gateway.ts';
import { loadPneOptions } from '../../cli/config/pne.ts';
import { setting } from '../../cli/options.ts';
import { temporaryFolder } from './fake-host.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
afterEach(() => vi.unstubAllEnvs());

mkdirSync(join(folder.path, 'operator'));
const config = join(folder.path, 'operator', 'gateway.yaml');
writeFileSync(
  config,
  'nats: [nats://file:1]\njournal: hub.sqlite\nkeyFile: hub.key\ngatewayId: hub\npskFile: hub.psk\npns: [home]\n',
);
for (const place of ['operator/hub.psk', 'other.psk']) {
  const file = join(folder.path, place);
  writeFileSync(file, `${'B'.repeat(42)}E\n`);
  chmodSync(file, 0o600);
}

const read = (...argv: readonly string[]) => {
  const command = new Command().exitOverride();
  for (const name of ['config', 'nats', 'journal', 'keyFile', 'gatewayId', 'pskFile', 'pns'] as const)
    command.addOption(setting(name));
  return loadGatewayOptions(command.parse(argv, { from: 'user' }).opts(), folder.path);
};

describe('flag, then variable, then file, then default', () => {
  test('the file alone: its paths start at its folder', () => {
    const options = read('--config', config);
    expect(options).toMatchObject({
      natsUrls: ['nats://file:1'],
      gatewayId: 'hub',
      pns: ['home'],
      pairing: 'permitted',
    });
    expect(options.journal).toBe(join(folder.path, 'operator', 'hub.sqlite'));
    expect(options.credential()).toMatchObject({ kind: 'psk', psk: expect.objectContaining({ length: 32 }) });
  });

  test('a variable is before the file, and its paths start at the working directory', () => {
    vi.stubEnv('CPNS_NATS', 'nats://env:1, nats://env:2');
    vi.stubEnv('CPNS_JOURNAL', 'env.sqlite');
    vi.stubEnv('CPNS_PSK_FILE', 'other.psk');
    const options = read('--config', config);
    expect(options.natsUrls).toEqual(['nats://env:1', 'nats://env:2']);
    expect(options.journal).toBe(join(folder.path, 'env.sqlite'));
  });

  test('a flag is before the variable', () => {
    vi.stubEnv('CPNS_NATS', 'nats://env:1');
    vi.stubEnv('CPNS_CONFIG', config);
    const options = read('--nats', 'nats://flag:1', '--nats', 'tls://flag:2', '--pns', 'a,b,a');
    expect(options.natsUrls).toEqual(['nats://flag:1', 'tls://flag:2']);
    expect(options.pns).toEqual(['a', 'b']);
  });

  test('without any, the default', () => {
    const options = read(
      '--journal',
      'j',
      '--key-file',
      'k',
      '--gateway-id',
      'hub',
      '--psk-file',
      'other.psk',
      '--pns',
      'home',
    );
    expect(options.natsUrls).toEqual(['nats://127.0.0.1:4222']);
  });

  test('a device that flags name replaces those of the file', () => {
    const file = join(folder.path, 'operator', 'pnes.yaml');
    writeFileSync(
      file,
      'journal: p\nkeyFile: k\ndevices:\n  - { deviceId: a, pnId: home, gatewayId: hub, pskFile: hub.psk }\n',
    );
    const all = loadPneOptions({ config: file }, folder.path);
    expect(all.devices).toMatchObject([{ deviceId: 'a', pairing: 'none' }]);
    const one = loadPneOptions(
      { config: file, deviceId: 'b', pnId: 'home', gatewayId: 'hub', pskFile: 'other.psk', pairing: 'needed' },
      folder.path,
    );
    expect(one.devices).toMatchObject([{ deviceId: 'b', pairing: 'needed' }]);
    expect(one.journal).toBe(join(folder.path, 'operator', 'p'));
  });
});

describe('when usage is recorded', () => {
  const usage = (text: string, ...argv: readonly string[]) => {
    const file = join(folder.path, 'operator', 'usage.yaml');
    writeFileSync(file, `journal: j\nkeyFile: k\ngatewayId: hub\npskFile: hub.psk\npns: [home]\n${text}`);
    const command = new Command().exitOverride();
    for (const name of ['config', 'usageIntervalMs', 'usageMessages', 'usageBytes'] as const)
      command.addOption(setting(name));
    return loadGatewayOptions(command.parse(['--config', file, ...argv], { from: 'user' }).opts(), folder.path).usage;
  };

  test('is said by flag, variable, file and default', () => {
    expect(usage('')).toEqual({ intervalMs: 60_000, maxMessages: 1_000, maxBytes: 1_048_576 });
    vi.stubEnv('CPNS_USAGE_MESSAGES', '20');
    expect(usage('usageMessages: 30\nusageBytes: 40\n', '--usage-interval-ms', '5000')).toEqual({
      intervalMs: 5_000,
      maxMessages: 20,
      maxBytes: 40,
    });
  });

  test('less often than the reconciliation waits for is refused', () => {
    expect(() => usage('usageIntervalMs: 300001\n')).toThrow('usageIntervalMs: must be 1000 to 300000 ms');
  });
});

describe('when the keys of a session change', () => {
  const file = join(folder.path, 'operator', 'session.yaml');
  const pnes = 'journal: p\nkeyFile: k\ndevices:\n  - { deviceId: a, pnId: home, gatewayId: hub, pskFile: hub.psk }\n';
  const session = (text: string, ...argv: readonly string[]) => {
    writeFileSync(file, `${pnes}${text}`);
    const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
    for (const name of ['config', 'rekeyAfterMessages', 'rekeyAfterMs', 'graceMs'] as const)
      command.addOption(setting(name));
    return loadPneOptions(command.parse(['--config', file, ...argv], { from: 'user' }).opts(), folder.path).session;
  };

  test('is said by flag, variable, file and default', () => {
    vi.stubEnv('CPNS_REKEY_AFTER_MS', '2000');
    vi.stubEnv('CPNS_REKEY_AFTER_MESSAGES', '8');
    const text = 'rekeyAfterMs: 3000\nrekeyAfterMessages: 9\n';
    expect(session(text, '--rekey-after-messages', '7')).toEqual({
      rekeyAfterMessages: 7,
      rekeyAfterMs: 2_000,
      graceMs: 10_000,
    });
  });

  test.each([
    ['rekeyAfterMessages: 0', 'session.yaml:5:21: rekeyAfterMessages: must be 1 to 100000000 messages'],
    ['rekeyAfterMs: 999', 'rekeyAfterMs: must be 1000 to 86400000 ms'],
    ['graceMs: 60001', 'graceMs: must be 0 to 60000 ms'],
    ['graceMs: 1.5', 'graceMs: must be a whole number, but is a number'],
    ['graceMs: long', 'graceMs: must be a number, but is text'],
  ])('is refused in a file as %s', (text, message) => {
    expect(() => session(`${text}\n`)).toThrow(message);
  });

  test.each([
    ['0', 'must be 1 to 100000000 messages'],
    ['many', 'must be a whole number'],
    ['-1', 'must be a whole number'],
  ])('is refused by a flag as %s', (value, message) => {
    expect(() => session('', `--rekey-after-messages=${value}`)).toThrow(message);
  });
});

describe('at how many events a state is kept', () => {
  const every = (text: string, ...argv: readonly string[]) => {
    const file = join(folder.path, 'operator', 'snapshots.yaml');
    writeFileSync(file, `journal: j\nkeyFile: k\ngatewayId: hub\npskFile: hub.psk\npns: [home]\n${text}`);
    const command = new Command().exitOverride();
    for (const name of ['config', 'snapshotEvery'] as const) command.addOption(setting(name));
    const given = command.parse(['--config', file, ...argv], { from: 'user' }).opts();
    return loadGatewayOptions(given, folder.path).snapshotEvery;
  };

  test('is said by flag, variable, file and default, and is a sensible number', () => {
    expect(every('')).toBe(100);
    expect(every('snapshotEvery: 50\n')).toBe(50);
    vi.stubEnv('CPNS_SNAPSHOT_EVERY', '60');
    expect(every('snapshotEvery: 50\n')).toBe(60);
    expect(every('snapshotEvery: 50\n', '--snapshot-every', '70')).toBe(70);
    vi.unstubAllEnvs();
    expect(() => every('snapshotEvery: 1\n')).toThrow('snapshotEvery: must be 10 to 100000 events');
  });
});
