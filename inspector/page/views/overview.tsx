import { computed, useComputed, useSignal } from '@preact/signals';
import type { ActorRow } from '../../protocol/answers.ts';
import { FilterBar } from '../parts/filter-bar.tsx';
import { nameOfRole } from '../../protocol/sequence.ts';
import { VirtualList } from '../parts/virtual-list.tsx';
import { actors, actorsError, actorsHere, isGivenUp, isTroubled, shownActors } from '../state/actors.ts';
import { navigate, route } from '../state/route.ts';

const ROW_HEIGHT = 30;

const COLUMNS = [
  { name: 'actor', title: 'Actor', by: (row: ActorRow) => row.stream },
  { name: 'role', title: 'Role', by: (row: ActorRow) => row.role },
  { name: 'pn', title: 'PN', by: (row: ActorRow) => row.pn ?? '' },
  { name: 'state', title: 'State', by: (row: ActorRow) => row.standing.state },
  { name: 'last', title: 'Last event', by: (row: ActorRow) => row.type },
  { name: 'at', title: 'At', by: (row: ActorRow) => row.at },
  { name: 'timers', title: 'Timers', by: (row: ActorRow) => row.standing.timers.length },
  { name: 'outbox', title: 'Outbox', by: (row: ActorRow) => row.standing.outbox.length },
  { name: 'refusals', title: 'Refusals', by: (row: ActorRow) => row.standing.refusals },
] as const;

const sums = computed(() => {
  const rows = [...actors.value.values()];
  const byRole = Map.groupBy(rows, ({ role }) => role);
  return {
    roles: [...byRole].map(([role, of]) => ({ role, count: of.length })),
    timers: rows.reduce((sum, { standing }) => sum + standing.timers.length, 0),
    outbox: rows.reduce((sum, { standing }) => sum + standing.outbox.length, 0),
    troubled: rows.filter(isTroubled).length,
  };
});

export function Overview() {
  const sort = useSignal<{ readonly column: number; readonly way: 1 | -1 }>({ column: 0, way: 1 });
  const rows = useComputed(() => {
    const { column, way } = sort.value;
    const by = COLUMNS[column]?.by ?? COLUMNS[0].by;
    return shownActors.value.toSorted((a, b) => (by(a) < by(b) ? -way : by(a) > by(b) ? way : a.key < b.key ? -1 : 1));
  });
  const { roles, timers, outbox, troubled } = sums.value;
  return (
    <section class="view" aria-label="Overview">
      <FilterBar of="actors" />
      <p class="sums" role="status">
        {roles.map(({ role, count }) => (
          <span key={role}>
            <b>{count}</b> {nameOfRole(role)}
          </span>
        ))}
        <span>
          <b>{timers}</b> timers
        </span>
        <span>
          <b>{outbox}</b> waiting for an answer
        </span>
        <span class={troubled > 0 ? 'bad' : ''}>
          <b>{troubled}</b> with refusals or given up
        </span>
        <span class="soft">
          {rows.value.length} of {actors.value.size} shown
        </span>
      </p>
      {actorsError.value === null ? null : (
        <p class="fault" role="alert">
          {actorsError.value}
        </p>
      )}
      {actorsHere.value && actors.value.size === 0 ? (
        <p class="nothing">No event yet. Actors appear here as soon as a journal has their first event.</p>
      ) : (
        <VirtualList
          label="Actors"
          count={rows.value.length}
          rowHeight={ROW_HEIGHT}
          head={
            <div class="row head actors" role="row">
              {COLUMNS.map(({ name, title }, column) => (
                <span
                  key={name}
                  role="columnheader"
                  aria-sort={
                    sort.value.column === column ? (sort.value.way === 1 ? 'ascending' : 'descending') : 'none'
                  }
                >
                  <button
                    type="button"
                    onClick={() => {
                      const isSame = sort.value.column === column;
                      sort.value = { column, way: isSame && sort.value.way === 1 ? -1 : 1 };
                    }}
                  >
                    {title}
                    {sort.value.column === column ? (sort.value.way === 1 ? ' \u2191' : ' \u2193') : ''}
                  </button>
                </span>
              ))}
            </div>
          }
          row={(index) => {
            const row = rows.value[index];
            return row === undefined ? null : <Actor key={row.key} row={row} index={index} />;
          }}
        />
      )}
    </section>
  );
}

/** Several actors stand side by side: with Ctrl or Shift one is added to those that are chosen. */
function open(key: string, event: MouseEvent): void {
  const { actors: chosen } = route.value;
  const isAdded = event.ctrlKey || event.metaKey || event.shiftKey;
  navigate({ view: 'charts', actors: isAdded ? [...chosen.filter((each) => each !== key), key] : [key] });
}

function Actor({ row, index }: { readonly row: ActorRow; readonly index: number }) {
  const { key, stream, role, pn, type, at, journal, standing } = row;
  const { timers, outbox, refusals } = standing;
  return (
    <div
      class={`row actors${isTroubled(row) ? ' troubled' : ''}`}
      role="row"
      aria-rowindex={index + 2}
      data-actor={key}
    >
      <span role="cell">
        <button
          type="button"
          class="link"
          onClick={(event) => open(key, event)}
          title={`${stream} in the journal ${journal}`}
        >
          {stream}
        </button>
      </span>
      <span role="cell">{nameOfRole(role)}</span>
      <span role="cell">{pn ?? ''}</span>
      <span role="cell">
        <State standing={standing} />
      </span>
      <span role="cell">{type}</span>
      <span role="cell" class="time">
        <time dateTime={at} title={at}>
          {at.slice(11, 23)}
        </time>
      </span>
      <span role="cell" title={timers.map(({ name, dueAt }) => `${name}, due ${dueAt.slice(11, 23)}`).join('\n')}>
        {timers.map(({ name }) => name).join(', ')}
      </span>
      <span role="cell" title={outbox.join('\n')}>
        {outbox.join(', ')}
      </span>
      <span role="cell" class="number">
        {refusals === 0 ? '' : refusals}
      </span>
    </div>
  );
}

export function State({ standing: { verdict, state } }: Pick<ActorRow, 'standing'>) {
  if (verdict === 'deviates') return <span class="badge bad">deviates from its chart</span>;
  if (verdict === 'unknown') return <span class="badge">not known</span>;
  return <span class={`badge ${isGivenUp(state) ? 'bad' : 'state'}`}>{state}</span>;
}
