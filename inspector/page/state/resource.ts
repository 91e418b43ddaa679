import { useSignal, useSignalEffect, type ReadonlySignal } from '@preact/signals';
import { AskError } from './api.ts';

/** What was asked for, as far as it is here. What was there stays until the next is. */
export interface Resource<Value> {
  readonly value: Value | null;
  readonly error: string | null;
}

/**
 * Asks again whenever a signal that `load` reads before its first await has changed; an answer that is overtaken is
 * dropped. While the inspector is away the last answer stays.
 */
export function useResource<Value>(
  load: (abort: AbortSignal) => Promise<Value> | null,
): ReadonlySignal<Resource<Value>> {
  const resource = useSignal<Resource<Value>>({ value: null, error: null });
  useSignalEffect(() => {
    const abort = new AbortController();
    const loading = load(abort.signal);
    if (loading === null) resource.value = { value: null, error: null };
    loading?.then(
      (value) => {
        if (!abort.signal.aborted) resource.value = { value, error: null };
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        const isAway = error instanceof AskError && error.status === 0;
        const says = error instanceof Error ? error.message : String(error);
        resource.value = isAway ? resource.peek() : { value: null, error: says };
      },
    );
    return () => abort.abort();
  });
  return resource;
}

/** What others wait for, once each. */
export function remembered<Value>(load: (key: string) => Promise<Value>): (key: string) => Promise<Value> {
  const known = new Map<string, Promise<Value>>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const loading = load(key);
    known.set(key, loading);
    loading.catch(() => known.delete(key));
    return loading;
  };
}
