import type {
  ActorsAnswer,
  ChartAnswer,
  EventAnswer,
  EventsPage,
  Moment,
  Overview,
  StateAnswer,
  WhatIfAnswer,
} from '../../protocol/answers.ts';
import type { SequencePage } from '../../protocol/sequence.ts';
import type { Filter } from './route.ts';

/** What a path answers; docs/inspector.md. */
interface Answers {
  readonly overview: Overview;
  readonly actors: ActorsAnswer;
  readonly moment: { readonly seq: number; readonly moment: Moment };
  readonly events: EventsPage;
  readonly sequence: SequencePage;
  readonly place: { readonly offset: number };
  readonly event: EventAnswer;
  readonly state: StateAnswer;
  readonly chart: ChartAnswer;
  readonly 'what-if': WhatIfAnswer;
}

export type Query = Readonly<Record<string, string | number | null | undefined>>;

export class AskError extends Error {
  override readonly name = 'AskError';
  /** 0 when nobody answered. */
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** @throws AskError */
export async function ask<Path extends keyof Answers>(
  path: Path,
  query: Query = {},
  signal?: AbortSignal,
): Promise<Answers[Path]> {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === null || value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  const address = `./api/${path}?${new URLSearchParams(given).toString()}`;
  const response = await fetch(address, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    if (signal?.aborted === true) throw error;
    throw new AskError(0, 'The inspector does not answer.');
  });
  const json: unknown = await response.json();
  if (response.ok) return json as Answers[Path];
  throw new AskError(response.status, faultOf(json));
}

function faultOf(json: unknown): string {
  if (typeof json !== 'object' || json === null) return 'The inspector failed.';
  const { error, remedy } = { error: '', remedy: '', ...json };
  return `${String(error)}. ${String(remedy)}`;
}

export const filterQuery = (filter: Filter): Query => ({ ...filter });
