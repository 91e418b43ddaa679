import type { ComponentChildren } from 'preact';
import type { UsedPages } from '../state/pages.ts';
import { route } from '../state/route.ts';
import { ChosenEvent } from './chosen-event.tsx';
import { FilterBar } from './filter-bar.tsx';

/** What the filter lets through of all events, under it, and beside it the event that is chosen. */
export function Filtered({
  label,
  paged: { list, fault },
  exports,
  children,
}: {
  readonly label: string;
  readonly paged: Pick<UsedPages<unknown, unknown>, 'list' | 'fault'>;
  readonly exports: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  const { event } = route.value;
  return (
    <section class="view" aria-label={label}>
      <FilterBar of="events">{exports}</FilterBar>
      {fault.value === null ? null : (
        <p class="fault" role="alert">
          {fault.value}
        </p>
      )}
      <div class="split">
        {list.value?.total === 0 ? <p class="nothing">No event matches.</p> : children}
        {event === null ? null : <ChosenEvent event={event} />}
      </div>
    </section>
  );
}
