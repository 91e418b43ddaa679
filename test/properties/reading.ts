import type { RecordedEvent } from '../../journal/port.ts';
import type { NodeName } from '../simulation/world.ts';
import type { Evidence } from './evidence.ts';

/** How the checkers read what a run has left. */

export interface Placed {
  readonly node: NodeName;
  readonly event: RecordedEvent;
}

export function* placed({ timeline }: Evidence): Iterable<Placed> {
  for (const { node, events } of timeline) for (const event of events) yield { node, event };
}

export const text = (event: RecordedEvent, field: string): string | null => {
  const value = event.data[field];
  return typeof value === 'string' ? value : null;
};
export const where = ({ node, event }: Placed): string => `${node} ${event.position} ${event.stream} ${event.type}`;
