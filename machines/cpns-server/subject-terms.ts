import { assign, setup } from 'xstate';
import type { SubjectTeller } from '../../events/fields.ts';
import type { SubjectEvent } from '../../events/vocabulary/cpns-server/subject.ts';

export interface SubjectContext {
  /** Of the key of this life of the subject, also after it is destroyed. */
  readonly keyId: string;
  readonly by: SubjectTeller | null;
  /** What only that key opens, base64url. */
  readonly sealed: string | null;
  readonly erasures: number;
}

export const initialContext: SubjectContext = { keyId: '', by: null, sealed: null, erasures: 0 };

/** What the chart's words mean: its guards and its actions, by name. */
export const terms = setup({
  types: { context: {} as SubjectContext, events: {} as SubjectEvent },
  guards: {
    outranks: ({ context, event }) =>
      event.type === 'SubjectDescribed' && (event.data.by === 'operator' || context.by === 'device'),
    isNewLife: ({ context, event }) =>
      event.type === 'SubjectDescribed' && event.data.by === 'device' && event.data.keyId !== context.keyId,
    isCurrentKey: ({ context, event }) => event.data.keyId === context.keyId,
  },
  actions: {
    keepDescription: assign(({ event }) =>
      event.type === 'SubjectDescribed'
        ? { keyId: event.data.keyId, by: event.data.by, sealed: event.data.sealed }
        : {},
    ),
    forgetDescription: assign(({ context }) => ({ by: null, sealed: null, erasures: context.erasures + 1 })),
  },
});
