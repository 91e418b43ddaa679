import { namesIn } from '../../messages/patterns.ts';
import type { Application } from './parties.ts';
import { schemaRef } from './schemas.ts';

/** Parts that the documents of messages, queries, services and events are built of. */

export type Node = { readonly [key: string]: unknown };
export type Entries = readonly (readonly [name: string, value: Node])[];

export const ref = (path: string): Node => ({ $ref: `#/${path}` });
export const messageRef = (channel: string, message: string): Node => ref(`channels/${channel}/messages/${message}`);
export const tag = (application: Application): readonly Node[] => [{ name: application }];

/** Parameters of a channel, by the names that its address leaves open. */
export const parametersOf = (pattern: string): Node =>
  Object.fromEntries(namesIn(pattern).map((name) => [name, ref(`components/parameters/${name}`)]));

/** A message without an envelope. */
export function plainMessage(schema: string, summary: string, examples: readonly Node[]): Node {
  return {
    name: schema,
    title: schema,
    summary,
    contentType: 'application/json',
    payload: schemaRef(schema),
    examples,
  };
}
