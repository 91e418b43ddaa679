import { useSignal, type ReadonlySignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { drawChart, type Marks } from '../../charts/picture.ts';
import type { ActorRow, ChartAnswer, StateAnswer } from '../../protocol/answers.ts';
import { ask } from '../state/api.ts';
import { marksOf } from '../state/marks.ts';
import { remembered, useResource } from '../state/resource.ts';
import { eventName, navigate } from '../state/route.ts';
import { ChartExports } from './exports.tsx';
import { Changes, JsonView } from './json.tsx';
import { PanZoom } from './pan-zoom.tsx';
import { WhatIf } from './what-if.tsx';

const chartOf = remembered((id) => ask('chart', { id }));

/** The chart of an actor in its state, and beside it what else is known of the actor. */
export function ActorChart({
  answer,
  row,
}: {
  readonly answer: StateAnswer;
  readonly row: ReadonlySignal<ActorRow | undefined>;
}) {
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
            {row.value?.seq === 0 ? (
              <p class="soft">Its timers, and what it waits for, only its archive tells.</p>
            ) : (
              <Standing answer={answer} />
            )}
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
    return last === undefined || last.seq === 0
      ? null
      : ask('event', { journal: last.journal, position: last.position }, abort);
  }).value.value;
  if (row.value?.seq === 0) return <p class="soft">It is in an archive, at position {row.value.position}.</p>;
  if (event === null) return null;
  const { entry } = event;
  return (
    <>
      <p>
        <button type="button" class="link" onClick={() => navigate({ view: 'events', event: eventName(entry) })}>
          {entry.type}
        </button>{' '}
        {entry.crStep === null ? null : <span class="badge step">{entry.crStep}</span>}{' '}
        <span class="soft">{event.description}</span>
      </p>
      <Changes changes={event.changes} />
    </>
  );
}
