import { signal, useSignal, type ReadonlySignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { nameOfRole } from '../../protocol/sequence.ts';
import { devices, journalNames, pns, roles } from '../state/actors.ts';
import { types } from '../state/live.ts';
import { route, setFilter, type FilterName } from '../state/route.ts';

interface ChoiceProps {
  readonly name: FilterName;
  readonly label: string;
  readonly values: ReadonlySignal<readonly string[]>;
  readonly title?: (value: string) => string;
}

function Choice({ name, label, values, title = (value) => value }: ChoiceProps) {
  const chosen = route.value.filter[name] ?? '';
  return (
    <label class="choice">
      <span>{label}</span>
      <select value={chosen} onChange={(event) => setFilter({ [name]: event.currentTarget.value }, 'push')}>
        <option value="">all</option>
        {[...new Set([...values.value, ...(chosen === '' ? [] : [chosen])])].map((value) => (
          <option key={value} value={value}>
            {title(value)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Names offered for what is typed: a list of thousands helps nobody. */
const OFFERED = 50;

/** A value to be typed or pasted whole; known ones are offered. */
function Field({ name, label, values }: Omit<ChoiceProps, 'title'>) {
  const typed = useSignal<string | null>(null);
  const text = typed.value ?? route.value.filter[name] ?? '';
  const take = (value: string, how: 'push' | 'replace'): void => {
    setFilter({ [name]: value.trim() }, how);
    typed.value = null;
  };
  const offered = values.value.filter((value) => value.includes(text)).slice(0, OFFERED);
  return (
    <label class="choice">
      <span>{label}</span>
      <input
        type="search"
        list={`known-${name}`}
        placeholder="all"
        value={text}
        onInput={({ currentTarget: { value } }) => {
          if (value === '' || values.value.includes(value)) take(value, 'replace');
          else typed.value = value;
        }}
        onChange={(event) => take(event.currentTarget.value, 'push')}
      />
      <datalist id={`known-${name}`}>
        {offered.map((value) => (
          <option key={value} value={value} />
        ))}
      </datalist>
    </label>
  );
}

/** No correlation is known by heart: it is pasted, or chosen with an event. */
const NONE: ReadonlySignal<readonly string[]> = signal([]);

const PLACEHOLDERS = { actors: 'Search actors, states, events', events: 'Search events, streams, ids, steps' } as const;

/** One filter for all views; of actors `type` is their last event's. */
export function FilterBar({
  of,
  children,
}: {
  readonly of: 'actors' | 'events';
  readonly children?: ComponentChildren;
}) {
  const { filter } = route.value;
  return (
    <div class="filters" role="search">
      <input
        id="search"
        type="search"
        aria-label="Search"
        placeholder={`${PLACEHOLDERS[of]}  ( / )`}
        value={filter.text ?? ''}
        onInput={(event) => setFilter({ text: event.currentTarget.value })}
      />
      <Choice name="role" label="role" values={roles} title={nameOfRole} />
      <Choice name="pn" label="PN" values={pns} />
      <Choice name="journal" label="journal" values={journalNames} />
      <Choice name="type" label="type" values={types} />
      <Field name="device" label="device" values={devices} />
      {of === 'events' ? <Field name="correlation" label="correlation" values={NONE} /> : null}
      <label class="check">
        <input
          type="checkbox"
          checked={filter.failed !== undefined}
          onChange={(event) => setFilter({ failed: event.currentTarget.checked ? '1' : '' }, 'push')}
        />
        <span>failed</span>
      </label>
      {children}
    </div>
  );
}
