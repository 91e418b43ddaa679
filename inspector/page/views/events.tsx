import { EventExports } from '../parts/exports.tsx';
import { nameOfRole } from '../../protocol/sequence.ts';
import { Filtered } from '../parts/filtered.tsx';
import { VirtualList } from '../parts/virtual-list.tsx';
import type { Entry } from '../../protocol/answers.ts';
import { ask, filterQuery } from '../state/api.ts';
import { PAGE, usePaged, usePlaceOfChosen } from '../state/pages.ts';
import { eventName, navigate, route } from '../state/route.ts';

const ROW_HEIGHT = 28;

const loadEvents = async (offset: number, limit: number, abort?: AbortSignal) => {
  const { filter, at } = route.peek();
  const { total, entries } = await ask('events', { ...filterQuery(filter), at, offset, limit }, abort);
  return { total, items: entries, head: null };
};

export function Events() {
  const paged = usePaged(loadEvents);
  const place = usePlaceOfChosen();
  const { total = 0, pages } = paged.list.value ?? {};
  const { event } = route.value;
  return (
    <Filtered label="Events" paged={paged} exports={<EventExports />}>
      <VirtualList
        label="Events"
        count={total}
        rowHeight={ROW_HEIGHT}
        stick="end"
        reveal={place.value}
        onWindow={paged.onWindow}
        head={
          <div class="row head events" role="row">
            {['#', 'Time', 'Role', 'Stream', 'Event', 'Step', 'Code', 'State after'].map((title) => (
              <span key={title} role="columnheader">
                {title}
              </span>
            ))}
          </div>
        }
        row={(index) => {
          const entry = pages?.get(Math.floor(index / PAGE))?.[index % PAGE];
          return entry === undefined ? (
            <div class="row events" role="row" aria-rowindex={index + 2} key={index} />
          ) : (
            <Line key={index} entry={entry} index={index} isChosen={event === eventName(entry)} />
          );
        }}
      />
    </Filtered>
  );
}

function Line({
  entry,
  index,
  isChosen,
}: {
  readonly entry: Entry;
  readonly index: number;
  readonly isChosen: boolean;
}) {
  const { position, at, role, stream, type, crStep, code, failed, standing, journal } = entry;
  return (
    <div
      class={`row events${isChosen ? ' chosen' : ''}${failed ? ' troubled' : ''}`}
      role="row"
      aria-rowindex={index + 2}
      data-event={eventName(entry)}
    >
      <span role="cell" class="number" title={`Position in the journal ${journal}`}>
        {position}
      </span>
      <span role="cell" class="time" title={at}>
        {at.slice(11, 23)}
      </span>
      <span role="cell">{nameOfRole(role)}</span>
      <span role="cell">{stream}</span>
      <span role="cell">
        <button type="button" class="link" onClick={() => navigate({ event: eventName(entry) })}>
          {type}
        </button>
      </span>
      <span role="cell">{crStep === null ? '' : <span class="badge step">{crStep}</span>}</span>
      <span role="cell" class="number">
        {code ?? ''}
      </span>
      <span role="cell">{standing.verdict === 'known' ? standing.state : standing.verdict}</span>
    </div>
  );
}
