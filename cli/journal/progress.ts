import type { Host } from '../host.ts';

/** How often progress is told on a terminal. */
const EVERY_MS = 1_000;

/** Tells whoever watches standard error how far a long work is: how much, how fast, how long still. Nothing for a short one. */
export function progressOf(host: Host, what: string, unit = 'events'): (done: number, all: number | null) => void {
  const startedAt = host.clock.now();
  let told = startedAt;
  return (done, all) => {
    const now = host.clock.now();
    if (host.progress === 'hidden' || now - told < EVERY_MS) return;
    told = now;
    const perSecond = (done * 1_000) / (now - startedAt);
    const left = all === null ? '' : `, ${Math.ceil((all - done) / perSecond)} s left`;
    const amount = all === null ? `${done}` : `${done} of ${all}`;
    host.err(`${what}: ${amount} ${unit}, ${Math.round(perSecond)}/s${left}\n`);
  };
}
