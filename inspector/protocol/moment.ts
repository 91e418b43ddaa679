import type { Moment } from './answers.ts';

const PART = /^([a-z0-9_.-]{1,64}):(\d{1,15})$/;

/** `server:120,hub:88`: what permalinks and the ids of the event stream carry. */
export function momentToText(moment: Moment): string {
  return Object.entries(moment)
    .map(([journal, position]) => `${journal}:${position}`)
    .join(',');
}

/** @returns null for what is no moment */
export function readMoment(text: string): Moment | null {
  const parts = text.split(',').map((part) => PART.exec(part));
  const pairs = parts.flatMap((part) => (part === null ? [] : [[part[1] ?? '', Number(part[2])] as const]));
  return pairs.length === parts.length ? Object.fromEntries(pairs) : null;
}
