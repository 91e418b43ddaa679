import type { ReadonlySignal } from '@preact/signals';
import { ROLE_NAMES } from '../../protocol/sequence.ts';
import { journalNames, pns, roles } from '../state/actors.ts';
import { route, setFilter, type FilterName } from '../state/route.ts';

export const roleName = (role: string): string => ROLE_NAMES[role] ?? role;

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

/** One filter for all views. `more` are the fields that only some of them have. */
export function FilterBar({
  placeholder,
  more = [],
}: {
  readonly placeholder: string;
  readonly more?: readonly FilterName[];
}) {
  const { filter } = route.value;
  const others = more.filter((name) => filter[name] !== undefined);
  return (
    <div class="filters" role="search">
      <input
        id="search"
        type="search"
        aria-label="Search"
        placeholder={`${placeholder}  ( / )`}
        value={filter.text ?? ''}
        onInput={(event) => setFilter({ text: event.currentTarget.value })}
      />
      <Choice name="role" label="role" values={roles} title={roleName} />
      <Choice name="pn" label="PN" values={pns} />
      <Choice name="journal" label="journal" values={journalNames} />
      <label class="check">
        <input
          type="checkbox"
          checked={filter.failed !== undefined}
          onChange={(event) => setFilter({ failed: event.currentTarget.checked ? '1' : '' }, 'push')}
        />
        <span>failed</span>
      </label>
      {others.map((name) => (
        <button key={name} type="button" class="chip" onClick={() => setFilter({ [name]: '' }, 'push')}>
          {name}: {filter[name]} <span aria-hidden="true">{'\u00d7'}</span>
          <span class="hidden">, remove</span>
        </button>
      ))}
    </div>
  );
}
