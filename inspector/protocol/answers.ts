import type { ChartGeometry } from '../charts/geometry.ts';
import type { ChartGraph } from '../charts/graph.ts';

/** What the inspector's server says to its page; docs/inspector.md tells the paths. JSON all through. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Where time stands: of each journal, the position of the last event that is in it. Written `server:120,hub:88`. */
export type Moment = Readonly<Record<string, number>>;

export interface JournalNote {
  /** Unique here; the name of its file, or of what is heard. */
  readonly name: string;
  /** `file` is the record itself; `copies` are what was heard over NATS since the inspector started. */
  readonly kind: 'file' | 'copies';
  readonly head: number;
  /** Its first events, which are in an archive: of them only the states that they left are shown; 0 where all are here. */
  readonly archived: number;
  /** Why it is not read any more, or null. */
  readonly trouble: string | null;
}

export interface Overview {
  /** Drawn anew when the server starts: `seq` of another instance means nothing. */
  readonly instance: string;
  readonly journals: readonly JournalNote[];
  /** Events known: `seq` goes from 1 to it. */
  readonly total: number;
  readonly moment: Moment;
  /** Types of its events, sorted. */
  readonly types: readonly string[];
  readonly charts: readonly { readonly id: string; readonly hash: string }[];
}

/** An actor, and what it was after its last event within the moment: of one whose events are archived only the state. */
export interface ActorRow {
  /** `<journal>:<stream>`. */
  readonly key: string;
  readonly journal: string;
  readonly stream: string;
  readonly chart: string;
  readonly role: string;
  readonly pn: string | null;
  readonly device: string | null;
  /** Of that event; 0 where it is archived, and its type and time are empty. */
  readonly seq: number;
  readonly position: number;
  readonly version: number;
  readonly type: string;
  readonly at: string;
  readonly standing: Standing;
}

/** What an actor is after an event. */
export interface Standing {
  /**
   * `deviates`: an event came that its chart cannot take. `unknown`: its chart is none of this program's, or an event is
   * missing.
   */
  readonly verdict: 'known' | 'deviates' | 'unknown';
  /** Innermost states, e.g. `registration.registered.settled`; several in parallel are joined by `|`. Empty without a verdict. */
  readonly state: string;
  /** Ids of the transitions that the event took. */
  readonly fired: readonly string[];
  readonly timers: readonly { readonly name: string; readonly dueAt: string }[];
  /** Names of the messages that wait for their answer. */
  readonly outbox: readonly string[];
  /** Messages that it refused so far. */
  readonly refusals: number;
}

/** One event, as lists show it, and its actor after it. `seq` is its place in the order of this instance, from 1. */
export interface Entry extends ActorRow {
  /** Whom it concerns: its actor's PN and device, or those that it names. */
  readonly about: { readonly pn: string | null; readonly devices: readonly string[] };
  readonly crStep: string | null;
  readonly correlationId: string;
  readonly messageId: string;
  readonly causationId: string | null;
  /** Response code in it. */
  readonly code: number | null;
  /** It tells of a refusal, a failure or a time-out, or its chart cannot take it. */
  readonly failed: boolean;
  /** Messages that left with it, by their names in the protocol. */
  readonly sends: readonly { readonly message: string; readonly how: 'send' | 'resend' | 'answer' | 'notify' }[];
}

export interface EventsPage {
  /** Events that the filter lets through within the moment, before any limit. */
  readonly total: number;
  /** Number of events before the first one of `entries`. */
  readonly offset: number;
  readonly entries: readonly Entry[];
}

export interface ActorsAnswer {
  readonly moment: Moment;
  readonly seq: number;
  readonly actors: readonly ActorRow[];
}

/** An event that the actor's chart names a transition for in its state. */
export interface Possible {
  readonly type: string;
  /** What the event states. */
  readonly description: string;
  /** Data of the right shape, with what the actor knows filled in. */
  readonly example: Json;
}

export interface StateAnswer {
  readonly actor: string;
  readonly chart: string;
  readonly version: number;
  readonly position: number;
  /** Null where there is none to judge by; `says` tells why. */
  readonly state: { readonly value: Json; readonly context: Json } | null;
  readonly says: string | null;
  readonly standing: Standing | null;
  /** Ids of the transitions out of the active states; guards are not asked. */
  readonly transitions: readonly string[];
  readonly possible: readonly Possible[];
}

export interface ChartAnswer {
  readonly graph: ChartGraph;
  readonly geometry: ChartGeometry;
  readonly mermaid: string;
}

/** One difference between two states. */
export interface Change {
  /** Names from the outside in, e.g. `context.attempt`. */
  readonly path: string;
  /** Absent where it was not there. */
  readonly before?: Json;
  readonly after?: Json;
}

export interface EventAnswer {
  readonly entry: Entry;
  /** The event as the journal has it. */
  readonly recorded: Json;
  /** What it states, from the vocabulary. */
  readonly description: string | null;
  readonly before: Json;
  readonly after: Json;
  readonly changes: readonly Change[];
  readonly says: string | null;
  /** Events of the same step: one commit. */
  readonly step: readonly Entry[];
  /** Events that sent what this one was caused by, as far as they can be told. */
  readonly causes: readonly Entry[];
  /** Events that this one's message caused. */
  readonly effects: readonly Entry[];
  /** Number of events with the same correlation id, in all journals. */
  readonly correlated: number;
}

export interface WhatIfAnswer {
  /** Whether the state takes it. Nothing but this answer comes of it. */
  readonly outcome: 'taken' | 'refused' | 'invalid';
  readonly says: string;
  readonly standing: Standing | null;
  readonly before: Json;
  readonly after: Json;
  readonly changes: readonly Change[];
  readonly effects: readonly Json[];
}

/** What the event stream brings. */
export type LiveMessage =
  | { readonly kind: 'hello'; readonly instance: string; readonly total: number; readonly moment: Moment }
  | { readonly kind: 'entries'; readonly total: number; readonly moment: Moment; readonly entries: readonly Entry[] }
  /** The page missed too much to be told one by one: it asks anew for what it shows. */
  | { readonly kind: 'resync'; readonly instance: string; readonly total: number; readonly moment: Moment }
  | { readonly kind: 'journals'; readonly journals: readonly JournalNote[] };

export interface Fault {
  readonly error: string;
  readonly remedy: string;
}
