import { useEffect } from 'preact/hooks';
import { Help } from './parts/help.tsx';
import { TimeBar } from './parts/time-bar.tsx';
import { startActors } from './state/actors.ts';
import { startKeys } from './state/keys.ts';
import { connection, isLive, journals, type Connection } from './state/live.ts';
import { navigate, route, VIEWS, type View } from './state/route.ts';
import { startTime } from './state/time.ts';
import { Charts } from './views/charts.tsx';
import { Events } from './views/events.tsx';
import { Overview } from './views/overview.tsx';
import { Sequence } from './views/sequence.tsx';
import { helpOpen } from './state/help.ts';

const TITLES: Readonly<Record<View, string>> = {
  overview: 'Overview',
  charts: 'Charts',
  sequence: 'Sequence',
  events: 'Events',
};

const SAYS: Readonly<Record<Connection, string>> = {
  connecting: 'connecting',
  live: 'connected',
  lost: 'The inspector is gone; trying again',
  refused: 'The inspector was started anew: open the address that it printed',
};

export function App() {
  useEffect(() => {
    const ends = [startTime(), startActors(), startKeys()];
    return () => ends.forEach((end) => end());
  }, []);
  const { view } = route.value;
  const troubled = journals.value.filter(({ trouble }) => trouble !== null);
  return (
    <>
      <header class="top">
        <h1>CPNS inspector</h1>
        <nav aria-label="Views">
          {VIEWS.map((each) => (
            <button
              key={each}
              type="button"
              aria-current={each === view ? 'page' : undefined}
              onClick={() => navigate({ view: each })}
            >
              {TITLES[each]}
            </button>
          ))}
        </nav>
        <span class={`connection ${connection.value}`} role="status" aria-live="polite">
          {SAYS[connection.value]}
        </span>
        {isLive.value ? null : <span class="badge past">an earlier moment</span>}
        <button type="button" class="help" aria-label="Help" onClick={() => (helpOpen.value = true)}>
          ?
        </button>
      </header>
      {troubled.map(({ name, trouble }) => (
        <p class="fault" role="alert" key={name}>
          Journal {name}: {trouble}
        </p>
      ))}
      {journals.value
        .filter(({ archived }) => archived > 0)
        .map(({ name, archived }) => (
          <p class="archived" role="note" key={name}>
            Journal {name}: events 1 to {archived} are in an archive, and what they left is shown. With the archive,
            cpns replay open --archive FILE shows them.
          </p>
        ))}
      <main>
        <Shown view={view} />
      </main>
      <TimeBar />
      <Help />
    </>
  );
}

function Shown({ view }: { readonly view: View }) {
  switch (view) {
    case 'overview':
      return <Overview />;
    case 'charts':
      return <Charts />;
    case 'sequence':
      return <Sequence />;
    case 'events':
      return <Events />;
  }
}
