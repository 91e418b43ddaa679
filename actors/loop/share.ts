/**
 * Which actors a process looks after: whose timers it fires first, whose requests it sends again, whose sessions it judges.
 * Nothing that is kept depends on it: two that both think so are fenced by the versions of the streams.
 */
export interface Share {
  isMine(stream: string): boolean;
  /** Nothing is its own from here on: before a process stops, others take over. */
  giveUp?(): Promise<void>;
}

/** Of a process that is alone. */
export const EVERYTHING: Share = { isMine: () => true };

/** Whether this process looked after an actor before a change, and does so still, without a gap. */
export type Keeps = (stream: string) => boolean;
