import type { StoredEvent } from '../journal/port.ts';
import { isChartId, rowOf } from '../machines/catalogue.ts';
import { ID_NAMES, idInStream, KINDS, type IdName } from '../machines/streams.ts';
import type { Pass } from './source.ts';
import { ROLES } from '../events/parties.ts';

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

/** Who acts in a stream of this chart; null for streams that every journal has, and for those that no chart has. */
export function ownerOf(stream: string, chart: string): string | null {
  const role = isChartId(chart) ? rowOf(chart).role : 'journal';
  if (role === 'journal') return null;
  const name = ID_OF.get(ROLES[role]);
  if (name === undefined) return role;
  const id = idInStream(stream, name);
  return id === null ? null : `${role}/${id}`;
}

/** What tells one party from others of its role; there is one CPNS Server. */
const ID_OF: ReadonlyMap<string, IdName> = new Map(ID_NAMES.map((name) => [KINDS[name], name]));
