import type { Finding } from '../../../replay/finding.ts';
import type { Rule } from '../../../replay/rules/watch.ts';
import { Scratch } from '../../../replay/scratch/scratch.ts';
import { NODES, type Moment } from '../../simulation/world.ts';

/** What a rule finds in the transactions of a run, as sentences. */
export type RunCheck = (run: { readonly timeline: readonly Moment[] }) => readonly string[];

/** An invariant that an auditor has as a rule, over the transactions of a run instead of its journals: a step is a commit. */
export function byRule(rule: Rule): RunCheck {
  return ({ timeline }) => {
    const scratch = new Scratch();
    const found: Finding[] = [];
    const desk = { scratch, report: (one: Finding) => void found.push(one), doubt: () => {} };
    const watches = (rule.scope === 'journal' ? NODES : ['all']).map(() => rule.watch(desk));
    for (const [step, { node, events }] of timeline.entries()) {
      const journal = NODES.indexOf(node);
      const watch = watches[rule.scope === 'journal' ? journal : 0];
      for (const event of events) watch?.take({ journal, event, step });
    }
    for (const watch of watches) watch.end?.();
    scratch.close();
    return found.map(({ journal, position, stream, type, says }) => {
      return `${NODES[journal]} ${position} ${stream} ${type}: ${says}`;
    });
  };
}
