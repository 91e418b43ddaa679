import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const page = read('docs/architecture.md');

/** What one reads to follow one request is to stay on one page. */
const MAX_STOPS = 25;

const [, route = ''] = page.split('\n## One registration of 1.4.1 from the wire to the journal and back\n');
const stops = [...route.matchAll(/^(\d+)\. \[`[^`]+`\]\([^)]+\) `[^`]+`: /gm)].map(([, number]) => Number(number));

interface Place {
  readonly file: string;
  readonly link: string;
  readonly name: string;
}
const places: readonly Place[] = [...route.matchAll(/\[`([^`]+\.ts)`\]\(([^)]+)\)\s+`([^`]+)`/g)].map(
  ([, file = '', link = '', name = '']) => ({ file, link, name }),
);

/** A function, a method, private or not, or a constant that holds one. */
function has(source: string, name: string): boolean {
  const method = String.raw`^ +(?:override |static |async |\*)*${name}(?:<[^(]*>)?\(.*[{,(]$`;
  return new RegExp(
    String.raw`^(?:export )?(?:async )?(?:function\*? |const )${name}\b|${method}|^ +const ${name} =`,
    'm',
  ).test(source);
}

describe('the way of one registration', () => {
  test(`is told in at most ${MAX_STOPS} stops, numbered without a gap`, () => {
    expect(stops).toEqual(stops.map((_, index) => index + 1));
    expect(stops.length).toBeGreaterThan(15);
    expect(stops.length).toBeLessThanOrEqual(MAX_STOPS);
  });

  test.each(places)('$file has $name', ({ file, link, name }) => {
    expect(link).toBe(`../${file}`);
    expect(has(read(file), name)).toBe(true);
  });

  test('a function that is not there is found out', () => {
    expect(has(read('wire/nats.ts'), '#takeUp')).toBe(true);
    expect(has(read('wire/nats.ts'), '#takeDown')).toBe(false);
    expect(has(read('wire/nats.ts'), 'runHandler')).toBe(false);
  });
});

/** Folders that no other part of the product imports. */
const AROUND = new Set(['bench', 'dist', 'docs', 'examples', 'node_modules', 'script', 'test']);
const folders = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !AROUND.has(entry.name))
  .map(({ name }) => name);

test.each(folders)('%s is in the picture of the layers and in the table of the README', (folder) => {
  expect(read('docs/architecture.svg')).toContain(`<tspan class="name">${folder}</tspan>`);
  expect(read('README.md')).toContain(`| [\`${folder}/\`](${folder}) |`);
});
