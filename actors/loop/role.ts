import type { ResponseCode } from '../../events/codes.ts';
import type { InventoryChange } from '../../events/fields.ts';
import type { JournalReader } from '../../journal/port.ts';
import type { Chart, ChartState } from '../../machines/chart.ts';
import type { RegistrationResponse } from '../../security/registration-handshake.ts';
import type { Session } from '../../security/session.ts';
import type { Charge } from './rate-limiter.ts';
import type { Incoming, Letter } from '../../messages/catalogue.ts';
import type { Fact } from '../../fold/decode.ts';

/** A fact with the stream that it belongs to. */
export interface Targeted extends Fact {
  readonly stream: string;
}

/** What a message means to the actor that it is for, in the state that this actor is in. */
export type Meaning =
  /** Whether `primary` can be taken decides; `after` follow where they can be taken. */
  | { readonly kind: 'facts'; readonly primary: Targeted; readonly after?: readonly Targeted[] }
  /** Refused without asking the chart: it is not for this actor to judge. */
  | { readonly kind: 'refuse'; readonly code: ResponseCode }
  /** Something else has to come first; the sender's retry brings it again. `meanwhile` are taken where they can be. */
  | { readonly kind: 'notYet'; readonly meanwhile: readonly Targeted[] }
  | { readonly kind: 'ignore'; readonly reason: string };

/** What the code of a role sees while one step is computed. */
export interface Scope {
  /** The message that the step consumes; null for a timer or a command. */
  readonly message: Incoming | null;
  /** Milliseconds since 1970 UTC, the same for the whole step. */
  readonly now: number;
  readonly journal: JournalReader;
  readonly memory: StepMemory;
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

/** What lives for one step only and is never stored, such as a handshake between its two messages. */
export interface StepMemory {
  session: Session | null;
  /** Second handshake message, base64url. */
  reply: string | null;
  respond: ((payload: Uint8Array) => RegistrationResponse) | null;
  /** Certificates that whoever was authenticated has shown, DER. */
  chain: readonly Uint8Array[] | null;
  /**
   * Whoever was not believed, or has no business here. Where nothing else comes of the step, the first is told in events;
   * the like of it are answered, and summed.
   */
  refused: { readonly from: string; readonly code: ResponseCode; readonly reason: string } | null;
  /** Inventory changes that the answer carries, and whether there are more. */
  changes: readonly InventoryChange[];
  more: 'more' | 'all';
}

export type FactAnswer = readonly Targeted[] | Promise<readonly Targeted[]>;

/** Whom a message is for: an actor's stream, a session's channel (`channel/`), somebody else (relayed), or nobody. */
export type Route =
  | { readonly kind: 'actor'; readonly stream: string }
  | { readonly kind: 'data' }
  | { readonly kind: 'relay'; readonly subject: string; readonly payload: string }
  | { readonly kind: 'drop'; readonly reason: string };

/** What a role has to do with the actors of one chart. */
export interface Part {
  /** Answers to `ask`: by the name of the fact. */
  readonly facts: { readonly [fact: string]: (scope: Scope, stream: string) => FactAnswer };
  /** What is sent for `send`, `answer` and `notify`: by the name of the message. */
  readonly letters: { readonly [message: string]: (scope: Scope, stream: string, about: string) => Letter };
}

/** All that a role has to do. */
export function joined(parts: readonly Part[]): Part {
  return {
    facts: Object.fromEntries(parts.flatMap(({ facts }) => Object.entries(facts))),
    letters: Object.fromEntries(parts.flatMap(({ letters }) => Object.entries(letters))),
  };
}

export interface Role extends Part {
  readonly name: 'pne' | 'pn-gateway' | 'cpns-server';
  readonly subscriptions: readonly { readonly pattern: string; readonly queue?: string }[];
  /** What a full mailbox is answered with. */
  readonly busy: 429 | 503;
  /** Whom a message is charged to before anything is done about it, the nearest sender first. */
  charges?(message: Incoming): readonly Charge[];
  route(message: Incoming, payload: Uint8Array): Route;
  interpret(message: Incoming, stream: string, scope: Scope): Meaning | Promise<Meaning>;
  /** What the role looks after every `IDLE_MS`: facts only where something is amiss. */
  readonly upkeep?: {
    readonly stream: string;
    readonly look: (scope: Scope) => Promise<readonly Targeted[]>;
  };
  /** The outcome of a request that was refused, or null where nobody waits for one. */
  refusal(message: Incoming, code: ResponseCode): Letter | null;
  /** Says that a message was not taken at all; no outcome. Null where there is no address. */
  notice(
    to: { readonly leg: string; readonly gatewayId: string; readonly deviceId: string | null },
    code: ResponseCode,
    inReplyTo: string | null,
  ): Letter | null;
}
