import type { Lifeline, SequenceRow } from '../protocol/sequence.ts';

/** Mermaid reads `;` and `#` as its own in a line of text. */
const plain = (text: string): string => text.replaceAll(/[;#\n]/g, ' ');

/** The chart as mermaid `sequenceDiagram` text (https://mermaid.js.org/syntax/sequenceDiagram.html). */
export function sequenceToMermaid(lifelines: readonly Lifeline[], rows: readonly SequenceRow[]): string {
  const participants = lifelines.map(({ title }, index) => `participant L${index} as ${plain(title)}`);
  const lines = rows.flatMap(({ entry, lifeline, arrows }) => [
    `Note over L${lifeline}: ${plain(entry.type)}${entry.crStep === null ? '' : ` (${entry.crStep})`}`,
    ...arrows.flatMap(({ fate, title, source, target, latencyMs }) => {
      if (target === null) return [];
      const arrow = fate === 'lost' ? '-x' : fate === 'arrived' ? '->>' : '-->>';
      const said = fate === 'arrived' ? title : `${fate}: ${title}`;
      return [`L${source}${arrow}L${target}: ${plain(said)}${latencyMs === null ? '' : ` (${latencyMs} ms)`}`];
    }),
  ]);
  return ['sequenceDiagram', ...[...participants, ...lines].map((line) => `  ${line}`), ''].join('\n');
}
