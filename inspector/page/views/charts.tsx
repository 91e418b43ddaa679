import { useComputed, useSignal, type ReadonlySignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { drawChart, type Marks } from '../../charts/picture.ts';
import type { ActorRow, ChartAnswer, StateAnswer } from '../../protocol/answers.ts';
import { ChartExports } from '../parts/exports.tsx';
import { roleName } from '../parts/filter-bar.tsx';
import { Changes, JsonView } from '../parts/json.tsx';
import { PanZoom } from '../parts/pan-zoom.tsx';
import { VirtualList } from '../parts/virtual-list.tsx';
import { WhatIf } from '../parts/what-if.tsx';
import { marksOf } from '../state/marks.ts';
import { actors, shownActors } from '../state/actors.ts';
import { ask } from '../state/api.ts';
import { navigate, route, shownAt } from '../state/route.ts';
import { remembered, useResource } from '../state/resource.ts';
import { State } from './overview.tsx';

const chartOf = remembered((id) => ask('chart', { id }));

export function Charts() {
  const chosen = route.value.actors;
  return (
    <section class="view charts" aria-label="State charts">
      <Picker />
      {chosen.length === 0 ? (
        <p class="nothing">Choose an actor on the left. With Ctrl or Shift another one stands beside it.</p>
      ) : (
        <div class="panes">
          {chosen.map((actor) => (
            <Pane key={actor} actor={actor} />
          ))}
        </div>
      )}
    </section>
  );
}

const PICK_HEIGHT = 40;

function Picker() {
  const text = useSignal('');
  const rows = useComputed(() => {
    const wanted = text.value.toLowerCase();
    return shownActors.value
      .filter(({ key, standing }) => `${key} ${standing.state}`.toLowerCase().includes(wanted))
      .toSorted((a, b) => (a.stream < b.stream ? -1 : 1));
  });
  const { actors: chosen } = route.value;
  const pick = (key: string, event: MouseEvent): void => {
    const isAdded = event.ctrlKey || event.metaKey || event.shiftKey;
    const others = chosen.filter((each) => each !== key);
    navigate({ actors: isAdded ? (chosen.includes(key) ? others : [...others, key]) : [key] });
  };
  return (
    <nav class="picker" aria-label="Actors">
      <input
        id="search"
        type="search"
        aria-label="Search actors"
        placeholder="Search actors  ( / )"
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      <VirtualList
        label="Actors to choose from"
        count={rows.value.length}
        rowHeight={PICK_HEIGHT}
        row={(index) => {
          const row = rows.value[index];
          if (row === undefined) return null;
          const isChosen = chosen.includes(row.key);
          return (
            <div class="row" role="row" aria-rowindex={index + 1} key={row.key}>
              <span role="cell">
                <button
                  type="button"
                  class={`pick${isChosen ? ' chosen' : ''}`}
                  aria-pressed={isChosen}
                  onClick={(event) => pick(row.key, event)}
                >
                  <span>{row.stream}</span>
                  <span class="soft">
                    {row.journal} {'\u00b7'} {row.standing.state}
                  </span>
                </button>
              </span>
            </div>
          );
        }}
      />
    </nav>
  );
}

/** What of an actor's row tells that its state has to be asked for again. */
const versionOf = (row: ActorRow | undefined): number => row?.version ?? 0;

function Pane({ actor }: { readonly actor: string }) {
  const row = useComputed(() => actors.value.get(actor));
  const version = useComputed(() => versionOf(row.value));
  const state = useResource((abort) => {
    void version.value;
    return ask('state', { actor, at: shownAt.value }, abort);
  });
  const { value, error } = state.value;
  const close = (): void => navigate({ actors: route.value.actors.filter((each) => each !== actor) });
  return (
    <article class="pane" aria-label={actor} data-actor={actor}>
      <header>
        <h2>{row.value?.stream ?? actor}</h2>
        {row.value === undefined ? null : (
          <>
            <State standing={row.value.standing} />
            <span class="soft">
              {roleName(row.value.role)} {'\u00b7'} journal {row.value.journal} {'\u00b7'} version {row.value.version}
            </span>
          </>
        )}
        <Counterparts row={row} />
        <button type="button" class="close" aria-label={`Close ${actor}`} onClick={close}>
          {'\u00d7'}
        </button>
      </header>
      {error === null ? null : (
        <p class="fault" role="alert">
          {error}
        </p>
      )}
      {value === null ? null : value.chart === '' ? (
        <p class="nothing">It had not begun at this moment.</p>
      ) : (
        <Chart answer={value} row={row} />
      )}
    </article>
  );
}

/** The charts that a device goes through, in the order of the flows. */
const OF_A_DEVICE = ['pne/registration', 'pn-gateway/admission', 'cpns-server/registration'];

/** The same device as the other roles see it. */
function Counterparts({ row }: { readonly row: ReadonlySignal<ActorRow | undefined> }) {
  const { device = null } = row.value ?? {};
  const all = useComputed(() =>
    [...actors.value.values()]
      .filter((each) => device !== null && each.device === device && OF_A_DEVICE.includes(each.chart))
      .toSorted((a, b) => OF_A_DEVICE.indexOf(a.chart) - OF_A_DEVICE.indexOf(b.chart))
      .map(({ key }) => key),
  );
  const isWhole = all.value.every((key) => route.value.actors.includes(key));
  if (device === null || isWhole) return null;
  return (
    <button
      type="button"
      onClick={() => navigate({ actors: all.value })}
      title={`${device} at every role, side by side`}
    >
      All roles
    </button>
  );
}

function Chart({ answer, row }: { readonly answer: StateAnswer; readonly row: ReadonlySignal<ActorRow | undefined> }) {
  const tried = useSignal<Marks | null>(null);
  const chart = useResource(() => chartOf(answer.chart)).value;
  const marks = tried.value ?? marksOf(answer);
  return (
    <>
      {[chart.error, answer.says].map((fault) =>
        fault === null ? null : (
          <p class="fault" role="alert" key={fault}>
            {fault}
          </p>
        ),
      )}
      <div class="pane-body">
        {chart.value === null ? <div class="pan-zoom" /> : <Drawn chart={chart.value} marks={marks} />}
        <div class="facts">
          {chart.value === null ? null : (
            <ChartExports chart={chart.value} marks={marks} name={answer.actor.replaceAll(/[:/]/g, '-')} />
          )}
          <details open>
            <summary>State</summary>
            <Standing answer={answer} />
            {answer.state === null ? null : <JsonView value={answer.state.context} />}
          </details>
          <details open>
            <summary>Last event</summary>
            <LastEvent row={row} />
          </details>
          <details open>
            <summary>Try it: what it could take now ({answer.possible.length})</summary>
            <WhatIf
              key={`${answer.actor} ${answer.position}`}
              answer={answer}
              show={(marks) => (tried.value = marks)}
            />
          </details>
        </div>
      </div>
    </>
  );
}

function Drawn({ chart, marks }: { readonly chart: ChartAnswer; readonly marks: Marks }) {
  const transitions = useMemo(() => new Map(chart.graph.transitions.map((each) => [each.id, each])), [chart]);
  const told = [marks.active, marks.fired, marks.possible].map((ids) => [...ids].join(' ')).join(';');
  const picture = useMemo(() => drawChart(chart.geometry, transitions, marks), [chart, told]);
  const { width, height, states } = chart.geometry;
  const innermost = states.findLast(({ id }) => marks.active.has(id));
  return <PanZoom picture={picture} width={width} height={height} towards={innermost ?? null} />;
}

function Standing({ answer: { standing } }: { readonly answer: StateAnswer }) {
  if (standing === null) return null;
  const { timers, outbox, refusals } = standing;
  return (
    <dl>
      <dt>timers</dt>
      <dd>
        {timers.length === 0
          ? 'none'
          : timers.map(({ name, dueAt }) => `${name}, due ${dueAt.slice(11, 23)}`).join('; ')}
      </dd>
      <dt>waits for an answer</dt>
      <dd>{outbox.length === 0 ? 'no' : outbox.join(', ')}</dd>
      <dt>refusals</dt>
      <dd>{refusals}</dd>
    </dl>
  );
}

function LastEvent({ row }: { readonly row: ReadonlySignal<ActorRow | undefined> }) {
  const event = useResource((abort) => {
    const last = row.value;
    return last === undefined ? null : ask('event', { journal: last.journal, position: last.position }, abort);
  }).value.value;
  if (event === null) return null;
  const { entry } = event;
  return (
    <>
      <p>
        <button
          type="button"
          class="link"
          onClick={() => navigate({ view: 'events', event: `${entry.journal}:${entry.position}` })}
        >
          {entry.type}
        </button>{' '}
        {entry.crStep === null ? null : <span class="badge step">{entry.crStep}</span>}{' '}
        <span class="soft">{event.states}</span>
      </p>
      <Changes changes={event.changes} />
    </>
  );
}
