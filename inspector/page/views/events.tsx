import { useSignal, useSignalEffect } from '@preact/signals';
import { useCallback } from 'preact/hooks';
import type { Entry, EventAnswer } from '../../protocol/answers.ts';
import { FilterBar, roleName } from '../parts/filter-bar.tsx';
import { Changes, JsonView } from '../parts/json.tsx';
import { VirtualList } from '../parts/virtual-list.tsx';
import { ask, AskError, filterQuery } from '../state/api.ts';
import { epoch, news } from '../state/live.ts';
import { navigate, route, setFilter } from '../state/route.ts';
import { useResource } from '../state/resource.ts';
import { goTo } from '../state/time.ts';

const ROW_HEIGHT = 28;
const PAGE = 200;

/** The pages of the log that were looked at, for one filter and moment. */
interface Log {
  readonly total: number;
  readonly pages: ReadonlyMap<number, readonly Entry[]>;
}

const EMPTY: Log = { total: 0, pages: new Map() };

export function Events() {
  const log = useSignal<Log | null>(null);
  const fault = useSignal<string | null>(null);
  const reveal = useSignal<number | null>(null);

  const load = async (page: number, abort: AbortSignal | undefined): Promise<void> => {
    const { filter, at } = route.peek();
    try {
      const query = { ...filterQuery(filter), at, offset: page * PAGE, limit: PAGE };
      const { total, entries } = await ask('events', query, abort);
      if (abort?.aborted === true) return;
      const before = log.peek() ?? EMPTY;
      log.value = { total, pages: new Map(before.pages).set(page, entries) };
      fault.value = null;
    } catch (error) {
      if (error instanceof AskError && error.status !== 0) fault.value = error.message;
    }
  };

  // Another filter, another moment, or what came was too much to follow: all anew.
  useSignalEffect(() => {
    const { filter, at } = route.value;
    void epoch.value;
    const abort = new AbortController();
    const begin = async (): Promise<void> => {
      const query = { ...filterQuery(filter), at, offset: 0, limit: 1 };
      const { total } = await ask('events', query, abort.signal);
      if (abort.signal.aborted) return;
      log.value = { total, pages: new Map() };
      await load(Math.max(0, Math.ceil(total / PAGE) - 1), abort.signal);
    };
    begin().catch((error: unknown) => {
      if (error instanceof AskError && error.status !== 0) fault.value = error.message;
    });
    return () => abort.abort();
  });

  useSignalEffect(() => {
    if (news.value.length === 0 || route.peek().at !== null) return;
    const known = log.peek();
    if (known !== null) void load(Math.floor(known.total / PAGE), undefined);
  });

  // The chosen event is scrolled to.
  useSignalEffect(() => {
    const { event, filter } = route.value;
    const abort = new AbortController();
    const [journal, position] = event?.split(':') ?? [];
    if (journal === undefined || position === undefined) {
      reveal.value = null;
      return undefined;
    }
    const find = async (): Promise<void> => {
      const { entry } = await ask('event', { journal, position }, abort.signal);
      const { offset } = await ask('place', { ...filterQuery(filter), seq: entry.seq }, abort.signal);
      if (!abort.signal.aborted) reveal.value = offset;
    };
    find().catch(() => undefined);
    return () => abort.abort();
  });

  const onWindow = useCallback((first: number, last: number): void => {
    const known = log.peek();
    if (known === null) return;
    for (let page = Math.floor(first / PAGE); page <= Math.floor(Math.max(first, last - 1) / PAGE); page += 1) {
      if (known.pages.has(page) || page * PAGE >= known.total) continue;
      log.value = { ...(log.peek() ?? EMPTY), pages: new Map((log.peek() ?? EMPTY).pages).set(page, []) };
      void load(page, undefined);
    }
  }, []);

  const known = log.value ?? EMPTY;
  const { event } = route.value;
  return (
    <section class="view" aria-label="Events">
      <FilterBar placeholder="Search events, streams, ids, steps" more={['device', 'type', 'correlation']} />
      {fault.value === null ? null : (
        <p class="fault" role="alert">
          {fault.value}
        </p>
      )}
      <div class="split">
        {log.value !== null && known.total === 0 ? (
          <p class="nothing">No event matches.</p>
        ) : (
          <VirtualList
            label="Events"
            count={known.total}
            rowHeight={ROW_HEIGHT}
            stick="end"
            reveal={reveal.value}
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
              const entry = known.pages.get(Math.floor(index / PAGE))?.[index % PAGE];
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

function Detail({ event }: { readonly event: string }) {
  const answer = useResource((abort) => {
    const [journal, position] = route.value.event?.split(':') ?? [];
    return ask('event', { journal, position }, abort);
  }).value;
  const close = (): void => navigate({ event: null });
  return (
    <aside class="detail" aria-label="The chosen event">
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
export function EventFacts({ answer }: { readonly answer: EventAnswer }) {
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
