import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const documents = [
  'README.md',
  'SECURITY.md',
  ...readdirSync(join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];

interface Link {
  readonly text: string;
  readonly file: string;
}

/** Links to files of ours. */
function linksOf(document: string): readonly Link[] {
  const links = readFileSync(join(root, document), 'utf8').matchAll(/\[([^\]]+)\]\(([^)\s]+)\)/g);
  return [...links]
    .map(([, text = '', target = '']) => ({ text, target: target.replace(/#.*$/, '') }))
    .filter(({ target }) => target !== '' && !/^[a-z]+:/.test(target))
    .map(({ text, target }) => ({ text, file: join(dirname(document), target) }));
}

describe.each(documents)('%s', (document) => {
  const links = linksOf(document);

  test('links to files that exist', () => {
    expect(links.filter(({ file }) => !existsSync(join(root, file)))).toEqual([]);
  });

  test('quotes titles of tests that exist in the file it links to', () => {
    const quoted = links.filter(({ text }) => /^".*"$/.test(text));
    const isTitle = ({ text, file }: Link): boolean => {
      const title = text.slice(1, -1);
      const source = readFileSync(join(root, file), 'utf8');
      return ["'", '"', '`'].some((quote) => source.includes(`${quote}${title}${quote}`));
    };
    expect(quoted.filter((link) => !isTitle(link))).toEqual([]);
    if (document === 'SECURITY.md') expect(quoted.length).toBeGreaterThan(20);
  });
});
