import { useSignal } from '@preact/signals';
import { useCallback, useLayoutEffect, useRef } from 'preact/hooks';
import type { Shape } from '../../picture/shape.ts';
import type { Lifeline, SequenceRow } from '../../protocol/sequence.ts';
import { drawHeads, drawRows, HEAD_HEIGHT, ROW_HEIGHT, sequenceWidth } from '../../sequence/picture.ts';
import { Filtered } from '../parts/filtered.tsx';
import { toElement } from '../parts/picture.tsx';
import { SequenceExports } from '../parts/exports.tsx';
import { Scroller } from '../parts/virtual-list.tsx';
import { ask, filterQuery } from '../state/api.ts';
import { PAGE, usePaged, usePlaceOfChosen, type UsedPages } from '../state/pages.ts';
import { navigate, route } from '../state/route.ts';

const loadRows = async (offset: number, limit: number, abort?: AbortSignal) => {
  const { filter, at } = route.peek();
  const { total, rows, lifelines } = await ask('sequence', { ...filterQuery(filter), at, offset, limit }, abort);
  return { total, items: rows, head: lifelines };
};

const NO_LINES: readonly Lifeline[] = [];

/** A row is chosen by a click anywhere on it, or with the keyboard. */
function withKeys(drawn: Shape): Shape {
  const { attributes } = drawn;
  const isRow = String(attributes['class']).startsWith('event-row');
  return isRow ? { ...drawn, attributes: { ...attributes, role: 'button', tabindex: 0 } } : drawn;
}

/** Messages between the actors: an arrow from the event that sends one to the event that takes it in. */
export function Sequence() {
  const paged = usePaged<SequenceRow, readonly Lifeline[]>(loadRows);
  const { total = 0 } = paged.list.value ?? {};
  return (
    <Filtered label="Sequence" paged={paged} exports={<SequenceExports total={total} />}>
      <Messages paged={paged} />
    </Filtered>
  );
}

function Messages({ paged }: { readonly paged: UsedPages<SequenceRow, readonly Lifeline[]> }) {
  const place = usePlaceOfChosen();
  const box = useRef<HTMLDivElement>(null);
  const width = useSignal(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => (width.value = element.clientWidth - 16));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const { total = 0, pages, head: lifelines = NO_LINES } = paged.list.value ?? {};
  const { event } = route.value;
  const frame = { lifelines, width: width.value };
  const full = sequenceWidth(frame);

  const choose = useCallback((event: MouseEvent | KeyboardEvent): void => {
    const { target } = event;
    const row = target instanceof Element ? target.closest('[data-event]') : null;
    const name = row?.getAttribute('data-event') ?? null;
    if (name === null) return;
    event.preventDefault();
    navigate({ event: name });
  }, []);
  const onKeyDown = useCallback((event: KeyboardEvent): void => {
    if (event.key === 'Enter' || event.key === ' ') choose(event);
  }, []);

  const draw = (from: number, to: number) => {
    const rows: SequenceRow[] = [];
    let first = from;
    for (let index = from; index < to; index += 1) {
      const row = pages?.get(Math.floor(index / PAGE))?.[index % PAGE];
      if (row !== undefined) rows.push(row);
      else if (rows.length === 0) first = index + 1;
      else break;
    }
    return (
      <svg
        class="chart sequence"
        width={full}
        height={rows.length * ROW_HEIGHT}
        style={{ transform: `translateY(${(first - from) * ROW_HEIGHT}px)`, overflow: 'visible' }}
        role="group"
        aria-label={`Messages, rows ${first + 1} to ${first + rows.length} of ${total}`}
        onClick={choose}
        onKeyDown={onKeyDown}
      >
        {drawRows(frame, rows, first, event).map((drawn) => toElement(withKeys(drawn)))}
      </svg>
    );
  };

  return (
    <div class="list sequence-list" ref={box}>
      <div class="sequence-wide" style={{ width: `${full + 16}px` }}>
        <svg
          class="chart sequence heads"
          width={full}
          height={HEAD_HEIGHT}
          role="img"
          aria-label={`Lifelines: ${lifelines.map(({ title }) => title).join(', ')}`}
        >
          {drawHeads(frame).map(toElement)}
        </svg>
        <Scroller
          label="Messages"
          count={total}
          rowHeight={ROW_HEIGHT}
          stick="end"
          reveal={place.value}
          onWindow={paged.onWindow}
          draw={draw}
        />
      </div>
    </div>
  );
}
