import type { StoredEvent } from '../journal/port.ts';
import type { Pass } from './source.ts';

/** Roles and owners that are named; a journal that has more was put together from others. */
const MAX_NAMED = 16;

/** Whose journal it is, told from its events: `cpns-server`, `pn-gateway/hub`, `pne/lamp`. */
export class OwnerPass implements Pass {
  readonly #owners = new Set<string>();

  page(events: readonly StoredEvent[]): void {
    for (const { stream, meta } of events) {
      if (this.#owners.size > MAX_NAMED) return;
      const owner = ownerOf(stream, meta.chart.id);
      if (owner !== null) this.#owners.add(owner);
    }
  }

  /** The names, sorted; of a process with many devices the first and how many there are. */
  get name(): string {
    const [first = 'nobody', ...rest] = [...this.#owners].toSorted();
    const more = rest.length < MAX_NAMED ? `${rest.length}` : `${MAX_NAMED} or`;
    return rest.length === 0 ? first : `${first} and ${more} more`;
  }
}

/** Who acts in a stream, by its chart; null for streams that every journal has. */
export function ownerOf(stream: string, chart: string): string | null {
  const [, id = ''] = stream.split('/', 2);
  if (chart.startsWith('cpns-server/')) return 'cpns-server';
  if (chart.startsWith('pn-gateway/')) return `pn-gateway/${id}`;
  return chart.startsWith('pne/') ? `pne/${id}` : null;
}
