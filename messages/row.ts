import type { z } from 'zod';
import type { RoleName } from '../events/parties.ts';
import type { StepsOfFlows } from '../events/vocabulary/define.ts';
import type { Leg } from './legs.ts';

/** Id of a chart (`machines/catalogue.ts`). */
export type ChartName = `${RoleName}/${string}`;

/** What of an event names the message. */
export type EndName = 'messageId' | 'causationId' | `data.${string}`;

/** An event that is one end of a message: its chart and type, of a refusal also what was refused; and the name in it. */
export type End = readonly [event: `${ChartName} ${string}`, name: EndName];

/**
 * The events that send a message and take it in. A request is named by its own id, an answer by the id of the request that
 * it answers.
 */
export interface Ends {
  readonly sent?: readonly End[];
  readonly received?: readonly End[];
}

/** Who takes a message: an actor of a chart; the channel of a session; or somebody else, whom it is sent on to. */
export type Taker =
  | { readonly chart: ChartName }
  | { readonly channel: 'session' }
  | { readonly relayedAs: `${Leg}.${string}` };

/** One message. */
export interface Row extends Ends {
  /** What it is called, in the words of the change request where it has any. */
  readonly title: string;
  readonly description: string;
  readonly body: z.ZodObject;
  /** Numbered steps of the change request. */
  readonly steps?: StepsOfFlows;
  readonly takenBy: Taker;
  /** Type of its answer, which comes back on the other leg of the two. */
  readonly answeredBy?: string;
  /** An answer that can refuse: what it says besides its code and the ids of the request. */
  readonly refusing?: { readonly [field: string]: unknown };
  /** What it is charged as to its sender, on its way up: requests cost public-key work and events. */
  readonly cost?: 'request' | 'frame' | 'registration';
  /** On the WAN: it travels as it is, not sealed in the session of the PN GW. */
  readonly sealing?: 'none';
  /** Anybody who gets at the subject can send it: that its named sender did not is no fault of that one's journal. */
  readonly authenticated?: 'no';
}
