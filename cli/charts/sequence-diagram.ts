import { PARTIES, type Party } from '../../events/parties.ts';

/** A flow as mermaid `sequenceDiagram` text (https://mermaid.js.org/syntax/sequenceDiagram.html). */

/** What happened, in order: a message arrived, or a party recorded events. `step` is of the change request. */
export type TraceEntry =
  | {
      readonly kind: 'message';
      readonly source: Party;
      readonly target: Party;
      readonly title: string;
      readonly step: string | null;
    }
  | {
      readonly kind: 'events';
      readonly party: Party;
      readonly events: readonly { readonly type: string; readonly step: string | null }[];
    };

const idOf = (party: Party): string => party.replaceAll(' ', '');

/** `1.4.1/3` is step 3 of the flow that the picture shows. */
const withStep = (step: string | null, text: string): string =>
  step === null ? text : `${step.split('/')[1] ?? step}. ${text}`;

/** Events that realise no step of the change request are left out. */
export function flowToMermaid(trace: readonly TraceEntry[]): string {
  const lines = trace.flatMap((entry) => {
    if (entry.kind === 'message') {
      const { source, target, title, step } = entry;
      return [`${idOf(source)}->>${idOf(target)}: ${withStep(step, title)}`];
    }
    const events = entry.events.filter(({ step }) => step !== null);
    if (events.length === 0) return [];
    return [`Note over ${idOf(entry.party)}: ${events.map(({ type, step }) => withStep(step, type)).join('<br/>')}`];
  });
  const parties = PARTIES.map((party) => `participant ${idOf(party)} as ${party}`);
  return ['sequenceDiagram', ...[...parties, ...lines].map((line) => `  ${line}`), ''].join('\n');
}
