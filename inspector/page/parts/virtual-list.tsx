import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

/** Rows beyond either edge that are there already when they are scrolled in. */
const OVERSCAN = 8;
/** Browsers take no taller element than some 16 million pixels. */
const MAX_HEIGHT = 8_000_000;

interface ScrollerProps {
  readonly label: string;
  readonly count: number;
  readonly rowHeight: number;
  /** What is drawn of the rows from `from` to before `to`. */
  readonly draw: (from: number, to: number) => ComponentChildren;
  /** Row that is scrolled into view when this changes. */
  readonly reveal?: number | null;
  /** Tells which rows are in sight. */
  readonly onWindow?: (first: number, last: number) => void;
  /** `end` keeps to the last row while it is in sight and rows are added. */
  readonly stick?: 'end' | 'none';
  readonly role?: 'rowgroup' | 'group';
}

/** Rows of one height, of which only those in sight are in the document, however many there are. */
export function Scroller(props: ScrollerProps) {
  const { label, count, rowHeight, draw, reveal = null, onWindow, stick = 'none', role = 'group' } = props;
  const box = useRef<HTMLDivElement>(null);
  const first = useSignal(0);
  const seen = useSignal(40);
  const isAtEnd = useRef(true);

  const full = count * rowHeight;
  const height = Math.min(full, MAX_HEIGHT);
  const scale = full > height ? (full - 1) / (height - 1) : 1;

  const look = (): void => {
    const element = box.current;
    if (element === null) return;
    const visible = Math.ceil(element.clientHeight / rowHeight) + 1;
    const from = Math.max(0, Math.floor((element.scrollTop * scale) / rowHeight) - OVERSCAN);
    isAtEnd.current = element.scrollTop + element.clientHeight >= element.scrollHeight - rowHeight;
    first.value = from;
    seen.value = visible + 2 * OVERSCAN;
  };

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    if (stick === 'end' && isAtEnd.current && reveal === null) element.scrollTop = element.scrollHeight;
    look();
  }, [count, stick]);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || reveal === null) return;
    const top = (reveal * rowHeight) / scale;
    if (top < element.scrollTop || top + 2 * rowHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = Math.max(0, top - element.clientHeight / 2);
    look();
  }, [reveal]);

  const from = Math.min(first.value, Math.max(0, count - 1));
  const to = Math.min(count, from + seen.value);
  useLayoutEffect(() => onWindow?.(from, to), [from, to, onWindow]);

  return (
    <div class="list-scroll" ref={box} onScroll={look} role={role} tabIndex={0} aria-label={label}>
      <div class="list-space" style={{ height: `${height}px` }} role="presentation">
        <div class="list-rows" style={{ transform: `translateY(${(from * rowHeight) / scale}px)` }} role="presentation">
          {draw(from, to)}
        </div>
      </div>
    </div>
  );
}

interface ListProps extends Omit<ScrollerProps, 'draw' | 'role'> {
  readonly row: (index: number) => ComponentChildren;
  readonly head?: ComponentChildren;
}

/** A table of rows. */
export function VirtualList({ row, head, ...scroller }: ListProps) {
  const { label, count } = scroller;
  return (
    <div class="list" role="table" aria-label={label} aria-rowcount={count + (head === undefined ? 0 : 1)}>
      {head}
      <Scroller
        {...scroller}
        label={`${label}, rows`}
        role="rowgroup"
        draw={(from, to) => Array.from({ length: to - from }, (_, index) => row(from + index))}
      />
    </div>
  );
}
