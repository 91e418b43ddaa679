import { computed, signal } from '@preact/signals';

/** What the address says: the view, what is chosen, the filter, the moment. An address is a permalink. */
export interface Route {
  readonly view: View;
  /** Keys of actors, as chosen. */
  readonly actors: readonly string[];
  /** A moment as text, or null for live. */
  readonly at: string | null;
  /** `<journal>:<position>` of the chosen event. */
  readonly event: string | null;
  readonly filter: Filter;
}

/** What the address calls an event. */
export const eventName = ({ journal, position }: { readonly journal: string; readonly position: number }): string =>
  `${journal}:${position}`;

export const VIEWS = ['overview', 'charts', 'sequence', 'events'] as const;
export type View = (typeof VIEWS)[number];

const FILTER_NAMES = ['text', 'role', 'pn', 'device', 'type', 'correlation', 'journal', 'failed'] as const;
export type FilterName = (typeof FILTER_NAMES)[number];
export type Filter = { readonly [Name in FilterName]?: string };

function readRoute(search: string): Route {
  const query = new URLSearchParams(search);
  const given = FILTER_NAMES.flatMap((name) => {
    const value = query.get(name);
    return value === null || value === '' ? [] : [[name, value] as const];
  });
  return {
    view: VIEWS.find((view) => view === query.get('view')) ?? 'overview',
    actors: query.getAll('actor'),
    at: query.get('at'),
    event: query.get('event'),
    filter: Object.fromEntries(given),
  };
}

function routeToSearch({ view, actors, at, event, filter }: Route): string {
  const query = new URLSearchParams([['view', view], ...actors.map((actor) => ['actor', actor])]);
  for (const [name, value] of Object.entries(filter)) if (value !== undefined && value !== '') query.set(name, value);
  if (event !== null) query.set('event', event);
  if (at !== null) query.set('at', at);
  // Readable where it may be: colons, slashes and commas are allowed in a query (RFC 3986, 3.4).
  return `?${query.toString().replaceAll('%3A', ':').replaceAll('%2F', '/').replaceAll('%2C', ',')}`;
}

export const route = signal<Route>(readRoute(location.search));

/** The moment that is shown, as text; null for now. */
export const shownAt = computed(() => route.value.at);
/** Changes when lists do: with the filter and with the moment. */
export const listKey = computed(() => JSON.stringify([route.value.filter, route.value.at]));

addEventListener('popstate', () => (route.value = readRoute(location.search)));

/** @param how `push` makes a step that the browser's Back undoes, `replace` does not */
export function navigate(change: Partial<Route>, how: 'push' | 'replace' = 'push'): void {
  const next = { ...route.value, ...change };
  const search = routeToSearch(next);
  if (search === location.search) return;
  route.value = next;
  if (how === 'push') history.pushState(null, '', search);
  else history.replaceState(null, '', search);
}

export function setFilter(change: Filter, how: 'push' | 'replace' = 'replace'): void {
  const merged = Object.entries({ ...route.value.filter, ...change }).filter(([, value]) => value !== '');
  navigate({ filter: Object.fromEntries(merged) }, how);
}
