#!/usr/bin/env node
// Starts the `cpns` command on Node 24 or newer, whatever Node runs this file (18 or newer). In a checkout that is the
// one of the npm package `node` under node_modules, and the command is cli/main.ts; in the published package it is
// dist/cli/main.js. Plain JavaScript, so that an old Node gets far enough to say what is missing.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
/** Set for the second process, so that it ends with the first one, were that killed by SIGKILL. */
const LAUNCHED = 'CPNS_LAUNCHED';

if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) await run();
else startAgain();

async function run() {
  if (process.env[LAUNCHED] !== undefined && process.channel) {
    delete process.env[LAUNCHED];
    process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
    process.channel.unref();
  }
  const source = new URL('./main.ts', import.meta.url);
  const main = existsSync(source) ? source : new URL('../dist/cli/main.js', import.meta.url);
  // Types are stripped at every start otherwise: 0.28 s of processor time instead of 0.55. In a folder of our own: whoever
  // may write the cache decides what runs.
  if (main === source)
    nodeModule.enableCompileCache?.(fileURLToPath(new URL('../node_modules/.cache/cpns', import.meta.url)));
  const command = await import(main.href);
  process.exitCode = await command.main(process.argv.slice(2));
}

function startAgain() {
  const node = ['../node_modules/.bin/node', '../../.bin/node']
    .map((place) => fileURLToPath(new URL(place, import.meta.url)))
    .find((place) => existsSync(place));
  if (node === undefined) {
    process.stderr.write(
      `cpns needs Node ${NEEDED_MAJOR} or newer; this is ${process.version}.\n` +
        'In a checkout run script/setup, which brings one along; elsewhere install it from https://nodejs.org.\n',
    );
    process.exitCode = 1;
    return;
  }
  const args = ['--disable-warning=ExperimentalWarning', fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  // Node 22.15 and newer can become the other Node: no second process, no signals to pass on.
  if (typeof process.execve === 'function' && process.platform !== 'win32') {
    process.execve(node, [node, ...args], process.env);
  }
  const child = spawn(node, args, {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [LAUNCHED]: '1' },
  });
  // A terminal sends Ctrl-C to both of us: passed on as well, it would arrive twice.
  const atTerminal = process.stdin.isTTY === true;
  for (const signal of ['SIGINT', 'SIGQUIT']) process.on(signal, () => atTerminal || child.kill(signal));
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR2']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`cpns cannot start ${node}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  });
}
