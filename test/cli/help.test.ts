import { describe, expect, test } from 'vitest';
import { FakeHost } from './fake-host.ts';

const COMMANDS = [
  'provision',
  'server',
  'gateway',
  'pne',
  'service',
  'inventory',
  'pn',
  'charging',
  'events',
  'journal',
  'keys',
  'inspect',
  'charts',
  'demo',
];

const pairsOf = (lines: readonly string[]): readonly (readonly [string, string])[] =>
  lines.slice(1).map((line, index) => [lines[index] ?? '', line] as const);

describe('help', () => {
  test.each(COMMANDS)('cpns %s --help says what it does, its flags, and examples', async (command) => {
    const host = new FakeHost();
    expect([await host.run(command, '--help'), host.stderr]).toEqual([0, '']);
    expect(host.stdout).toMatch(new RegExp(`^Usage: cpns ${command} `));
    expect(host.stdout).toContain('Options:');
    expect(host.stdout).toContain(`Examples:\n  $ `);
  });

  test.each([
    ['pne send', ['--service <id>', '--text <text>', '--file <file>', '--wait <seconds>']],
    ['pne close', ['--device <id>']],
    ['pne receipt', ['--device <id>', '--output <file>', '--key <file>']],
    ['service send', ['--pn <id>', '--device <id>', '--text <text>', '--file <file>']],
  ])('cpns %s --help says what it does, its flags, and examples', async (command, flags) => {
    const host = new FakeHost();
    expect([await host.run(...command.split(' '), '--help'), host.stderr]).toEqual([0, '']);
    expect(host.stdout).toMatch(new RegExp(`^Usage: cpns ${command} `));
    for (const text of ['Examples:\n  $ ', '--config <file>', '--json', ...flags]) expect(host.stdout).toContain(text);
    expect(host.stdout).not.toMatch(/--once|--echo/);
  });

  test.each(['server', 'gateway', 'pne'])(
    'cpns %s --help names the variable of every setting, and no flag takes a secret',
    async (command) => {
      const host = new FakeHost();
      await host.run(command, '--help');
      for (const name of ['CPNS_CONFIG', 'CPNS_NATS', 'CPNS_JOURNAL', 'CPNS_KEY_FILE'])
        expect(host.stdout).toContain(name);
      expect(host.stdout).not.toMatch(/--(psk|key|secret|password) /);
    },
  );

  test('every help fills its lines, and says defaults in words', async () => {
    for (let path: readonly (readonly string[])[] = [[]]; path.length > 0;) {
      const next: string[][] = [];
      for (const command of path) {
        const host = new FakeHost();
        expect(await host.run(...command, '--help')).toBe(0);
        expect(host.stdout).not.toMatch(/default: [{[]|\(default: [^)]*\) \(default/);
        const [, description = ''] = /^Usage: .*\n\n([^]*?)\n\n(?:Arguments|Options):/.exec(host.stdout) ?? [];
        for (const [before, after] of pairsOf(description.split('\n')))
          if (before !== '' && after !== '')
            expect([before, before.length + 1 + (after.split(' ')[0] ?? '').length > 80]).toEqual([before, true]);
        const [, list = ''] = /\nCommands:\n([^]*?)\n\n/.exec(host.stdout) ?? [];
        for (const [, name = ''] of list.matchAll(/^  (\S+)/gm)) if (name !== 'help') next.push([...command, name]);
      }
      path = next;
    }
  });

  test('cpns --help lists the commands, the precedence of settings and the exit codes', async () => {
    const host = new FakeHost();
    expect(await host.run('--help')).toBe(0);
    for (const command of COMMANDS) expect(host.stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    expect(host.stdout).toContain('Exit codes: 0 done, 1 failed, 2 wrong use or wrong input.');
  });

  test('cpns --version prints the version', async () => {
    const host = new FakeHost();
    expect(await host.run('--version')).toBe(0);
    expect(host.stdout).toMatch(/^\d+\.\d+\.\d+/);
  });
});

describe('wrong use ends with exit code 2 and nothing on standard output', () => {
  test.each([
    [[], 'Usage: cpns'],
    [['sever'], `cpns: unknown command 'sever'\n(Did you mean server?)`],
    [['events', '--jornal', 'x'], `cpns: unknown option '--jornal'\n(Did you mean --journal?)`],
    [['provision', '--out', 'x'], `cpns: missing required argument 'household'`],
    [['provision', 'x.yaml'], `cpns: required option '--out <dir>' not specified`],
    [['pne', 'sned'], "too many arguments for 'pne'"],
    [['pne', 'send', '--text', 'x'], `cpns: required option '--service <id>' not specified`],
    [['pne', 'send', '--service', 'A B'], 'must be an id'],
    [['service', 'send', '--pn', 'home', '--text', 'x'], `cpns: required option '--device <id>' not specified`],
    [['service', '--service-id', 'echo'], 'pskFile: is missing'],
    [['server', '--grace-ms', '70000'], 'must be 0 to 60000 ms'],
    [['events', '--limit', '-1'], 'must be a whole number'],
    [['events', '--journal', ''], 'must name a file'],
    [['gateway', '--pairing', 'perhaps'], 'Allowed choices are permitted, forbidden.'],
    [['gateway', '--gateway-id', 'A B'], 'must be an id'],
    [['server', '--nats', 'http://x'], 'must be an address such as nats://'],
  ])('%j', async (argv, message) => {
    const host = new FakeHost();
    expect(await host.run(...argv)).toBe(2);
    expect(host.stderr).toContain(message);
    expect(host.stdout).toBe('');
  });
});
