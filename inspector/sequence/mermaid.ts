import { leftOut, type SequencePage } from '../protocol/sequence.ts';

/** Mermaid reads `;` and `#` as its own in a line of text. */
const plain = (text: string): string => text.replaceAll(/[;#\n]/g, ' ');

/** The chart as mermaid `sequenceDiagram` text (https://mermaid.js.org/syntax/sequenceDiagram.html). */
export function sequenceToMermaid(page: SequencePage): string {
  const { lifelines, rows } = page;
  const note = leftOut(page);
  const participants = lifelines.map(({ title }, index) => `participant L${index} as ${plain(title)}`);
  const lines = rows.flatMap(({ entry, lifeline, arrows }) => [
    `Note over L${lifeline}: ${plain(entry.type)}${entry.crStep === null ? '' : ` (${entry.crStep})`}`,
    ...arrows.flatMap(({ fate, title, source, target, latencyMs }) => {
      const took = latencyMs === null ? '' : ` (${latencyMs} ms)`;
      if (target === null) return [`Note over L${source}: ${plain(title)}${took}, to whom is not shown`];
      const arrow = fate === 'lost' ? '-x' : fate === 'arrived' ? '->>' : '-->>';
      const said = fate === 'arrived' ? title : `${fate}: ${title}`;
      return [`L${source}${arrow}L${target}: ${plain(said)}${took}`];
    }),
  ]);
  return [
    'sequenceDiagram',
    ...[...participants, ...lines, ...(note === null ? [] : [`Note over L0: ${note}`])].map((line) => `  ${line}`),
    '',
  ].join('\n');
}
