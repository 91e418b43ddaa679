import { assign, setup } from 'xstate';
import type { KeyringEvent } from '../../events/vocabulary/journal/keyring.ts';

export interface KeyringContext {
  /** Public id of the key-encryption key in force. */
  readonly kekId: string | null;
  /** Public id of the one that a rotation under way leads to. */
  readonly nextKekId: string | null;
  readonly destroyed: number;
}

export const initialContext: KeyringContext = { kekId: null, nextKekId: null, destroyed: 0 };

/** What the chart's words mean: its guards and its actions, by name. */
export const terms = setup({
  types: { context: {} as KeyringContext, events: {} as KeyringEvent },
  guards: {
    leadsFromCurrent: ({ context, event }) =>
      event.type === 'KeyRotationStarted' &&
      event.data.fromKekId === context.kekId &&
      event.data.toKekId !== context.kekId,
    isUnderWay: ({ context, event }) =>
      event.type === 'KeyEncryptionKeyRotated' &&
      event.data.fromKekId === context.kekId &&
      event.data.toKekId === context.nextKekId,
  },
  actions: {
    keepKek: assign(({ event }) => (event.type === 'KeyringCreated' ? { kekId: event.data.kekId } : {})),
    keepNext: assign(({ event }) => (event.type === 'KeyRotationStarted' ? { nextKekId: event.data.toKekId } : {})),
    changeKek: assign(({ context }) => ({ kekId: context.nextKekId, nextKekId: null })),
    countDestroyed: assign(({ context }) => ({ destroyed: context.destroyed + 1 })),
  },
});
