import { useSignal, useSignalEffect, type ReadonlySignal } from '@preact/signals';
import { useCallback } from 'preact/hooks';
import { ask, AskError, filterQuery } from './api.ts';
import { epoch, news } from './live.ts';
import { listKey, route } from './route.ts';

export const PAGE = 200;

/** A list at the server, of which the pages that were looked at are here. */
export interface Paged<Item, Head> {
  readonly total: number;
  readonly pages: ReadonlyMap<number, readonly Item[]>;
  /** What the last answer said beside its items. */
  readonly head: Head;
}

export interface Answer<Item, Head> {
  readonly total: number;
  readonly items: readonly Item[];
  readonly head: Head;
}

export interface UsedPages<Item, Head> {
  readonly list: ReadonlySignal<Paged<Item, Head> | null>;
  readonly fault: ReadonlySignal<string | null>;
  /** Rows from `first` to before `last` are in sight. */
  readonly onWindow: (first: number, last: number) => void;
}

/**
 * The list for the filter and moment of the address, kept up while it grows.
 * @param load asks for one page; it must not change from one drawing to the next
 */
export function usePaged<Item, Head>(
  load: (offset: number, limit: number, abort?: AbortSignal) => Promise<Answer<Item, Head>>,
): UsedPages<Item, Head> {
  const list = useSignal<Paged<Item, Head> | null>(null);
  const fault = useSignal<string | null>(null);

  const fetchPage = useCallback(async (page: number, how: 'anew' | 'more', abort?: AbortSignal): Promise<void> => {
    try {
      const { total, items, head } = await load(page * PAGE, PAGE, abort);
      if (abort?.aborted === true) return;
      const before = how === 'anew' ? [] : [...(list.peek()?.pages ?? [])];
      list.value = { total, head, pages: new Map([...before, [page, items]]) };
      fault.value = null;
    } catch (error) {
      if (error instanceof AskError && error.status !== 0) fault.value = error.message;
    }
  }, []);

  // Another filter, another moment, or what came was too much to follow: all anew.
  useSignalEffect(() => {
    void listKey.value;
    void epoch.value;
    const abort = new AbortController();
    const begin = async (): Promise<void> => {
      const { total } = await load(0, 1, abort.signal);
      if (!abort.signal.aborted) await fetchPage(Math.max(0, Math.ceil(total / PAGE) - 1), 'anew', abort.signal);
    };
    begin().catch((error: unknown) => {
      if (error instanceof AskError && error.status !== 0) fault.value = error.message;
    });
    return () => abort.abort();
  });

  useSignalEffect(() => {
    const known = list.peek();
    if (news.value.length > 0 && route.peek().at === null && known !== null)
      void fetchPage(Math.floor(known.total / PAGE), 'more');
  });

  const onWindow = useCallback((first: number, last: number): void => {
    for (let page = Math.floor(first / PAGE); page <= Math.floor(Math.max(first, last - 1) / PAGE); page += 1) {
      const known = list.peek();
      if (known === null || known.pages.has(page) || page * PAGE >= known.total) continue;
      list.value = { ...known, pages: new Map(known.pages).set(page, []) };
      void fetchPage(page, 'more');
    }
  }, []);

  return { list, fault, onWindow };
}

/** Where the chosen event stands among those that the filter lets through; null when none is chosen. */
export function usePlaceOfChosen(): ReadonlySignal<number | null> {
  const place = useSignal<number | null>(null);
  // The chosen event is scrolled to.
  useSignalEffect(() => {
    const { event, filter } = route.value;
    const abort = new AbortController();
    const [journal, position] = event?.split(':') ?? [];
    if (journal === undefined || position === undefined) {
      place.value = null;
      return undefined;
    }
    const find = async (): Promise<void> => {
      const { entry } = await ask('event', { journal, position }, abort.signal);
      const { offset } = await ask('place', { ...filterQuery(filter), seq: entry.seq }, abort.signal);
      if (!abort.signal.aborted) place.value = offset;
    };
    find().catch(() => undefined);
    return () => abort.abort();
  });
  return place;
}
