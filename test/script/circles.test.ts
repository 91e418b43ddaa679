import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';

/** What the lint rule finds in a tree: circles of files and of folders, which this repository has none of. */

const rule = new URL('../../script/lint/circles.mjs', import.meta.url).href;
const { closingImports } = z
  .object({ closingImports: z.custom<(root: string) => Map<string, Map<string, string>>>() })
  .parse({ ...(await import(rule)) });

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** @returns the circles of a tree in words, by the file whose import closes one */
function circlesOf(files: { readonly [path: string]: string }): readonly (readonly [string, string])[] {
  const root = mkdtempSync(join(tmpdir(), 'cpns-circles-'));
  folders.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return [...closingImports(root)].flatMap(([file, targets]) =>
    [...targets.values()].map((circle) => [file, circle] as const),
  );
}

test('a tree whose imports go one way has none', () => {
  expect(
    circlesOf({
      'top/a.ts': "import { b } from './b.ts';\nimport { c } from '../bottom/c.ts';\n",
      'top/b.ts': "export { c as b } from '../bottom/c.ts';\n",
      'bottom/c.ts': "import { readFileSync } from 'node:fs';\nexport const c = 1;\n",
    }),
  ).toEqual([]);
});

test('two files that import one another are one, by types alone as well, and by `import()`', () => {
  for (const back of [
    "import { a } from './a.ts';",
    "import type { A } from './a.ts';",
    "export const a = () => import('./a.ts');",
  ]) {
    const found = circlesOf({ 'x/a.ts': "import { b } from './b.ts';\n", 'x/b.ts': `${back}\n` });
    expect(found).toHaveLength(1);
    expect(found[0]?.[1]).toMatch(/x\/[ab]\.ts -> x\/[ab]\.ts -> x\/[ab]\.ts/);
  }
});

test('two folders of which each imports the other are one, though no two files do', () => {
  const found = circlesOf({
    'left/a.ts': "import { d } from '../right/d.ts';\n",
    'left/b.ts': 'export const b = 1;\n',
    'right/c.ts': "import { b } from '../left/b.ts';\n",
    'right/d.ts': 'export const d = 1;\n',
  });
  expect(found).toHaveLength(1);
  expect(found[0]?.[1]).toContain('left');
  expect(found[0]?.[1]).toContain('right');
});
