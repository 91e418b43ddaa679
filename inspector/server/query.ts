import { z } from 'zod';
import type { Moment } from '../protocol/answers.ts';
import { readMoment } from '../protocol/moment.ts';
import { ApiError, MAX_PAGE, type Api } from './api.ts';
import type { EventFilter } from './filter.ts';

const text = z.string().min(1).max(256);
const digits = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);
const at = z
  .string()
  .max(4_096)
  .transform((value, context): Moment => {
    const moment = readMoment(value);
    if (moment !== null) return moment;
    context.addIssue({ code: 'custom', message: 'is no moment such as server:120,hub:88' });
    return z.NEVER;
  });

const FILTER = {
  actor: text.optional(),
  journal: text.optional(),
  role: text.optional(),
  type: text.optional(),
  correlation: text.optional(),
  device: text.optional(),
  pn: text.optional(),
  failed: z.literal('1').optional(),
  text: text.optional(),
};

const Events = z.strictObject({
  ...FILTER,
  at: at.optional(),
  offset: z.union([z.literal('end'), digits]).default('end'),
  limit: digits.default(200),
});
const Place = z.strictObject({ ...FILTER, seq: digits });
const WhatIf = z.strictObject({ actor: text, at: at.optional(), event: z.string().max(65_536) });

type Route = (api: Api, query: Readonly<Record<string, string>>) => object | Promise<object>;

/** A path, and what its query has to be. */
function route<Query>(schema: z.ZodType<Query>, answer: (api: Api, query: Query) => object | Promise<object>): Route {
  return (api, query) => answer(api, parsed(schema, query));
}

const Export = z.strictObject({ ...FILTER, at: at.optional() });

/** What an export is asked for. @throws ApiError */
export function readExport(query: Readonly<Record<string, string>>): {
  readonly filter: EventFilter;
  readonly at: Moment | null;
} {
  const { at: moment, ...filter } = parsed(Export, query);
  return { filter: toFilter(filter), at: moment ?? null };
}

function parsed<Query>(schema: z.ZodType<Query>, query: Readonly<Record<string, string>>): Query {
  const result = schema.safeParse(query);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw new ApiError(400, `Query ${where}: ${issue?.message ?? 'is not valid'}`, 'docs/inspector.md has the paths.');
}

/** All that the page may ask, by path. */
export const ROUTES: Readonly<Record<string, Route>> = {
  '/api/overview': route(z.strictObject({}), (api) => api.overview()),
  '/api/actors': route(z.strictObject({ at: at.optional() }), (api, query) => api.actors(query.at ?? null)),
  '/api/moment': route(z.strictObject({ seq: digits }).or(z.strictObject({ at })), (api, query) =>
    'seq' in query ? api.moment(query.seq) : api.momentOf(query.at),
  ),
  '/api/events': route(Events, (api, { at: moment, offset, limit, ...filter }) =>
    api.events(toFilter(filter), moment ?? null, { offset, limit: Math.min(limit, MAX_PAGE) }),
  ),
  '/api/sequence': route(Events, (api, { at: moment, offset, limit, ...filter }) =>
    api.sequence(toFilter(filter), moment ?? null, { offset, limit: Math.min(limit, MAX_PAGE) }),
  ),
  '/api/place': route(Place, (api, { seq, ...filter }) => api.place(toFilter(filter), seq)),
  '/api/event': route(z.strictObject({ journal: text, position: digits }), (api, { journal, position }) =>
    api.event(journal, position),
  ),
  '/api/state': route(z.strictObject({ actor: text, at: at.optional() }), (api, query) =>
    api.state(query.actor, query.at ?? null),
  ),
  '/api/what-if': route(WhatIf, (api, query) => api.whatIf(query.actor, query.at ?? null, readJson(query.event))),
  '/api/chart': route(z.strictObject({ id: text }), (api, { id }) => api.chart(id)),
};

type FilterQuery = { readonly [Name in keyof typeof FILTER]?: string | undefined };

function toFilter({ failed, ...others }: FilterQuery): EventFilter {
  const given = Object.entries(others).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), ...(failed === undefined ? {} : { failed: true }) };
}

function readJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new ApiError(400, 'The event is no JSON', 'Check its commas and quotation marks.');
  }
}
