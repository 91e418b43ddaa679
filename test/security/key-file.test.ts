import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadKeyFile } from '../../security/key-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cpns-key-'));
  path = join(folder, 'kek');
});
afterEach(() => rmSync(folder, { recursive: true }));

const sevens = (length: number): Uint8Array => new Uint8Array(length).fill(7);
const eights = (length: number): Uint8Array => new Uint8Array(length).fill(8);

test('a file that is absent is created for its owner alone, and nothing else is left behind', () => {
  expect(loadKeyFile(path, sevens)).toEqual({ kind: 'loaded', key: sevens(32), origin: 'created' });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, 'utf8')).toBe('BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc\n');
  expect(readdirSync(folder)).toEqual(['kek']);
});

test('a file that is there is read, not replaced', () => {
  loadKeyFile(path, sevens);
  expect(loadKeyFile(path, eights)).toEqual({ kind: 'loaded', key: sevens(32), origin: 'read' });
});

test.each([
  ['empty', ''],
  ['too short', 'BwcHBwcHBwc\n'],
  ['padded', 'BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n'],
  ['of another alphabet', `${'+'.repeat(43)}\n`],
])('a file that is %s is refused and left as it is', (_what, content) => {
  writeFileSync(path, content, { mode: 0o600 });
  expect(loadKeyFile(path, sevens)).toMatchObject({ kind: 'refused', problem: 'notAKey' });
  expect(readFileSync(path, 'utf8')).toBe(content);
});

test.each([0o640, 0o604, 0o660])('mode %o is refused, with the command that mends it', (mode) => {
  loadKeyFile(path, sevens);
  chmodSync(path, mode);
  expect(loadKeyFile(path, sevens)).toMatchObject({
    kind: 'refused',
    problem: 'openToOthers',
    remedy: `Run: chmod 600 ${path}`,
  });
});

test('a directory in its place is unreadable', () => {
  mkdirSync(path);
  expect(loadKeyFile(path, sevens)).toMatchObject({ kind: 'refused', problem: 'unreadable' });
});

test('a missing parent directory is named as such, not created', () => {
  const orphan = loadKeyFile(join(folder, 'missing', 'kek'), sevens);
  expect(orphan).toMatchObject({ kind: 'refused', problem: 'notCreated' });
});
