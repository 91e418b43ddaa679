import { readFile, writeFile } from 'node:fs/promises';
import { isChartId, type ChartId } from '../events/charts.ts';
import { CHARTS } from '../machines/all.ts';
import { graphOf } from '../inspector/charts/graph.ts';
import { chartToMermaid, everywhere } from '../inspector/charts/mermaid.ts';
import { flowToMermaid } from '../cli/charts/sequence-diagram.ts';
import { replaceRegions } from './docs/regions.ts';
import { traceFlows } from './docs/flows.ts';

/**
 * Writes the pictures of the documents from what they show. `--check` writes nothing and fails when a file is not as
 * it would be written.
 */

const root = new URL('../', import.meta.url);
const block = (mermaid: string): string => `\`\`\`mermaid\n${mermaid}\`\`\`\n`;
const ids = Object.keys(CHARTS).filter(isChartId);

const aboutAll = (id: ChartId): string => {
  const labels = everywhere(graphOf(CHARTS[id])).map((label) => `\`${label}\``);
  return labels.length === 0 ? '' : `In every state, and not drawn: ${labels.join(', ')}.\n`;
};

const chartPicture = (id: ChartId, heading: '##' | '###', folder: string): string =>
  [
    `${heading} [\`${id}\`](${folder}machines/${id}.ts)\n`,
    `${CHARTS[id].machine.root.description ?? ''}\n`,
    block(chartToMermaid(graphOf(CHARTS[id]))),
  ].join('\n');

const stateTable = (id: ChartId): string => {
  const rows = graphOf(CHARTS[id])
    .states.filter(({ id: state }) => state !== '')
    .map(({ id: state, description }) => `| \`${state}\` | ${description} |`);
  return ['| state | |', '| --- | --- |', ...rows, ''].join('\n');
};

function chartsDocument(): string {
  const head = [
    '# The state charts\n',
    'Written by `npm run docs` from the charts themselves; `npm run docs:check` fails when this file is out of date.\n',
    'An arrow is `Event [guard] (steps of the change request)`; a line in a box is an event that is taken without',
    'leaving the state; `timer` marks an event that a timer brings.\n',
  ].join('\n');
  return [
    head,
    ...ids.map((id) =>
      [chartPicture(id, '##', '../'), aboutAll(id), stateTable(id)].filter((part) => part !== '').join('\n'),
    ),
  ].join('\n');
}

async function flowsRegion(): Promise<string> {
  const { member, stranger } = await traceFlows();
  return [
    '**1.4.1 PN member**\n',
    block(flowToMermaid(member)),
    '**1.4.2 Not a PN member**\n',
    block(flowToMermaid(stranger)),
  ].join('\n');
}

/** Null when there is no such file. */
async function contentOf(path: string): Promise<string | null> {
  try {
    return await readFile(new URL(path, root), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

const check = process.argv.includes('--check');
const charts = ids.map((id) => chartPicture(id, '###', '')).join('\n');
const readme = await contentOf('README.md');
const regions = { charts, flows: await flowsRegion() };
const documents = [
  { path: 'docs/charts.md', now: await contentOf('docs/charts.md'), text: chartsDocument() },
  ...(readme === null ? [] : [{ path: 'README.md', now: readme, text: replaceRegions(readme, regions) }]),
];
const stale = documents.filter(({ now, text }) => now !== text);
for (const { path, text } of stale) {
  if (check) console.error(`${path} is out of date: run npm run docs`);
  else await writeFile(new URL(path, root), text);
}
if (check && stale.length > 0) process.exitCode = 1;
