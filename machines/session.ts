import { assign, type EventObject } from 'xstate';
import { attempts } from './actions.ts';
import { claimed, isFree, NO_EPOCHS, type Epochs } from './epochs.ts';
import { isIn, type ChartState } from './state.ts';
import { CLOSE_RETRY } from './timing.ts';

/**
 * The life of the secure session PNE <-> CPNS Server: one chart for both of its ends, a region of the registration chart of
 * each. It begins when this end knows that both hold the keys which the registration agreed on, and ends by itself; the
 * registration goes on beside it, and a session outlives the next registration until the one that this makes is shown.
 */
export interface SessionContext {
  /** The session that the latest registration agreed on, until both ends have shown that they hold its keys. */
  readonly agreedKeyId: string | null;
  /** The one that carries data, or carries none any more because an end is closing it. */
  readonly session: { readonly keyId: string; readonly epochs: Epochs } | null;
  /** How often the other end was told that the session is over. */
  readonly closeAttempt: number;
}

export const NO_SESSION: SessionContext = {
  agreedKeyId: null,
  session: null,
  closeAttempt: 0,
};

interface Turn {
  readonly context: SessionContext;
  readonly event: { readonly type: string; readonly data: object };
}

const keyOf = ({ event }: Turn): unknown => ('keyId' in event.data ? event.data.keyId : null);
const isOf = (turn: Turn, keyId: string | null | undefined): boolean =>
  typeof keyId === 'string' && keyOf(turn) === keyId;

const isReason = ({ event: { data } }: Turn, reasons: readonly string[]): boolean =>
  'reason' in data && typeof data.reason === 'string' && reasons.includes(data.reason);

/** Whether a session is over because that one takes its place. */
export const isReplaced = (turn: Turn, keyId: string | null | undefined): boolean =>
  isOf(turn, keyId) && isReason(turn, ['replaced']);

/** Whether a deadline is over that this timer was armed with: the regions of a chart have timers of their own. */
export const isTimer = ({ event: { data } }: Turn, timer: string): boolean => 'timer' in data && data.timer === timer;

/** The claim of an epoch, or null. */
function claimIn({ event: { type, data } }: Turn): { readonly direction: keyof Epochs; readonly epoch: number } | null {
  if (type !== 'SecureSessionRekeyed' || !('direction' in data) || !('epoch' in data)) return null;
  const { direction, epoch } = data;
  return (direction === 'up' || direction === 'down') && typeof epoch === 'number' ? { direction, epoch } : null;
}

/** Guards of the session, by name. */
export const sessionGuards = {
  isAgreedKey: (turn: Turn) => isOf(turn, turn.context.agreedKeyId),
  isSessionKey: (turn: Turn) => isOf(turn, turn.context.session?.keyId),
  /** It is over by itself: another session takes its place only when that is shown, and one that is shown is no unconfirmed one. */
  isEnd: (turn: Turn) => isOf(turn, turn.context.session?.keyId) && !isReason(turn, ['replaced', 'unconfirmed']),
  isFreeEpoch: (turn: Turn) => {
    const { session } = turn.context;
    const claim = claimIn(turn);
    return session !== null && claim !== null && keyOf(turn) === session.keyId && isFree(session.epochs, claim);
  },
  isCloseOverdue: (turn: Turn) => isTimer(turn, 'close'),
  closeAttemptsLeft: (turn: Turn) => isTimer(turn, 'close') && turn.context.closeAttempt < CLOSE_RETRY.attempts,
};

type Act = (turn: Turn, params: undefined) => void;
type Named = 'keepAgreed' | 'forgetAgreed' | 'keepSession' | 'forgetSession' | 'keepEpoch';

/** Actions of the session, by name. */
export const sessionActions = {
  ...attempts('close', 'closeAttempt', CLOSE_RETRY),
  ...assignments(),
};

function assignments(): { readonly [N in Named]: Act };
function assignments(): object {
  type Event = EventObject & Turn['event'];
  const assigning = (change: (turn: Turn) => Partial<SessionContext>) =>
    assign<SessionContext, Event, undefined, Event, never>(change);
  return {
    keepAgreed: assigning((turn) => {
      const keyId = keyOf(turn);
      return { agreedKeyId: typeof keyId === 'string' ? keyId : null };
    }),
    forgetAgreed: assigning(() => ({ agreedKeyId: null })),
    keepSession: assigning(({ context: { agreedKeyId } }) => ({
      agreedKeyId: null,
      session: agreedKeyId === null ? null : { keyId: agreedKeyId, epochs: NO_EPOCHS },
    })),
    forgetSession: assigning(() => ({ session: null })),
    keepEpoch: assigning((turn) => {
      const { session } = turn.context;
      const claim = claimIn(turn);
      return session === null || claim === null
        ? {}
        : { session: { ...session, epochs: claimed(session.epochs, claim) } };
    }),
  };
}

const over = {
  guard: 'isEnd',
  target: 'none',
  actions: 'forgetSession',
  description: 'The session is over; its keys are destroyed.',
} as const;
const closedByOther = {
  guard: 'isSessionKey',
  actions: ['answer session-closed', 'ask closeSession'],
  description: 'The other end closes the session.',
} as const;

/** Nothing carries data. Each end adds the event by which it knows that both hold the keys. */
export const none = { description: 'There is no session.' } as const;

/** What both ends take while it carries data. Each adds what shows it the next session. */
export const established = {
  description: 'Both ends have shown that they hold the same keys: data goes both ways.',
  on: {
    SecureSessionRekeyed: { guard: 'isFreeEpoch', actions: 'keepEpoch', description: 'Data goes on under fresh keys.' },
    SessionCloseWanted: [
      {
        guard: 'isBeingReplaced',
        actions: 'ask closeSession',
        description: 'While the next one is on its way it ends by itself.',
      },
      { guard: 'mayClose', target: 'closing', description: 'This end closes it, and tells the other.' },
    ],
    SessionCloseReceived: closedByOther,
    SecureSessionClosed: over,
  },
} as const;

/** What both ends take while one of them closes it. Each adds the event with which it does not wait for an answer. */
export const closing = {
  description: 'Carries no data any more; the keys are kept until the other end has answered, or does not.',
  entry: ['first close', 'send session-close', 'arm close'],
  exit: ['disarm close', 'settle session-close'],
  on: {
    AnswerOverdue: [
      {
        guard: 'closeAttemptsLeft',
        actions: ['next close', 'resend session-close', 'arm close'],
        description: 'No answer yet: sends the same message again.',
      },
      {
        guard: 'isCloseOverdue',
        actions: 'ask closeSession',
        description: 'Nobody answered: the session is over all the same.',
      },
    ],
    SessionCloseReceived: closedByOther,
    SecureSessionClosed: over,
  },
} as const;

/** The session that carries data now; null where none does. */
export function liveSession({ value, context }: ChartState<SessionContext>): SessionContext['session'] {
  return isIn(value, 'session.established') ? context.session : null;
}

export const isClosing = ({ value }: ChartState<SessionContext>): boolean => isIn(value, 'session.closing');
