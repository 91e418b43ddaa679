import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { CHART_IDS, CHARTS, rowOf, type ChartId } from '../../machines/catalogue.ts';
import { graphOf } from '../../inspector/charts/graph.ts';
import { layOut } from '../../inspector/charts/layout.ts';
import { chartToSvg } from '../../inspector/charts/picture.ts';
import { flowToMermaid } from '../../cli/charts/sequence-diagram.ts';
import { fileNameOf } from '../../cli/commands/charts.ts';
import { replaceRegions } from './regions.ts';
import { traceFlows } from '../simulation/flows.ts';
import {
  codesRegion,
  deviceStepsRegion,
  deviceSubjectsRegion,
  examplesRegion,
  messagesRegion,
  sealedTextsRegion,
} from './messages.ts';
import { exchangesRegion, permissionsRegion } from './permissions.ts';

/**
 * Writes the pictures of the documents from what they show. `--check` writes nothing and fails when a file is not as
 * it would be written.
 */

const root = new URL('../../', import.meta.url);
const block = (mermaid: string): string => `\`\`\`mermaid\n${mermaid}\`\`\`\n`;

/** Drawn in the README: those of the two flows. */
const SHOWN: readonly ChartId[] = ['pne/registration', 'pn-gateway/admission', 'cpns-server/registration'];

const fileOf = (id: ChartId): string => `docs/charts/${fileNameOf(id)}.svg`;
const imageOf = (id: ChartId, file: string): string => `![State chart ${id}](${file})\n`;
const descriptionOf = (id: ChartId): string => CHARTS[id].machine.root.description ?? '';

const chartSection = (id: ChartId): string =>
  [
    `## [\`${id}\`](../machines/${id}.ts)\n`,
    `${descriptionOf(id)}\n`,
    imageOf(id, `charts/${fileNameOf(id)}.svg`),
    stateTable(id),
  ].join('\n');

function chartsRegion(): string {
  const rows = CHART_IDS.map(
    (id) => `| [\`${id}\`](machines/${id}.ts) | ${descriptionOf(id)} | [picture](${fileOf(id)}) |`,
  );
  const pictures = SHOWN.map((id) => `**\`${id}\`**\n\n${imageOf(id, fileOf(id))}`);
  return [['| chart | | |', '| --- | --- | --- |', ...rows, ''].join('\n'), ...pictures].join('\n');
}

async function chartFiles(): Promise<readonly { readonly path: string; readonly text: string }[]> {
  return Promise.all(
    CHART_IDS.map(async (id) => {
      const graph = graphOf(CHARTS[id]);
      return { path: fileOf(id), text: chartToSvg(await layOut(graph), graph, 'auto') };
    }),
  );
}

const stateTable = (id: ChartId): string => {
  const rows = graphOf(CHARTS[id])
    .states.filter(({ id: state }) => state !== '')
    .map(({ id: state, description }) => `| \`${state}\` | ${description} |`);
  return ['| state | |', '| --- | --- |', ...rows, ''].join('\n');
};

/** What the catalogue says of each chart. */
function actorTable(): string {
  const rows = CHART_IDS.map((id) => {
    const { title, stream, unit } = rowOf(id);
    return `| \`${id}\` | ${title} | \`${stream}\` | \`${unit}\` |`;
  });
  return ['| chart | an actor of it | stream | unit |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

function chartsDocument(): string {
  const head = [
    '# The state charts\n',
    'Written by `npm run docs` from the charts themselves; `npm run docs:check` fails when this file is out of date.\n',
    'An arrow is `Event [guard] / actions`, with the steps of the change request that it realises; a line in a box is an event',
    'that is taken without leaving the state, and in the outer frame one that is taken in every state; `timer` marks an event',
    'that a timer brings. An arrow that begins or ends at a state within a box names it. `cpns charts --out DIR` writes the',
    'pictures, `--format mermaid` as text; `cpns inspect` shows them with the state of a running actor.\n',
  ].join('\n');
  const actors = [
    'Each actor has one stream of events. Actors of one unit take their messages one at a time, and change together; those',
    'of different units work side by side. Both are named by the patterns of [`machines/catalogue.ts`](../machines/catalogue.ts).\n',
    actorTable(),
  ].join('\n');
  return [head, actors, ...CHART_IDS.map(chartSection)].join('\n');
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
const readme = await contentOf('README.md');
const regions = {
  charts: chartsRegion(),
  flows: await flowsRegion(),
  permissions: permissionsRegion(),
  exchanges: exchangesRegion(),
  'device-subjects': deviceSubjectsRegion(),
  'device-steps': deviceStepsRegion(),
  codes: codesRegion(),
  examples: examplesRegion(),
  messages: messagesRegion(),
  'sealed-texts': sealedTextsRegion(),
};
const guides = await Promise.all(
  ['docs/flows.md', 'docs/wire.md', 'docs/nats.md'].map(async (path) => ({ path, now: await contentOf(path) })),
);
const documents = [
  { path: 'docs/charts.md', now: await contentOf('docs/charts.md'), text: chartsDocument() },
  ...(await Promise.all((await chartFiles()).map(async (file) => ({ ...file, now: await contentOf(file.path) })))),
  ...(readme === null ? [] : [{ path: 'README.md', now: readme, text: replaceRegions(readme, regions) }]),
  ...guides.flatMap(({ path, now }) => (now === null ? [] : [{ path, now, text: replaceRegions(now, regions) }])),
];
await mkdir(new URL('docs/charts/', root), { recursive: true });
const stale = documents.filter(({ now, text }) => now !== text);
for (const { path, text } of stale) {
  if (check) console.error(`${path} is out of date: run npm run docs`);
  else await writeFile(new URL(path, root), text);
}
if (check && stale.length > 0) process.exitCode = 1;
