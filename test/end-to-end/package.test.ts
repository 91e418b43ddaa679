import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { filesBelow, temporaryFolder, type Folder } from './household.ts';
import { Processes, type Exit } from './processes.ts';
import { householdText, members, strangers } from '../cli/small-household.ts';

/** The package as it would be published: built, packed, installed beside its declared dependencies, and used. */

const TEST_MS = 120_000;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

const processes = new Processes();
let folder: Folder;
let installed = '';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
}
const manifest: Manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

beforeAll(async () => {
  folder = temporaryFolder();
  const source = folder.file('source');
  for (const name of ['package.json', 'README.md', 'LICENSE', ...manifest.files.filter((file) => file !== 'dist')]) {
    cpSync(join(ROOT, name), join(source, name), { recursive: true });
  }
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  await run(tsc, ['-p', 'tsconfig.build.json', '--outDir', join(source, 'dist')], { cwd: ROOT });
  const vite = join(ROOT, 'node_modules', '.bin', 'vite');
  const page = ['--config', 'inspector/page/vite.config.ts', '--outDir', join(source, 'dist/inspector/page')];
  await run(vite, ['build', ...page], { cwd: ROOT });
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder.path], { cwd: source });

  const modules = folder.file('installed', 'node_modules');
  installed = join(modules, manifest.name);
  mkdirSync(installed, { recursive: true });
  const tarball = folder.file(`${manifest.name}-${manifest.version}.tgz`);
  await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed]);
  for (const name of Object.keys(manifest.dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
}, TEST_MS);
afterEach(() => processes.endAll());
afterAll(() => folder.remove());

const cpns = (...args: readonly string[]): Promise<Exit> =>
  processes.run(args, { launcher: join(installed, 'cli', 'cpns.mjs'), cwd: folder.path });

test('it holds the program, its examples and documents, and no TypeScript source', () => {
  expect(readdirSync(installed).toSorted()).toEqual(
    ['LICENSE', 'README.md', 'cli', 'dist', 'docs', 'examples', 'package.json'].toSorted(),
  );
  expect(filesBelow(installed).filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))).toEqual([]);
});

test(
  'help and version',
  async () => {
    const help = await cpns('--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const command of ['provision', 'server', 'gateway', 'pne', 'service', 'inventory', 'events', 'demo']) {
      expect(help.stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    }
    expect(await cpns('--version')).toMatchObject({ code: 0, stdout: `${manifest.version}\n` });
  },
  TEST_MS,
);

test(
  'the demo',
  async () => {
    const file = folder.put('household.yaml', householdText([...members(1), ...strangers(1)]));
    const { code, stdout, stderr } = await cpns('demo', file);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('2 PNEs: 2 x 200 registered.');
  },
  TEST_MS,
);

test(
  'the page of the inspector, which it ships built',
  async () => {
    const file = folder.put('household.yaml', householdText(members(1)));
    const kept = folder.file('kept');
    const { code, stderr } = await cpns('demo', file, '--keep', kept);
    expect(code, stderr).toBe(0);
    const inspector = processes.start(['inspect', '--json', '--journal', join(kept, 'server.sqlite')], {
      launcher: join(installed, 'cli', 'cpns.mjs'),
      cwd: folder.path,
    });
    await inspector.says(/"url"/);
    const { url }: { readonly url: string } = JSON.parse(inspector.lines[0] ?? '{}');
    const signedIn = await fetch(url, { redirect: 'manual' });
    const cookie = (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const page = await (await fetch(new URL('/', url), { headers: { cookie } })).text();
    const [script] = /assets\/index-[\w-]+\.js/.exec(page) ?? [];
    expect((await fetch(new URL(`/${script}`, url), { headers: { cookie } })).status).toBe(200);
  },
  TEST_MS,
);
