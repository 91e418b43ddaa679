import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { FakeHost } from '../cli/fake-host.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
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

/** Commands of ours in the blocks for a shell, without comments and what they are piped into. */
function commandsOf(document: string): readonly string[] {
  const blocks = readFileSync(join(root, document), 'utf8').matchAll(/```sh\n([^]*?)```/g);
  return [...blocks]
    .flatMap(([, block = '']) => block.replaceAll('\\\n', ' ').split('\n'))
    .flatMap((line) => /(?:^|\s)cpns ([a-z][^#|>]*)/.exec(line.replace(/\s#.*/, ''))?.[1]?.trim() ?? []);
}

const helps = new Map<string, Promise<string>>();

/** The help of a command; empty where there is none of that name. */
function helpOf(command: string): Promise<string> {
  const known = helps.get(command);
  if (known !== undefined) return known;
  const host = new FakeHost();
  const help = host.run(...command.split(' '), '--help').then(() => host.stdout);
  helps.set(command, help);
  return help.then((text) => (text.startsWith(`Usage: cpns ${command} `) ? text : ''));
}

/** The command of a line, as far as its words name one, and what is wrong with it. */
async function faultsOf(line: string): Promise<readonly string[]> {
  const words = line.split(/\s+/);
  let command = words[0] ?? '';
  let help = await helpOf(command);
  if (help === '') return [`${line}: no command ${command}`];
  for (const word of words.slice(1)) {
    if (!/^[a-z]+$/.test(word)) break;
    const found = await helpOf(`${command} ${word}`);
    if (found === '') break;
    [command, help] = [`${command} ${word}`, found];
  }
  const flags = words.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.replace(/=.*/, ''));
  return flags
    .filter((flag) => !new RegExp(`^ .*(?:^|[ ,])${flag}(?:[ ,]|$)`, 'm').test(help))
    .map((flag) => `${line}: cpns ${command} has no ${flag}`);
}

test('the documents show commands, and what is wrong with one is found', async () => {
  expect(documents.flatMap(commandsOf).length).toBeGreaterThan(60);
  expect(await faultsOf('journal verify --jornal x')).toEqual([
    'journal verify --jornal x: cpns journal verify has no --jornal',
  ]);
  expect(await faultsOf('jornal verify')).toEqual(['jornal verify: no command jornal']);
});

describe.each(documents)('%s', (document) => {
  const links = linksOf(document);

  test('shows commands and flags that exist', async () => {
    expect((await Promise.all(commandsOf(document).map(faultsOf))).flat()).toEqual([]);
  });

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
