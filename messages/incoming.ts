import type { z } from 'zod';
import type { RoleName } from '../events/parties.ts';
import { rowOf, type CATALOGUE, type Message, type TypeOn } from './catalogue.ts';
import type { Leg } from './legs.ts';

type Rows = typeof CATALOGUE;
type Schema<L extends Leg, T extends TypeOn<L>> = Rows[L][T] extends { readonly body: infer S } ? S : never;

/** Leg and type tell the shape of the body. */
export type ContentOf<L extends Leg, T extends TypeOn<L>> = {
  readonly leg: L;
  readonly type: T;
  readonly body: z.infer<Schema<L, T>>;
};

/** What a message says: leg, type and body. */
export type Content = { [L in Leg]: { [T in TypeOn<L>]: ContentOf<L, T> }[TypeOn<L>] }[Leg];

/** The body of the messages of one type on one leg. */
export type Body<T extends Content['type'], L extends Content['leg']> = Extract<
  Content,
  { readonly type: T; readonly leg: L }
>['body'];

/** A message as it was read off the wire. */
export interface Incoming<C extends Content = Content> {
  readonly gatewayId: string;
  /** From the subject, on the link. */
  readonly deviceId: string | null;
  readonly messageId: string;
  readonly correlationId: string;
  readonly inReplyTo: string | null;
  readonly content: C;
}

/** One message for each member of the union. */
type Each<C extends Content> = C extends Content ? Incoming<C> : never;

/** What an actor of the chart takes. */
export type TakenByChart<Chart extends string> = Each<
  {
    [L in Leg]: {
      [T in TypeOn<L>]: Rows[L][T] extends { readonly takenBy: { readonly chart: Chart } } ? ContentOf<L, T> : never;
    }[TypeOn<L>];
  }[Leg]
>;

/** What the actors of a role take; not what it relays, nor the data of sessions. */
export type TakenBy<R extends RoleName> = TakenByChart<`${R}/${string}`>;

/** The same by type. A table with a handler for each of its keys is complete, or does not compile. */
export type TakenByType<R extends RoleName> = { readonly [M in TakenBy<R> as M['content']['type']]: M };

/** The row of a message that was read. */
export function rowFor({ leg, type }: Content): Message {
  const row = rowOf(leg, type);
  if (row === null) throw new Error(`No message ${leg}.${type} is in the catalogue, but one was read.`);
  return row;
}

/** The device that a message is from or about: named by the subject on the link, by the body on the WAN. */
export function deviceOf({ content: { body }, deviceId }: Incoming): string | null {
  if (deviceId !== null) return deviceId;
  return 'deviceId' in body && typeof body.deviceId === 'string' ? body.deviceId : null;
}

/** The ids that a message names: those of the actor that it is for are among them. */
export function idsIn(message: Incoming): {
  readonly gatewayId: string;
  readonly deviceId: string;
  readonly pnId: string;
} {
  const { body } = message.content;
  return { gatewayId: message.gatewayId, deviceId: deviceOf(message) ?? '', pnId: 'pnId' in body ? body.pnId : '' };
}
