import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../journal/port.ts';
import { changesBetween } from '../../../inspector/server/diff.ts';
import { exampleOf } from '../../../inspector/server/example.ts';
import type { Json } from '../../../inspector/protocol/answers.ts';
import { pneRegistrationEvents } from '../../../events/vocabulary/pne/registration.ts';
import { CHART_IDS, vocabularyOf } from '../../../machines/catalogue.ts';
import { checkEvent } from '../../../fold/decode.ts';

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

describe('an example of an event, for somebody to edit', () => {
  it.each(
    CHART_IDS.flatMap((chart) =>
      Object.entries(vocabularyOf(chart)).map(([type, { data }]) => ({ chart, type, data })),
    ),
  )('of $chart: $type has the shape that the vocabulary wants', ({ chart, type, data }) => {
    const example = exampleOf(data, {});
    if (!isObject(example)) throw new Error('That is no event.');
    expect(() => checkEvent(chart, { type, data: example })).not.toThrow();
  });

  it('has what the actor knows under the same names', () => {
    const known = { deviceId: 'lamp', pnId: '', keyId: null, other: 1 };
    const example = exampleOf(pneRegistrationEvents.RegistrationWanted.data, known);
    expect(example).toMatchObject({ deviceId: 'lamp', gatewayId: 'a', pnId: 'a' });
    expect(example).not.toHaveProperty('other');
  });
});

describe('the difference between two states', () => {
  it('is told field by field, with what is new and what is gone', () => {
    const before = { value: 'a', context: { same: 1, list: [1, 2], gone: 'x', deep: { inner: true } } };
    const after = { value: { b: 'c' }, context: { same: 1, list: [1, 3, 4], deep: { inner: false }, fresh: null } };
    expect(changesBetween(before, after)).toEqual([
      { path: 'value', before: 'a', after: { b: 'c' } },
      { path: 'context.list[1]', before: 2, after: 3 },
      { path: 'context.list[2]', after: 4 },
      { path: 'context.gone', before: 'x' },
      { path: 'context.deep.inner', before: true, after: false },
      { path: 'context.fresh', after: null },
    ]);
    expect(changesBetween(after, after)).toEqual([]);
  });
});
