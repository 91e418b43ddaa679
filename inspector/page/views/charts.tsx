import { useComputed, type ReadonlySignal } from '@preact/signals';
import type { ActorRow } from '../../protocol/answers.ts';
import { ActorChart } from '../parts/actor-chart.tsx';
import { nameOfRole } from '../../protocol/sequence.ts';
import { Picker } from '../parts/picker.tsx';
import { actors } from '../state/actors.ts';
import { ask } from '../state/api.ts';
import { navigate, route, shownAt } from '../state/route.ts';
import { useResource } from '../state/resource.ts';
import { State } from './overview.tsx';

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

function Pane({ actor }: { readonly actor: string }) {
  const row = useComputed(() => actors.value.get(actor));
  // Its state is asked for again when it moves on.
  const version = useComputed(() => row.value?.version ?? 0);
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
              {nameOfRole(row.value.role)} {'\u00b7'} journal {row.value.journal} {'\u00b7'} version {row.value.version}
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
        <ActorChart answer={value} row={row} />
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
