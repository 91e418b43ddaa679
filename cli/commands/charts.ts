import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Option } from 'commander';
import { graphOf } from '../../inspector/charts/graph.ts';
import { layOut } from '../../inspector/charts/layout.ts';
import { chartToMermaid } from '../../inspector/charts/mermaid.ts';
import { chartToSvg } from '../../inspector/charts/picture.ts';
import type { Theme } from '../../inspector/picture/theme.ts';
import { path } from '../config/fields.ts';
import { EXIT, fileReason, FailedError } from '../errors.ts';
import { examples, jsonOption, parser, type Register } from '../options.ts';
import { CHART_IDS, type ChartId, CHARTS } from '../../machines/catalogue.ts';

interface ChartsFlags {
  readonly out: string;
  readonly format: 'svg' | 'mermaid';
  readonly theme: Theme;
  readonly json?: true;
}

const ENDINGS = { svg: 'svg', mermaid: 'mmd' } as const;

export const charts: Register = (program, host, finish) => {
  program
    .command('charts')
    .summary('write pictures of all state charts')
    .description(
      'Draws each state chart from the chart itself, one file each, and needs no browser for it. An SVG is crisp at any size; ' +
        'a browser, rsvg-convert or Inkscape makes a PNG of it, and so does the page of cpns inspect.',
    )
    .requiredOption(
      '--out <dir>',
      'where the files are written; what is there under their names is replaced',
      parser(path),
    )
    .addOption(new Option('--format <format>', 'form of the pictures').choices(['svg', 'mermaid']).default('svg'))
    .addOption(
      new Option('--theme <theme>', 'colours of an SVG; auto follows the reader\u2019s setting')
        .choices(['auto', 'light', 'dark'])
        .default('auto'),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'cpns charts --out /tmp/charts',
        'cpns charts --out /tmp/charts --theme dark',
        'cpns charts --out docs --format mermaid',
      ),
    )
    .action(async ({ out, format, theme, json }: ChartsFlags) => {
      const dir = resolve(host.cwd, out);
      for (const id of CHART_IDS) {
        const file = join(dir, `${fileNameOf(id)}.${ENDINGS[format]}`);
        write(dir, file, await pictureOf(id, format, theme));
        await host.out(json === true ? `${JSON.stringify({ chart: id, file })}\n` : `${file}\n`);
      }
      finish(EXIT.ok);
    });
};

export const fileNameOf = (id: ChartId): string => id.replace('/', '-');

async function pictureOf(id: ChartId, format: ChartsFlags['format'], theme: Theme): Promise<string> {
  const graph = graphOf(CHARTS[id]);
  return format === 'mermaid' ? chartToMermaid(graph) : chartToSvg(await layOut(graph), graph, theme);
}

/** @throws FailedError */
function write(dir: string, file: string, text: string): void {
  try {
    mkdirSync(dir, { recursive: true });
    writeFileSync(file, text);
  } catch (error) {
    throw new FailedError(`${file} could not be written: ${fileReason(error)}`, 'Name another folder with --out.');
  }
}
