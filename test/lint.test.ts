import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

const root = fileURLToPath(new URL('..', import.meta.url));
const Report = z.object({
  diagnostics: z.array(z.object({ code: z.string(), filename: z.string(), message: z.string() })),
});

/** Where, what, and the rule that it breaks; null for clean code. */
const SAMPLES: readonly (readonly [path: string, source: string, rule: string | null])[] = [
  ['machines/a.ts', `export { x } from '../actors/x.ts';`, 'layers'],
  ['machines/a.ts', `export { x } from '../events/x.ts';`, null],
  ['machines/a.ts', `export { x } from '../journal/x.ts';`, 'layers'],
  ['machines/a.ts', `export type { X } from '../journal/x.ts';`, null],
  ['machines/a.ts', `export type { X } from '../messages/x.ts';`, 'layers'],
  ['messages/a.ts', `export type { X } from '../machines/x.ts';`, 'layers'],
  ['messages/a.ts', `export { x } from '../events/x.ts';\nexport { y } from '../security/y.ts';`, null],
  ['fold/a.ts', `export { x } from '../machines/x.ts';`, null],
  ['fold/a.ts', `export { x } from '../wire/x.ts';`, 'layers'],
  ['machines/pne/a.ts', `import type { X } from '../../events/x.ts';\nexport type Y = X;`, null],
  ['machines/pne/a.ts', `export { x } from '../pn-gateway/x.ts';`, null],
  ['machines/a.ts', `export { join } from 'node:path';`, 'layers'],
  ['machines/a.ts', `export { Kysely } from 'kysely';`, 'layers'],
  ['machines/a.ts', `export { connect } from '@nats-io/transport-node';`, 'layers'],
  ['machines/a.ts', `export { setup } from 'xstate';`, null],
  ['events/a.ts', `export { x } from '../machines/x.ts';`, 'layers'],
  ['events/a.ts', `export { x } from '../projections/x.ts';`, 'layers'],
  ['events/a.ts', `export { x } from '../journal/port.ts';`, null],
  ['journal/a.ts', `export { x } from '../events/codes.ts';`, 'layers'],
  ['journal/a.ts', `export type { X } from '../events/x.ts';`, 'layers'],
  ['journal/sqlite/a.ts', `export { x } from '../port.ts';`, null],
  ['journal/postgres/a.ts', `setTimeout(() => {}, 1);\nexport { Client } from 'pg';`, null],
  ['journal/a.ts', `setTimeout(() => {}, 1);`, 'seams'],
  ['actors/a.ts', `export { Client } from 'pg';`, 'layers'],
  ['security/a.ts', `export { x } from '../events/x.ts';`, 'layers'],
  ['security/a.ts', `export const x = await import('../actors/x.ts');`, 'layers'],
  ['security/noise/a.ts', `export { x } from '../x.ts';\nexport { createHash } from 'node:crypto';`, null],
  ['projections/a.ts', `export { x } from '../actors/x.ts';`, 'layers'],
  ['projections/a.ts', `export { x } from '../events/x.ts';\nexport { Kysely } from 'kysely';`, null],
  ['actors/a.ts', `export { x } from '../cli/x.ts';`, 'layers'],
  ['actors/a.ts', `export { connect } from '@nats-io/transport-node';`, 'layers'],
  ['actors/a.ts', `export { x } from '../machines/x.ts';\nexport { y } from '../wire/port.ts';`, null],
  ['actors/loop/a.ts', `export { x } from '../roles/x.ts';`, 'layers'],
  ['actors/loop/a.ts', `export type { X } from '../roles/x.ts';`, 'layers'],
  ['actors/a.ts', `export { x } from '../host/x.ts';`, 'layers'],
  ['host/a.ts', `export { x } from '../actors/x.ts';\nexport { connect } from '@nats-io/transport-node';`, null],
  ['host/a.ts', `export { x } from '../cli/x.ts';`, 'layers'],
  ['cli/a.ts', `export { x } from '../host/x.ts';`, null],
  ['actors/loop/a.ts', `export { x } from './role.ts';\nexport { y } from '../../machines/y.ts';`, null],
  ['wire/a.ts', `export { x } from '../actors/loop/role.ts';`, 'layers'],
  ['wire/a.ts', `export { x } from '../actors/x.ts';`, 'layers'],
  ['wire/nats-x.ts', `export { connect } from '@nats-io/transport-node';`, null],
  ['seams/a.ts', `export { x } from '../wire/port.ts';`, 'layers'],
  ['replay/a.ts', `export { x } from '../actors/x.ts';`, 'layers'],
  ['inspector/a.ts', `export { x } from '../cli/x.ts';`, 'layers'],
  ['inspector/a.ts', `export { x } from '../replay/x.ts';\nexport { y } from '../machines/y.ts';`, null],
  ['inspector/a.ts', `export { x } from '../actors/x.ts';`, 'layers'],
  ['inspector/server/a.ts', `export { x } from '../page/x.ts';`, 'layers'],
  ['inspector/server/a.ts', `export { createServer } from 'node:http';`, 'seams'],
  ['inspector/server/http.ts', `export { createServer } from 'node:http';`, null],
  ['inspector/page/a.ts', `export { x } from '../charts/picture.ts';\nexport { y } from '../protocol/y.ts';`, null],
  ['inspector/page/a.ts', `export { x } from '../server/x.ts';`, 'layers'],
  ['inspector/page/a.ts', `export { x } from '../../machines/x.ts';`, 'layers'],
  ['inspector/page/a.ts', `import type { X } from '../server/x.ts';\nexport type Y = X;`, null],
  ['inspector/page/views/a.ts', `setTimeout(() => {}, 1);`, 'seams'],
  ['inspector/page/state/a.ts', `setTimeout(() => {}, 1);`, null],
  ['replay/a.ts', `export { x } from '../inspector/x.ts';`, 'layers'],
  ['cli/a.ts', `export { x } from '../actors/x.ts';\nexport { y } from '../events/y.ts';`, null],

  // Of two that import each other the first by name is told.
  ['replay/files/one.ts', `export { two } from './two.ts';\nexport const one = 1;`, 'layers'],
  ['replay/files/two.ts', `export { one } from './one.ts';\nexport const two = 2;`, null],
  ['replay/types/one.ts', `import type { Two } from './two.ts';\nexport type One = Two;`, 'layers'],
  ['replay/types/two.ts', `import type { One } from './one.ts';\nexport type Two = One;`, null],
  ['replay/three/one.ts', `export { two } from './two.ts';\nexport const one = 1;`, 'layers'],
  ['replay/three/two.ts', `export { three } from './three.ts';\nexport const two = 2;`, null],
  ['replay/three/three.ts', `export { one } from './one.ts';\nexport const three = 3;`, null],
  // Of two folders, and of a file and a folder beside it, those imports that are fewer.
  ['replay/folders/near/one.ts', `export { two } from '../far/two.ts';`, null],
  ['replay/folders/near/other.ts', `export { two } from '../far/two.ts';\nexport const other = 1;`, null],
  ['replay/folders/far/deep/one.ts', `export { other } from '../../near/other.ts';`, 'layers'],
  ['replay/folders/far/two.ts', `export const two = 2;`, null],
  ['replay/beside/port.ts', `export { leaf } from './tree/leaf.ts';\nexport const port = 1;`, 'layers'],
  ['replay/beside/tree/root.ts', `export { port } from '../port.ts';`, null],
  ['replay/beside/tree/node.ts', `export { port } from '../port.ts';`, null],
  ['replay/beside/tree/leaf.ts', `export const leaf = 1;`, null],
  ['test/circle/one.ts', `export { two } from './two.ts';\nexport const one = 1;`, 'layers'],
  ['test/circle/two.ts', `export { one } from './one.ts';\nexport const two = 2;`, null],
  // Not circles: what an import looks like in a text, and a folder that imports one that imports its neighbour.
  ['replay/straight/one.ts', `export const one = "export { two } from './two.ts';";`, null],
  ['replay/straight/two.ts', `export { one } from './one.ts';`, null],
  ['replay/straight/three/three.ts', `export { one } from '../one.ts';\nexport { two } from '../two.ts';`, null],

  ['actors/a.ts', `export const x = Date.now();`, 'seams'],
  ['actors/a.ts', `export const x = new Date();`, 'seams'],
  ['actors/a.ts', `export const x = new Date(0);\nexport const y = Date.parse('2026');`, null],
  ['actors/a.ts', `export const x = Math.random();`, 'seams'],
  ['actors/a.ts', `export const x = Math['random']();`, 'seams'],
  ['actors/a.ts', `export const x = Math.max(1, 2);`, null],
  ['actors/a.ts', `setTimeout(() => {}, 1);`, 'seams'],
  ['actors/a.ts', `setInterval(() => {}, 1);`, 'seams'],
  ['actors/a.ts', `export const x = (setTimeout: () => void) => setTimeout();`, null],
  ['actors/a.ts', `export const x = performance.now();`, 'seams'],
  ['projections/a.ts', `export const x = process.env;`, 'seams'],
  ['projections/a.ts', `export const x = globalThis.process;`, 'seams'],
  ['machines/a.ts', `export const x = crypto.randomUUID();`, 'seams'],
  ['security/a.ts', `export { randomBytes } from 'node:crypto';`, 'seams'],
  ['security/a.ts', `import { randomUUID as id } from 'node:crypto';\nid();`, 'seams'],
  ['security/a.ts', `import * as crypto from 'node:crypto';\ncrypto.randomUUID();`, 'seams'],
  ['security/a.ts', `import { createHash } from 'node:crypto';\ncreateHash('sha256');`, null],
  ['security/a.ts', `import { readFileSync } from 'node:fs';\nreadFileSync('x');`, 'seams'],
  ['events/a.ts', `import { createServer } from 'node:net';\ncreateServer();`, 'seams'],
  ['replay/a.ts', `import { spawn } from 'node:child_process';\nspawn('x');`, 'seams'],
  ['projections/a.ts', `import { setTimeout as wait } from 'node:timers/promises';\nawait wait(1);`, 'seams'],
  ['replay/a.ts', `import type { Readable } from 'node:stream';\nexport type X = Readable;`, null],
  ['actors/a.ts', `console.log('x');`, 'no-console'],
  ['seams/a.ts', `export const x = Date.now();`, null],
  ['security/key-file.ts', `import { readFileSync } from 'node:fs';\nreadFileSync('x');`, null],
  ['journal/sqlite/a.ts', `import { statSync } from 'node:fs';\nstatSync('x');`, null],
  ['cli/a.ts', `console.log(Date.now(), process.argv);`, null],

  ['actors/a.ts', `export const x: any = 1;`, 'no-explicit-any'],
  ['actors/a.ts', `// @ts-ignore\nexport const x = 1;`, 'ban-ts-comment'],
  ['actors/a.ts', `export const x = (y?: string): string => y!;`, 'no-non-null-assertion'],
];

let broken: ReadonlyMap<string, readonly { readonly code: string; readonly message: string }[]> = new Map();
/** Samples for the same place lie side by side there, so that all are checked in one run. */
const place = (path: string, index: number): string => path.replace(/\ba\.ts$/, `a${index}.ts`);

beforeAll(() => {
  const dir = mkdtempSync(join(tmpdir(), 'cpns-lint-'));
  try {
    cpSync(join(root, '.oxlintrc.json'), join(dir, '.oxlintrc.json'));
    cpSync(join(root, 'script/lint'), join(dir, 'script/lint'), { recursive: true });
    for (const [index, [path, source]] of SAMPLES.entries()) {
      const file = join(dir, place(path, index));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${source}\n`);
    }
    const oxlint = join(root, 'node_modules/oxlint/bin/oxlint');
    const run = spawnSync(process.execPath, [oxlint, '--format=json'], { cwd: dir, encoding: 'utf8' });
    const { diagnostics } = Report.parse(JSON.parse(run.stdout));
    const files = Map.groupBy(diagnostics, ({ filename }) => filename);
    broken = files;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test.each(SAMPLES.map(([path, source, rule], index) => ({ path, source, rule, index })))(
  '$path: $source: $rule',
  ({ path, rule, index }) => {
    const codes = (broken.get(place(path, index)) ?? []).map(({ code }) => code);
    const expected = rule === null ? [] : [expect.stringContaining(`(${rule})`)];
    expect([...new Set(codes)]).toEqual(expected);
  },
);

test.each([
  ['replay/files/one.ts', 'replay/files/one.ts -> replay/files/two.ts -> replay/files/one.ts'],
  [
    'replay/folders/far/deep/one.ts',
    'replay/folders/far -> replay/folders/near (replay/folders/far/deep/one.ts imports replay/folders/near/other.ts) -> ' +
      'replay/folders/far (replay/folders/near/one.ts imports replay/folders/far/two.ts)',
  ],
])('%s is told the whole circle', (path, circle) => {
  expect(broken.get(path)?.map(({ message }) => message)).toEqual([
    expect.stringContaining(`it closes the circle ${circle}.`),
  ]);
});
