/** A chart laid out: all lengths in CSS pixels, the origin at the top left. Plain data, for the page to draw. */
export interface ChartGeometry {
  readonly id: string;
  readonly hash: string;
  readonly description: string;
  readonly width: number;
  readonly height: number;
  /** Outermost first: a box is drawn after the one around it. The first one is the root, and the frame of the picture. */
  readonly states: readonly StateBox[];
  readonly arrows: readonly Arrow[];
  /** From a dot to the state that the one around it begins in. */
  readonly beginnings: readonly Beginning[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

export interface StateBox extends Box {
  /** As in `ChartGraph`; the root's is empty. */
  readonly id: string;
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'final';
  readonly title: string;
  readonly description: string;
  /** Where the title's line of text stands. */
  readonly titleAt: Point;
  /** What it does on entry and exit, and what it takes without being left. */
  readonly rows: readonly Row[];
}

/** A line of text. */
export interface Row {
  /** Left end of the base line. */
  readonly at: Point;
  readonly text: string;
  /** `step` names steps of the change request. */
  readonly kind: 'event' | 'detail' | 'step';
  /** The transition that it tells of, or null. */
  readonly transition: string | null;
}

export interface Arrow {
  readonly id: string;
  /** Ids of the transitions that it stands for. */
  readonly transitions: readonly string[];
  /** Of the states that it is drawn between. */
  readonly source: string;
  readonly target: string;
  /** Corners from end to end; the last one is the tip. */
  readonly points: readonly Point[];
  readonly label: Box & { readonly rows: readonly Row[] };
}

export interface Beginning {
  readonly dot: Point & { readonly radius: number };
  readonly state: string;
  readonly points: readonly Point[];
}
