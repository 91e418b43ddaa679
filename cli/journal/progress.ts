import type { Host } from '../host.ts';

/** A work that is over by then is not told of. */
const SHORT_MS = 1_000;
/** How often the line is drawn anew: often enough to move, seldom enough to cost nothing. */
const EVERY_MS = 200;
const BAR_WIDTH = 20;
/** The end of a name tells more of it than its beginning. */
const MAX_NAME = 28;

/**
 * Tells whoever watches standard error how far a long work is, in one line that is drawn over and over: a bar, how fast, how
 * long still, how much. It counts from its first call, so that works that follow each other may be prepared together.
 */
export function progressOf(host: Host, what: string, unit = 'events'): (done: number, all: number | null) => void {
  const name = what.length <= MAX_NAME ? what : `…${what.slice(1 - MAX_NAME)}`;
  let start: { readonly at: number; readonly done: number } | null = null;
  let drawn = 0;
  return (done, all) => {
    if (host.progress === 'hidden') return;
    const now = host.clock.now();
    start ??= { at: now, done };
    if (now - start.at < SHORT_MS || now - drawn < EVERY_MS) return;
    drawn = now;
    const perSecond = ((done - start.done) * 1_000) / (now - start.at);
    const amount = all === null ? `${done} ${unit}` : `${done} of ${all} ${unit}`;
    const left = all === null || perSecond === 0 ? '' : `${timeText((all - done) / perSecond)} left, `;
    const bar = all === null ? ':' : ` ${barText(all === 0 ? 1 : Math.min(1, done / all))},`;
    host.status(`${name}${bar} ${Math.round(perSecond)}/s, ${left}${amount}`);
  };
}

function barText(share: number): string {
  const full = Math.floor(share * BAR_WIDTH);
  const percent = `${Math.floor(share * 100)}`.padStart(3);
  return `[${'#'.repeat(full)}${'-'.repeat(BAR_WIDTH - full)}] ${percent} %`;
}

function timeText(seconds: number): string {
  const whole = Math.ceil(seconds);
  const minutes = Math.floor(whole / 60);
  return minutes === 0 ? `${whole} s` : `${minutes} min ${whole % 60} s`;
}
