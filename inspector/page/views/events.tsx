import { useSignal, useSignalEffect, type ReadonlySignal } from '@preact/signals';
import type { Entry, EventAnswer } from '../../protocol/answers.ts';
import { EventExports } from '../parts/exports.tsx';
import { FilterBar, roleName } from '../parts/filter-bar.tsx';
import { Changes, JsonView } from '../parts/json.tsx';
import { VirtualList } from '../parts/virtual-list.tsx';
import { ask, filterQuery } from '../state/api.ts';
import { PAGE, usePaged } from '../state/pages.ts';
import { navigate, route, setFilter } from '../state/route.ts';
import { useResource } from '../state/resource.ts';
import { goTo } from '../state/time.ts';

const ROW_HEIGHT = 28;

const loadEvents = async (offset: number, limit: number, abort?: AbortSignal) => {
  const { filter, at } = route.peek();
  const { total, entries } = await ask('events', { ...filterQuery(filter), at, offset, limit }, abort);
  return { total, items: entries, head: null };
};

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

export function Events() {
  const { list, fault, onWindow } = usePaged(loadEvents);
  const place = usePlaceOfChosen();
  const { total = 0, pages } = list.value ?? {};
  const { event } = route.value;
  return (
    <section class="view" aria-label="Events">
      <FilterBar placeholder="Search events, streams, ids, steps" more={['device', 'type', 'correlation']} />
      <EventExports />
      {fault.value === null ? null : (
        <p class="fault" role="alert">
          {fault.value}
        </p>
      )}
      <div class="split">
        {list.value !== null && total === 0 ? (
          <p class="nothing">No event matches.</p>
        ) : (
          <VirtualList
            label="Events"
            count={total}
            rowHeight={ROW_HEIGHT}
            stick="end"
            reveal={place.value}
            onWindow={onWindow}
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
                <Line key={index} entry={entry} index={index} isChosen={event === nameOf(entry)} />
              );
            }}
          />
        )}
        {event === null ? null : <Detail event={event} />}
      </div>
    </section>
  );
}

const nameOf = ({ journal, position }: Entry): string => `${journal}:${position}`;

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
      data-event={nameOf(entry)}
    >
      <span role="cell" class="number" title={`Position in the journal ${journal}`}>
        {position}
      </span>
      <span role="cell" class="time" title={at}>
        {at.slice(11, 23)}
      </span>
      <span role="cell">{roleName(role)}</span>
      <span role="cell">{stream}</span>
      <span role="cell">
        <button type="button" class="link" onClick={() => navigate({ event: nameOf(entry) })}>
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

export function Detail({ event }: { readonly event: string }) {
  const answer = useResource((abort) => {
    const [journal, position] = route.value.event?.split(':') ?? [];
    return ask('event', { journal, position }, abort);
  }).value;
  const close = (): void => navigate({ event: null });
  return (
    <aside class="chosen-event" aria-label="The chosen event">
      <button type="button" class="close" aria-label="Close the event" onClick={close}>
        {'\u00d7'}
      </button>
      {answer.error === null ? null : (
        <p class="fault" role="alert">
          {answer.error}
        </p>
      )}
      {answer.value === null ? null : <EventFacts key={event} answer={answer.value} />}
    </aside>
  );
}

/** An event with all that hangs on it. */
function EventFacts({ answer }: { readonly answer: EventAnswer }) {
  const { entry, states, recorded, changes, says, step, causes, effects, correlated } = answer;
  return (
    <>
      <h2>{entry.type}</h2>
      <p>
        {entry.crStep === null ? null : <span class="badge step">step {entry.crStep}</span>} {states}
      </p>
      <p class="soft">
        {entry.stream}, version {entry.version}; journal {entry.journal}, position {entry.position}; {entry.at}
      </p>
      <p class="actions">
        <button type="button" onClick={() => void goTo(entry.seq, 'push')}>
          Go to this moment
        </button>
        <button type="button" onClick={() => navigate({ view: 'charts', actors: [entry.actor] })}>
          Chart
        </button>
        <button
          type="button"
          onClick={() => navigate({ view: 'sequence', filter: { correlation: entry.correlationId } })}
        >
          Sequence
        </button>
        <button type="button" onClick={() => setFilter({ correlation: entry.correlationId }, 'push')}>
          All {correlated} of its correlation
        </button>
        <button type="button" onClick={() => setFilter({ type: entry.type }, 'push')}>
          All of its type
        </button>
      </p>
      {says === null ? null : <p class="fault">{says}</p>}
      <h3>What it changed</h3>
      <Changes changes={changes} />
      <Links title="Caused by" entries={causes} />
      <Links title="Led to" entries={effects} />
      <Links title="In the same step" entries={step.filter(({ seq }) => seq !== entry.seq)} />
      <h3>As it is recorded</h3>
      <JsonView value={recorded} />
      <h3>State after it</h3>
      <JsonView value={answer.after} />
    </>
  );
}

function Links({ title, entries }: { readonly title: string; readonly entries: readonly Entry[] }) {
  if (entries.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul class="links">
        {entries.map((entry) => (
          <li key={entry.seq}>
            <button type="button" class="link" onClick={() => navigate({ event: nameOf(entry) })}>
              {entry.type}
            </button>{' '}
            <span class="soft">
              {roleName(entry.role)}, {entry.stream}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
