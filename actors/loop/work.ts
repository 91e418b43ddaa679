import type { TimerRow } from '../../journal/port.ts';
import type { Answered, Scope } from './role.ts';
import type { Incoming } from '../../messages/incoming.ts';

/** What brings an actor to a step: a message, a timer that is due, or a command of this process. */
export type Work =
  | { readonly kind: 'message'; readonly stream: string; readonly message: Incoming }
  | { readonly kind: 'timer'; readonly stream: string; readonly row: TimerRow }
  | {
      readonly kind: 'command';
      readonly stream: string;
      readonly command: Command;
      readonly correlationId: string;
      readonly done: (result: 'taken' | 'refused' | Error) => void;
    };

/** Makes the facts of a command from the state it finds; none when there is nothing to do. */
export type Command = (scope: Scope) => Answered | Promise<Answered>;

/** What leads to a step. */
export interface Cause {
  /** Actor that the step is for; its flow tells the step of the change request. */
  readonly stream: string;
  readonly message: Incoming | null;
  readonly correlationId: string;
  readonly causationId: string | null;
}

export function causeOf(work: Work): Cause {
  const { stream } = work;
  if (work.kind === 'message') {
    const { message } = work;
    const { correlationId, messageId, inReplyTo } = message;
    return { stream, message, correlationId, causationId: inReplyTo ?? messageId };
  }
  const correlationId = work.kind === 'timer' ? work.row.correlationId : work.correlationId;
  const causationId = work.kind === 'timer' ? `timer:${work.row.name}` : null;
  return { stream, message: null, correlationId, causationId };
}
