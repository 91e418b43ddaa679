import { defineChart } from '../chart.ts';
import { initialContext, terms } from './record-terms.ts';

/** Chart of a journal as such: `record`, whatever role the journal is of. */
export const record = defineChart('journal/record', terms, {
  description: 'What is known of a journal itself: how safely it was kept, and what the operator signed of it.',
  context: initialContext,
  initial: 'open',
  states: {
    open: {
      description: 'Events are added; none is ever changed.',
      on: {
        DurabilityObserved: { actions: 'countOpening', description: 'A process began to write.' },
        CheckpointSigned: {
          guard: 'isLarger',
          actions: 'keepCheckpoint',
          description: 'Each checkpoint covers more than the one before: no size is ever signed twice.',
        },
      },
    },
  },
});
