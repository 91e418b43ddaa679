import type { TypeOn } from './catalogue.ts';
import type { OutboundMessage } from './envelope.ts';
import type { ContentOf } from './incoming.ts';
import type { IdsOf, Leg } from './legs.ts';
import { subjectOf } from './subjects.ts';

/** What a message of the catalogue says, before it is sent. */
export type OutboundBody<L extends Leg, T extends TypeOn<L>> = ReadonlyLists<ContentOf<L, T>['body'] & object>;
type ReadonlyLists<Body> = {
  readonly [Field in keyof Body]: Body[Field] extends (infer Item)[] ? readonly Item[] : Body[Field];
};

/** A message of the catalogue to whom these ids name. */
export function outbound<L extends Leg, T extends TypeOn<L>>(
  leg: L,
  ids: IdsOf<L>,
  type: T,
  body: OutboundBody<L, T>,
  { inReplyTo = null, messageId }: { readonly inReplyTo?: string | null; readonly messageId?: string } = {},
): OutboundMessage<T> {
  const message = { subject: subjectOf(leg, ids, type), type, inReplyTo, body };
  return messageId === undefined ? message : { ...message, messageId };
}
