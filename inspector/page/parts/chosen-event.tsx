import type { Entry, EventAnswer } from '../../protocol/answers.ts';
import { ask } from '../state/api.ts';
import { eventName, navigate, route, setFilter } from '../state/route.ts';
import { useResource } from '../state/resource.ts';
import { goTo } from '../state/time.ts';
import { nameOfRole } from '../../protocol/sequence.ts';
import { Changes, JsonView } from './json.tsx';

export function ChosenEvent({ event }: { readonly event: string }) {
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
  const { entry, description, recorded, changes, says, step, causes, effects, correlated } = answer;
  return (
    <>
      <h2>{entry.type}</h2>
      <p>
        {entry.crStep === null ? null : <span class="badge step">step {entry.crStep}</span>} {description}
      </p>
      <p class="soft">
        {entry.stream}, version {entry.version}; journal {entry.journal}, position {entry.position}; {entry.at}
      </p>
      <p class="actions">
        <button type="button" onClick={() => void goTo(entry.seq, 'push')}>
          Go to this moment
        </button>
        <button type="button" onClick={() => navigate({ view: 'charts', actors: [entry.key] })}>
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
            <button type="button" class="link" onClick={() => navigate({ event: eventName(entry) })}>
              {entry.type}
            </button>{' '}
            <span class="soft">
              {nameOfRole(entry.role)}, {entry.stream}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
