import { effect, signal } from '@preact/signals';
import { momentToText, readMoment } from '../../protocol/moment.ts';
import { ask, AskError } from './api.ts';
import { epoch, isLive, total } from './live.ts';
import { navigate, route } from './route.ts';

/** `seq` of the last event of the shown moment; the total while live. */
export const shownSeq = signal(0);
/** Whether the address is behind `shownSeq`: the inspector has not answered yet. */
export const moving = signal(false);
export const playing = signal(false);
/** Events a second. */
export const speed = signal(5);

let asked = 0;

/** Shows the moment right after the event of this `seq`; beyond the last one it is live again. */
export async function goTo(seq: number, how: 'push' | 'replace' = 'replace'): Promise<void> {
  const within = Math.max(0, Math.min(seq, total.value));
  shownSeq.value = within;
  const turn = ++asked;
  moving.value = true;
  const answer = await ask('moment', { seq: within }).catch(nobodyAnswered);
  // The slider may have gone on meanwhile.
  if (turn !== asked) return;
  moving.value = false;
  if (answer === null) return;
  placed = momentToText(answer.moment);
  navigate({ at: placed }, how);
}

export function goLive(): void {
  asked += 1;
  moving.value = false;
  playing.value = false;
  navigate({ at: null });
}

export function step(by: number): void {
  playing.value = false;
  void goTo((isLive.value ? total.value : shownSeq.value) + by);
}

export function togglePlay(): void {
  if (!playing.value && shownSeq.value >= total.value) void goTo(0);
  playing.value = !playing.value;
}

/** Keeps `shownSeq` true: of a permalink only the moment is known. */
export function startTime(): () => void {
  const stopFollowing = effect(() => {
    const { at } = route.value;
    if (at === null) {
      shownSeq.value = total.value;
      return;
    }
    void epoch.value;
    const moment = readMoment(at);
    if (moment === null) {
      navigate({ at: null }, 'replace');
      return;
    }
    if (at !== placed) void place(at);
  });
  const stopPlaying = effect(() => {
    if (!playing.value) return undefined;
    const timer = setInterval(() => {
      if (shownSeq.value >= total.value) goLive();
      else void goTo(shownSeq.value + 1);
    }, 1_000 / speed.value);
    return () => clearInterval(timer);
  });
  return () => {
    stopFollowing();
    stopPlaying();
  };
}

let placed: string | null = null;

async function place(at: string): Promise<void> {
  placed = at;
  const turn = asked;
  const answer = await ask('moment', { at }).catch(nobodyAnswered);
  if (turn === asked && answer !== null) shownSeq.value = answer.seq;
}

/** That the inspector is away is told at the top of the page. */
function nobodyAnswered(error: unknown): null {
  if (error instanceof AskError) return null;
  throw error;
}
