import { z } from 'zod';
import type { JsonObject } from '../../journal/port.ts';
import { Code, Direction, Epoch, Id, KeyId, type Flow } from '../fields.ts';

/** From the data of an event in one schema version to the next one. Pure, and for good: stored events never change. */
export type Upcaster = (data: JsonObject) => JsonObject;

/** One event of a chart. */
export interface EventDefinition<Shape extends z.ZodType> {
  readonly description: string;
  /** What it says in a trace, in the words of the change request. */
  readonly words?: string | ((data: JsonObject) => string);
  /** Numbered steps of the change request that it realises. One that is in neither flow (a retry, provisioning) has none. */
  readonly steps: StepsOfFlows;
  /**
   * Flow of an event that belongs to an attempt yet to come: it is a step of it whatever its actor is doing meanwhile, be it a
   * registration of before or a withdrawal. All others belong to what their actor is doing.
   */
  readonly ahead?: Flow;
  /** The first takes schema version 1 to 2, the second 2 to 3, and so on to the version of today. */
  readonly upcasters: readonly Upcaster[];
  /** The shape of its data in the schema version of today. */
  readonly data: Shape;
}

export type StepsOfFlows = { readonly [F in Flow]?: number };

export type Vocabulary = { readonly [type: string]: EventDefinition<z.ZodType> };

/** The union of `{ type, data }` over a vocabulary: what a chart takes in, and what the journal stores. */
export type EventOf<V extends Vocabulary> = {
  [T in keyof V & string]: { readonly type: T; readonly data: Readonly<z.infer<V[T]['data']>> };
}[keyof V & string];

export function event<Shape extends z.ZodType>(
  description: string,
  data: Shape,
  more: Partial<Pick<EventDefinition<Shape>, 'words' | 'steps' | 'ahead' | 'upcasters'>> = {},
): EventDefinition<Shape> {
  return { description, data, steps: {}, upcasters: [], ...more };
}

/** Schema version of the event today. */
export const versionOf = ({ upcasters }: EventDefinition<z.ZodType>): number => upcasters.length + 1;

/**
 * @param actor flow that the actor is in
 * @returns e.g. `1.4.1/3`, or null for an event that is no step of it
 */
export function changeRequestStep({ steps, ahead }: EventDefinition<z.ZodType>, actor: Flow | null): string | null {
  const flow = ahead ?? actor;
  const step = flow === null ? undefined : steps[flow];
  return step === undefined ? null : `${flow}/${step}`;
}

/** Events that every chart takes. */
export const sharedEvents = {
  MessageRefused: event(
    'A message that the actor could not take was refused; equal refusals of a window are summed.',
    z.strictObject({ message: z.string().max(64), from: z.string().max(128), code: Code, count: z.int().min(1) }),
    { words: 'refuses a message' },
  ),
} as const;

/** The answer to the named request is overdue; the n-th attempt had no answer. */
export const answerOverdue = event(
  'No answer came in time.',
  z.strictObject({ timer: z.string().max(160), attempt: z.int().min(1) }),
  { words: 'no answer in time' },
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
