import type { ResponseCode } from '../../events/codes.ts';
import type { DomainEvent } from '../../fold/decode.ts';
import type { JournalReader } from '../../journal/port.ts';
import type { CATALOGUE, ChartId } from '../../machines/catalogue.ts';
import type { AskOf, Chart, MessageOf } from '../../machines/chart.ts';
import type { ChartState } from '../../machines/state.ts';
import type { Charge } from './rate-limiter.ts';
import type { Found } from './step-value.ts';
import type { Incoming, TakenByChart, TakenByType } from '../../messages/incoming.ts';
import type { OutboundMessage } from '../../messages/envelope.ts';
import type { RoleName } from '../../events/parties.ts';
import type { SealedText } from '../../messages/sealed-texts.ts';

/** An event with the stream that it belongs to. */
export interface StreamEvent extends DomainEvent {
  readonly stream: string;
}

/** What a message leads to, in the state that its actor is in. */
export type Decision =
  /** Whether `event` can be taken decides; `after` follow where they can be taken. */
  | {
      readonly kind: 'take';
      readonly event: StreamEvent;
      readonly after?: readonly StreamEvent[];
      readonly found?: readonly Found[];
    }
  /** Refused without asking the chart: it is not for this actor to judge. */
  | { readonly kind: 'refuse'; readonly code: ResponseCode }
  /** Something else has to come first; the sender's retry brings it again. `meanwhile` are taken where they can be. */
  | { readonly kind: 'notYet'; readonly meanwhile: readonly StreamEvent[] }
  | { readonly kind: 'ignore'; readonly reason: string };

/** What the code of a role sees while one step is computed. */
export interface Scope {
  /** The message that the step consumes; null for a timer or a command. */
  readonly message: Incoming | null;
  /** Milliseconds since 1970 UTC, the same for the whole step. */
  readonly now: number;
  /** What the parts of the step have found so far. */
  readonly findings: readonly Found[];
  readonly journal: JournalReader;
  id(): string;
  bytes(length: number): Uint8Array;
  /** State of an actor of this unit; the commit checks that it was the latest. */
  state<Context>(chart: Chart<string, Context>, stream: string): Promise<ChartState<Context>>;
  /** Context of an actor that this step has touched already. */
  context<Context>(chart: Chart<string, Context>, stream: string): Context;
  /** Version that the next event of the stream will have. */
  nextVersion(stream: string): Promise<number>;
  /** State of an actor of any unit as committed; nothing checks that it still holds. */
  peek<Context>(chart: Chart<string, Context>, stream: string): Promise<ChartState<Context>>;
  readonly keys: {
    put(id: string, secret: Uint8Array): void;
    drop(id: string): void;
    get(id: string): Promise<Uint8Array | null>;
  };
}

/** A sender that failed authentication or authorization. */
export interface RefusedSender {
  readonly from: string;
  readonly code: ResponseCode;
  readonly reason: string;
}

/** Events, and what came up with them. */
export interface Answer {
  readonly events: readonly StreamEvent[];
  readonly found?: readonly Found[];
  /** Where nothing else comes of the step, the first of its kind is recorded; the like of it are answered, and summed. */
  readonly refused?: RefusedSender;
}
export type Answered = readonly StreamEvent[] | Answer;

/** Answers what a chart asks for. */
export type AskHandler = (scope: Scope, stream: string) => Answered | Promise<Answered>;
/**
 * Builds a message of that name, or what is sealed where that is the name of a text of a session.
 * @param about tells requests of one name apart
 */
export type MessageBuilder<Name extends string = string> = (
  scope: Scope,
  stream: string,
  about: string,
) => OutboundMessage<Name extends SealedText ? 'sealed' : Name>;

/** What a role does for the actors of one chart: all that the chart asks for, and all that it has sent. */
export interface Handlers<C extends Chart> {
  readonly asks: { readonly [A in AskOf<C>]: AskHandler };
  readonly messages: { readonly [M in MessageOf<C>]: MessageBuilder<M> };
}

/** What a role does for the actors of all of its charts. */
export type HandlersOf<R extends RoleName> = {
  readonly [Id in ChartId as (typeof CATALOGUE)[Id]['role'] extends R ? Id : never]: Handlers<
    (typeof CATALOGUE)[Id]['chart']
  >;
};

/**
 * What a message of one kind leads to, in the state that its actor is in. A method to the compiler, so that a table of
 * deciders of some messages each is a table of deciders: the type of a message finds its own.
 */
export type Decider<M = Incoming> = {
  decide(message: M, stream: string, scope: Scope): Decision | Promise<Decision>;
}['decide'];

/** A decider for each message that the actors of a chart take: one that is missing does not compile. */
export type DecidersOf<Id extends ChartId> = {
  readonly [M in TakenByChart<Id> as M['content']['type']]: Decider<M>;
};

/** The same for the actors of all charts of a role. */
export type Deciders<R extends RoleName> = { readonly [T in keyof TakenByType<R>]: Decider<TakenByType<R>[T]> };

/** Whom a message is for: an actor's stream, a session's channel, somebody else (relayed), or nobody. */
export type Route =
  | { readonly kind: 'actor'; readonly stream: string }
  | { readonly kind: 'data' }
  | { readonly kind: 'relay'; readonly subject: string; readonly payload: string }
  | { readonly kind: 'drop'; readonly reason: string };

export interface Role {
  readonly name: RoleName;
  readonly subscriptions: readonly { readonly pattern: string; readonly queue?: string }[];
  /** What a full mailbox is answered with. */
  readonly busy: 429 | 503;
  /** By the id of the chart. */
  readonly handlers: {
    readonly [chart: string]: {
      readonly asks: { readonly [ask: string]: AskHandler };
      readonly messages: { readonly [message: string]: MessageBuilder };
    };
  };
  /** Whom a message is charged to before anything is done about it, the nearest sender first. */
  charges?(message: Incoming): readonly Charge[];
  /** How it sends on what is for somebody else; a role without it relays nothing. */
  relay?(message: Incoming): Route;
  /** What of that which arrives is not for this process. */
  isForeign?(message: Incoming): boolean;
  /** By the type of the message. */
  readonly deciders: { readonly [type: string]: Decider };
  /** What the role looks after every `IDLE_MS`: events only where something is amiss. */
  readonly upkeep?: {
    readonly stream: string;
    readonly look: (scope: Scope) => Promise<readonly StreamEvent[]>;
  };
}
