import { useSignal } from '@preact/signals';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { Box } from '../../charts/geometry.ts';
import type { Shape } from '../../picture/shape.ts';
import { toElement } from './picture.tsx';

const STEP = 1.25;
const MAX_SCALE = 4;

interface Props {
  readonly picture: Shape;
  readonly width: number;
  readonly height: number;
  /** What is to be seen first, where the whole would be too small to read. */
  readonly towards: Box | null;
}

/** Text of 12 pixels can still be read at this scale. */
const READABLE = 0.8;

/** A picture to move with pointer, wheel and keys, sharp at any size. Left alone it is as large as it fits, or can be read. */
export function PanZoom({ picture, width, height, towards }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const size = useSignal({ width: 0, height: 0 });
  /** Middle of what is seen, in the picture's own pixels, and how large these are; null to fit. */
  const sight = useSignal<{ readonly x: number; readonly y: number; readonly scale: number } | null>(null);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const look = (): void => void (size.value = { width: element.clientWidth, height: element.clientHeight });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    look();
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      zoomAt(event.deltaY < 0 ? 1.12 : 1 / 1.12, event);
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => {
      observer.disconnect();
      element.removeEventListener('wheel', wheel);
    };
  }, [width, height]);

  const fit = (): number => Math.min(1, size.value.width / width || 1, size.value.height / height || 1);
  const whole = () => ({ x: width / 2, y: height / 2, scale: fit() });
  const seen = () => {
    if (sight.value !== null) return sight.value;
    if (towards === null || fit() >= READABLE) return whole();
    // As large as the whole still fits one way: the other way it is moved.
    const scale = Math.max(READABLE, Math.min(1, Math.max(size.value.width / width, size.value.height / height)));
    const within = (middle: number, shown: number, all: number): number =>
      shown >= all ? all / 2 : Math.min(Math.max(middle, shown / 2), all - shown / 2);
    return {
      x: within(towards.x + towards.width / 2, size.value.width / scale, width),
      y: within(towards.y + towards.height / 2, size.value.height / scale, height),
      scale,
    };
  };

  /** Keeps what is under the pointer where it is. */
  const zoomAt = (factor: number, at?: { readonly clientX: number; readonly clientY: number }): void => {
    const { x, y, scale } = seen();
    const next = Math.max(fit() / 2, Math.min(MAX_SCALE, scale * factor));
    const area = box.current?.getBoundingClientRect();
    const dx = at === undefined || area === undefined ? 0 : at.clientX - area.left - area.width / 2;
    const dy = at === undefined || area === undefined ? 0 : at.clientY - area.top - area.height / 2;
    sight.value = { x: x + dx / scale - dx / next, y: y + dy / scale - dy / next, scale: next };
  };
  const moveBy = (dx: number, dy: number): void => {
    const { x, y, scale } = seen();
    sight.value = { x: x - dx / scale, y: y - dy / scale, scale };
  };

  const onPointerDown = (event: PointerEvent): void => {
    const element = box.current;
    if (element === null || event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    let [lastX, lastY] = [event.clientX, event.clientY];
    const move = (next: PointerEvent): void => {
      moveBy(next.clientX - lastX, next.clientY - lastY);
      [lastX, lastY] = [next.clientX, next.clientY];
    };
    const end = (): void => {
      element.removeEventListener('pointermove', move);
      element.removeEventListener('pointerup', end);
      element.removeEventListener('pointercancel', end);
    };
    element.addEventListener('pointermove', move);
    element.addEventListener('pointerup', end);
    element.addEventListener('pointercancel', end);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const keys: Readonly<Record<string, () => void>> = {
      '+': () => zoomAt(STEP),
      '=': () => zoomAt(STEP),
      '-': () => zoomAt(1 / STEP),
      '0': () => void (sight.value = whole()),
    };
    const act = keys[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    act();
  };

  const { x, y, scale } = seen();
  const [seenWidth, seenHeight] = [size.value.width / scale, size.value.height / scale];
  // Of the picture only its frame changes with the sight; its inside is made once.
  const inside = useMemo(
    () => picture.children.map((child) => (typeof child === 'string' ? child : toElement(child))),
    [picture],
  );
  const { width: _width, height: _height, viewBox: _viewBox, ...attributes } = picture.attributes;
  return (
    <div
      class="pan-zoom"
      ref={box}
      onPointerDown={onPointerDown}
      onKeyDown={onKeyDown}
      tabIndex={0}
      role="group"
      aria-label="Picture: plus and minus zoom, 0 fits, drag moves"
    >
      <svg
        {...attributes}
        width="100%"
        height="100%"
        viewBox={`${x - seenWidth / 2} ${y - seenHeight / 2} ${seenWidth || 1} ${seenHeight || 1}`}
      >
        {inside}
      </svg>
      <div class="pan-zoom-tools">
        <button type="button" onClick={() => zoomAt(STEP)} aria-label="Zoom in">
          +
        </button>
        <button type="button" onClick={() => zoomAt(1 / STEP)} aria-label="Zoom out">
          {'\u2212'}
        </button>
        <button type="button" onClick={() => void (sight.value = whole())}>
          Fit
        </button>
      </div>
    </div>
  );
}
