import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../wire/until.ts';

/** Makes this Node believe that it is an old one, which has no way to become another program. */
const OLD_NODE =
  'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.1.0"}});delete process.execve';
const MAIN = `
  export async function main(argv) {
    const ended = new Promise((resolve) => argv[0] === 'wait' && process.once('SIGTERM', resolve));
    console.log(JSON.stringify({ argv, pid: process.pid }));
    if (argv[0] === 'wait') {
      const timer = setInterval(() => {}, 1000);
      await ended;
      clearInterval(timer);
      return 7;
    }
    return Number(argv[1] ?? 0);
  }`;

let dir = '';
let children: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cpns-launcher-'));
  mkdirSync(join(dir, 'cli'));
  cpSync(fileURLToPath(new URL('../../cli/cpns.mjs', import.meta.url)), join(dir, 'cli/cpns.mjs'));
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  rmSync(dir, { recursive: true, force: true });
});

const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
};

const bringNode = (): void => {
  mkdirSync(join(dir, 'node_modules/.bin'), { recursive: true });
  symlinkSync(process.execPath, join(dir, 'node_modules/.bin/node'));
};

interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly closed: Promise<readonly unknown[]>;
}

function launch(nodeArgs: readonly string[], ...args: string[]): Run {
  const child = spawn(process.execPath, [...nodeArgs, join(dir, 'cli/cpns.mjs'), ...args]);
  children.push(child);
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (output += String(chunk)));
  return { child, output: () => output, closed: once(child, 'close') };
}

const mainPid = (run: Run): number => Number(/"pid":(\d+)/.exec(run.output())?.[1]);

test('in a checkout it runs cli/main.ts in its own process and ends with its code', async () => {
  put('cli/main.ts', MAIN);
  const run = launch([], 'demo', '3');
  expect(await run.closed).toEqual([3, null]);
  expect(run.output()).toBe(`${JSON.stringify({ argv: ['demo', '3'], pid: run.child.pid })}\n`);
});

test('in the published package it runs dist/cli/main.js', async () => {
  put('package.json', '{"type":"module"}');
  put('dist/cli/main.js', MAIN);
  const run = launch([], 'demo');
  expect(await run.closed).toEqual([0, null]);
});

test('an old Node starts the new one and ends with its code', async () => {
  bringNode();
  put('cli/main.ts', MAIN);
  const run = launch(['--import', OLD_NODE], 'demo', '5');
  expect(await run.closed).toEqual([5, null]);
  expect(mainPid(run)).not.toBe(run.child.pid);
  expect(run.output()).toContain('"argv":["demo","5"]');
});

test('an old Node passes SIGTERM on', async () => {
  bringNode();
  put('cli/main.ts', MAIN);
  const run = launch(['--import', OLD_NODE], 'wait');
  await until('main', () => run.output() !== '');
  run.child.kill('SIGTERM');
  expect(await run.closed).toEqual([7, null]);
});

test('when the launcher is killed the new Node ends too', async () => {
  bringNode();
  put('cli/main.ts', MAIN);
  const run = launch(['--import', OLD_NODE], 'wait');
  await until('main', () => run.output() !== '');
  run.child.kill('SIGKILL');
  // Its output closes when both are gone.
  await run.closed;
});

test('an old Node without a new one beside it says what to do', async () => {
  put('cli/main.ts', MAIN);
  const run = launch(['--import', OLD_NODE], 'demo');
  expect(await run.closed).toEqual([1, null]);
  expect(run.output()).toMatch(/needs Node 24[^]*script\/setup/);
});
