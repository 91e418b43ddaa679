import { assign, setup } from 'xstate';
import type { RecordEvent } from '../../events/vocabulary/journal/record.ts';

export interface RecordContext {
  /** Size and signed note of the newest checkpoint. */
  readonly size: number;
  readonly note: string | null;
  /** How often a process opened the journal. */
  readonly openings: number;
}

export const initialContext: RecordContext = { size: 0, note: null, openings: 0 };

/** What the chart's words mean: its guards and its actions, by name. */
export const terms = setup({
  types: { context: {} as RecordContext, events: {} as RecordEvent },
  guards: {
    isLarger: ({ context, event }) => event.type === 'CheckpointSigned' && event.data.size > context.size,
  },
  actions: {
    keepCheckpoint: assign(({ event }) =>
      event.type === 'CheckpointSigned' ? { size: event.data.size, note: event.data.note } : {},
    ),
    countOpening: assign(({ context }) => ({ openings: context.openings + 1 })),
  },
});
