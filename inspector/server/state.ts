import type { Chart } from '../../machines/chart.ts';
import { activeStates, graphOf } from '../charts/graph.ts';
import type { ActorRow, Json, StateAnswer } from '../protocol/answers.ts';
import { exampleOf } from './example.ts';
import { toJson } from './json.ts';
import type { MomentIn } from './moment.ts';
import { isChartId, vocabularyOf } from '../../machines/catalogue.ts';
import type { ChartState } from '../../machines/state.ts';

/** What is told of an actor in a moment. */
export function stateAnswer(actor: string, row: ActorRow | null, moment: MomentIn): StateAnswer {
  const { chart, state, version, position } = moment;
  const known = chart !== null && state !== null;
  return {
    actor,
    chart: row?.chart ?? '',
    version,
    position,
    state: known ? describe(state) : null,
    says: whyNot(moment),
    standing: row?.standing ?? null,
    transitions: known ? transitionsFrom(chart, state) : [],
    possible: known ? possibleIn(chart, state) : [],
  };
}

export const describe = ({
  value,
  context,
}: ChartState<unknown>): { readonly value: Json; readonly context: Json } => ({
  value: toJson(value),
  context: toJson(context),
});

export const describeOrNull = ({ state }: Pick<MomentIn, 'state'>): Json => (state === null ? null : describe(state));

/** Why there is no state; null where there is one. */
export function whyNot({ state, lost, version, stream, archived }: MomentIn): string | null {
  if (state !== null) return null;
  if (archived !== null) return `${archived} cpns replay state --archive FILE shows it.`;
  if (version === 0) return `${stream} has no event yet.`;
  if (lost === null) return `${stream} cannot be judged.`;
  if ('says' in lost) return `Event ${lost.version} of ${stream}, ${lost.type}: ${lost.says}`;
  return `${stream} was recorded under a chart ${lost.id} (${lost.hash.slice(0, 12)}) that this program does not have.`;
}

function transitionsFrom(chart: Chart, state: ChartState<unknown>): readonly string[] {
  const active = new Set(['', ...activeStates(state.value)]);
  return graphOf(chart)
    .transitions.filter(({ source }) => active.has(source))
    .map(({ id }) => id);
}

function possibleIn(chart: Chart, state: ChartState<unknown>): StateAnswer['possible'] {
  if (!isChartId(chart.id)) return [];
  const vocabulary = vocabularyOf(chart.id);
  const known = toJson(state.context);
  return chart.next(state).flatMap((type) => {
    const definition = Object.hasOwn(vocabulary, type) ? vocabulary[type] : undefined;
    return definition === undefined
      ? []
      : [{ type, description: definition.description, example: exampleOf(definition.data, known) }];
  });
}
