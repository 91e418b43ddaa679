import { defineChart } from '../chart.ts';
import { initialContext, terms } from './keyring-terms.ts';

/** Chart of the keys of a journal: `keyring`, whatever role the journal is of. */
export const keyring = defineChart('journal/keyring', terms, {
  description:
    'The keys at rest of one journal: which key-encryption key they are wrapped under, and which were destroyed.',
  context: initialContext,
  initial: 'absent',
  states: {
    absent: {
      description: 'No role has used this journal yet.',
      on: {
        KeyringCreated: { target: 'steady', actions: 'keepKek', description: 'A role began with this key.' },
      },
    },
    steady: {
      description: 'One key-encryption key is in force; a role with another one is not started.',
      on: {
        KeyRotationStarted: {
          guard: 'leadsFromCurrent',
          target: 'rotating',
          actions: 'keepNext',
          description: 'The operator changes the key-encryption key.',
        },
        KeyDestroyed: { actions: 'countDestroyed', description: 'The row of the key went in the same commit.' },
      },
    },
    rotating: {
      description: 'Keys are wrapped under either of two; whoever reads them needs both.',
      on: {
        KeyEncryptionKeyRotated: {
          guard: 'isUnderWay',
          target: 'steady',
          actions: 'changeKek',
          description: 'Nothing is wrapped under the former key any more.',
        },
        KeyDestroyed: { actions: 'countDestroyed', description: 'The row of the key went in the same commit.' },
      },
    },
  },
});
