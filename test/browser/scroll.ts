import type { Page } from 'playwright-core';

/** What scrolling a list did, a frame at a time. */
export interface Scrolled {
  /** Milliseconds between one frame and the next. */
  readonly framesMs: readonly number[];
  /** The most elements that the document had. */
  readonly elements: number;
}

/** Frames of one run: half a second of steady scrolling to each leap over a seventh of the list. */
const FRAMES = 150;

/** Text: it runs in the page, which has the frames. */
const SCROLL = `(async () => {
  const list = document.querySelector('main .list-scroll');
  const framesMs = [];
  let elements = 0;
  let before = await new Promise((resolve) => requestAnimationFrame(resolve));
  for (let frame = 0; frame < ${FRAMES}; frame += 1) {
    const leap = frame % 30 === 29 ? list.scrollHeight / 7 : 240;
    list.scrollTop = (list.scrollTop + leap) % (list.scrollHeight - list.clientHeight);
    const now = await new Promise((resolve) => requestAnimationFrame(resolve));
    framesMs.push(now - before);
    elements = Math.max(elements, document.getElementsByTagName('*').length);
    before = now;
  }
  return { framesMs, elements };
})()`;

/** Scrolls the list of the shown view from end to end, in steps and in leaps. */
export function scroll(page: Page): Promise<Scrolled> {
  return page.evaluate<Scrolled>(SCROLL);
}

const HEIGHT = `document.querySelector('main .list-scroll')?.scrollHeight ?? 0`;

/** Waits until the list of the shown view is much longer than the screen. Asked from here: the page's policy forbids it to. */
export async function longList(page: Page): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if ((await page.evaluate<number>(HEIGHT)) > 100_000) return;
    await page.waitForTimeout(100);
  }
  throw new Error('The list is not there within a minute.');
}
