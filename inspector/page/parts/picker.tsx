import { useComputed, useSignal } from '@preact/signals';
import { shownActors } from '../state/actors.ts';
import { navigate, route } from '../state/route.ts';
import { VirtualList } from './virtual-list.tsx';

const PICK_HEIGHT = 40;

/** Actors to choose from: with Ctrl or Shift one is added to those that are chosen, or taken away. */
export function Picker() {
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
