import { z } from 'zod';
import { Code, Direction, Epoch, Id, KeyId } from '../fields.ts';

/** One event of a chart: what it states, and the shape of its data in this schema version. */
export interface EventDefinition<Shape extends z.ZodType> {
  readonly states: string;
  readonly version: number;
  readonly data: Shape;
}

export type Vocabulary = { readonly [type: string]: EventDefinition<z.ZodType> };

/** The union of `{ type, data }` over a vocabulary: what a chart takes in, and what the journal stores. */
export type EventOf<V extends Vocabulary> = {
  [T in keyof V & string]: { readonly type: T; readonly data: Readonly<z.infer<V[T]['data']>> };
}[keyof V & string];

export function event<Shape extends z.ZodType>(states: string, data: Shape, version = 1): EventDefinition<Shape> {
  return { states, version, data };
}

/** Events that every chart takes. */
export const sharedEvents = {
  MessageRefused: event(
    'A message that the actor could not take was refused; equal refusals of a window are summed.',
    z.strictObject({ message: z.string().max(64), from: z.string().max(128), code: Code, count: z.int().min(1) }),
  ),
} as const;

/** The answer to the named request is overdue; the n-th attempt had no answer. */
export const answerOverdue = event(
  'No answer came in time.',
  z.strictObject({ timer: z.string().max(160), attempt: z.int().min(1) }),
);

/** What both ends of a secure session record of its use and its end. */
export const sessionEvents = {
  SecureSessionRekeyed: event(
    'This process alone uses this epoch of the keys of one direction; nobody uses it or an earlier one again.',
    z.strictObject({ keyId: KeyId, direction: Direction, epoch: Epoch }),
  ),
  SessionCloseWanted: event('This end was told to close the session.', z.strictObject({ keyId: KeyId })),
  SessionCloseReceived: event('The other end says that it closes the session.', z.strictObject({ keyId: KeyId })),
} as const;

export const NoData = z.strictObject({});
export const Request = z.strictObject({ requestId: Id });
