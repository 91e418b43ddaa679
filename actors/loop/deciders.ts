import type { RoleName } from '../../events/parties.ts';
import { isTakenBy, type Incoming, type TakenByType } from '../../messages/incoming.ts';
import type { Decision, Role, Scope } from './role.ts';

/** What a message of one kind leads to, in the state that its actor is in. */
export type Decider<M = Incoming> = (message: M, stream: string, scope: Scope) => Decision | Promise<Decision>;

/** A decider for each message that the actors of a role take: one that is missing does not compile. */
export type Deciders<R extends RoleName> = { readonly [T in keyof TakenByType<R>]: Decider<TakenByType<R>[T]> };

/** Decides each message by its type. */
export function deciding<R extends RoleName>(role: R, deciders: Deciders<R>): Role['decide'];
export function deciding(role: RoleName, deciders: object): Role['decide'] {
  const byType: ReadonlyMap<string, Decider> = new Map(Object.entries(deciders));
  return (message, stream, scope) => {
    const decide = isTakenBy(role, message) ? byType.get(message.content.type) : undefined;
    return decide?.(message, stream, scope) ?? { kind: 'ignore', reason: 'for no actor of this role' };
  };
}
