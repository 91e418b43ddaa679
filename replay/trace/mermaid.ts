import { fateOf, outcomeText } from './text.ts';
import type { Trace, TraceEntry } from './trace.ts';
import { PARTIES, type Party } from '../../events/parties.ts';

const idOf = (party: Party): string => party.replaceAll(' ', '');

/** What mermaid would take for its own. */
const plain = (text: string): string => text.replaceAll(/[;#<>]/g, ' ');

/** A registration as mermaid `sequenceDiagram` text (https://mermaid.js.org/syntax/sequenceDiagram.html). */
export function traceToMermaid(trace: Trace): string {
  const parties = PARTIES.filter((party) => trace.entries.some((entry) => isOf(entry, party)));
  const lines = [
    ...parties.map((party) => `participant ${idOf(party)} as ${party}`),
    ...trace.entries.map(lineOf),
    ...(parties.length === 0 ? [] : [`Note over ${idOf(parties[0] ?? 'PNE')}: ${plain(outcomeText(trace))}`]),
  ];
  return ['sequenceDiagram', ...lines.map((line) => `  ${line}`), ''].join('\n');
}

function isOf(entry: TraceEntry, party: Party): boolean {
  return entry.kind === 'event' ? entry.party === party : entry.source === party || entry.target === party;
}

function lineOf(entry: TraceEntry): string {
  if (entry.kind === 'event') {
    const step = entry.crStep === null ? '' : `${entry.crStep} `;
    return `Note over ${idOf(entry.party)}: ${step}${plain(entry.says)}`;
  }
  const arrow = entry.fate === 'lost' ? '-x' : entry.fate === 'unseen' ? '-)' : '->>';
  const fate = fateOf(entry);
  const text = plain(`${entry.title}${fate === '' ? '' : ` (${fate})`}`);
  return `${idOf(entry.source)}${arrow}${idOf(entry.target)}: ${text}`;
}
