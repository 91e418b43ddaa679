/** What the layout measures with and the drawing draws with, in CSS pixels. */

/** Height of a line of text of one kind, and how far below its top the base line is. */
export const LINE = {
  title: { height: 20, base: 14.5 },
  event: { height: 16, base: 12 },
  detail: { height: 13.5, base: 10 },
  step: { height: 13.5, base: 10 },
} as const;

/** Between the border of a box and what is in it. */
export const PADDING = { box: 10, label: 5, frame: 14 } as const;

/** Between one transition and the next in the same box. */
export const GAP = 4;

/** Longer lists of actions are broken into lines of about this width. */
export const DETAIL_WIDTH = 190;

export const DOT_RADIUS = 5;
