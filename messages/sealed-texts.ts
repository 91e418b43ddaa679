import type { Direction } from '../events/fields.ts';
import { ROLES, type Party } from '../events/parties.ts';
import type { StepsOfFlows } from '../events/vocabulary/define.ts';
import type { Ends } from './row.ts';

interface SealedRow {
  /** Of its frame: each text has its own, so that no direction ever seals two texts under one. */
  readonly counter: number;
  readonly title: string;
  readonly description: string;
  readonly steps?: StepsOfFlows;
  readonly answeredBy?: string;
  /** Said by the PNE, with the events at its ends. The PN GW relays what it cannot read, and records nothing of it. */
  readonly up?: Ends;
  /** Said by the CPNS Server. */
  readonly down?: Ends;
}

/** What the two ends of a session say about it in a `sealed` message, under the keys of the handshake. */
export const SEALED_TEXTS = {
  'session-confirm': {
    counter: 0,
    title: 'first sealed message',
    description: 'The PNE holds the keys. It may say what is personal about the device.',
    steps: { '1.4.1': 4, '1.4.2': 6 },
    answeredBy: 'session-confirmed',
    up: {
      sent: [['pne/registration SecureSessionEstablished', 'data.keyId']],
      received: [['cpns-server/registration SecureSessionEstablished', 'data.keyId']],
    },
  },
  'session-confirmed': {
    counter: 0,
    title: 'sealed confirmation',
    description: 'The CPNS Server holds them too.',
    steps: { '1.4.1': 4, '1.4.2': 6 },
    down: {
      sent: [['cpns-server/registration SecureSessionEstablished', 'data.keyId']],
      received: [['pne/registration SecureSessionConfirmed', 'data.keyId']],
    },
  },
  'session-close': {
    counter: 1,
    title: 'close of the session',
    description: 'This end closes the session.',
    answeredBy: 'session-closed',
    up: {
      sent: [['pne/registration SessionCloseWanted', 'data.keyId']],
      received: [['cpns-server/registration SessionCloseReceived', 'data.keyId']],
    },
    down: {
      sent: [['cpns-server/registration SessionCloseWanted', 'data.keyId']],
      received: [['pne/registration SessionCloseReceived', 'data.keyId']],
    },
  },
  'session-closed': {
    counter: 2,
    title: 'end of the session',
    description: 'The other end forgets the keys as well.',
    up: {},
    down: {},
  },
} as const satisfies { readonly [type: string]: SealedRow };

export type SealedText = keyof typeof SEALED_TEXTS;
export const SEALED_TEXT_TYPES: readonly SealedText[] = Object.keys(SEALED_TEXTS).filter(isSealedText);

export function isSealedText(type: string): type is SealedText {
  return Object.hasOwn(SEALED_TEXTS, type);
}

/** Who speaks to whom in each direction of a session. */
const SESSION_ENDS: { readonly [D in Direction]: { readonly source: Party; readonly target: Party } } = {
  up: { source: ROLES.pne, target: ROLES['cpns-server'] },
  down: { source: ROLES['cpns-server'], target: ROLES.pne },
};

/** A text in a direction that it may be said in. */
export interface SealedMessageRow extends Ends {
  readonly type: SealedText;
  readonly title: string;
  readonly source: Party;
  readonly target: Party;
}

export const SEALED_MESSAGES: readonly SealedMessageRow[] = SEALED_TEXT_TYPES.flatMap((type) => {
  const row: SealedRow = SEALED_TEXTS[type];
  return (['up', 'down'] as const).flatMap((direction) => {
    const ends = row[direction];
    return ends === undefined ? [] : [{ type, title: row.title, ...SESSION_ENDS[direction], ...ends }];
  });
});
