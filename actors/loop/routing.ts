import type { RoleName } from '../../events/parties.ts';
import { isChartId } from '../../machines/catalogue.ts';
import { streamOf } from '../../machines/streams.ts';
import { LEGS } from '../../messages/legs.ts';
import { idsIn, rowFor, type Incoming } from '../../messages/incoming.ts';
import type { Route } from './role.ts';

/**
 * Whom a message is for, by its row of the catalogue: the stream of the chart that takes it, with the ids that it names.
 * @param relay how the role sends on what is for somebody else
 */
export function routeOf(role: RoleName, message: Incoming, relay: (message: Incoming) => Route): Route {
  const { leg } = message.content;
  if (LEGS[leg].target !== role) return { kind: 'drop', reason: `not for a ${role}` };
  const { takenBy } = rowFor(message.content);
  if ('channel' in takenBy) return { kind: 'data' };
  if ('relayedAs' in takenBy) return relay(message);
  return { kind: 'actor', stream: streamFor(takenBy.chart, message) };
}

function streamFor(chart: string, message: Incoming): string {
  if (!isChartId(chart)) throw new Error(`A message is for ${chart}, and there is no such chart.`);
  // Those of the pattern are among them.
  return streamOf(chart, idsIn(message));
}
