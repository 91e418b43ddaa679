import { describe, expect, expectTypeOf, test } from 'vitest';
import { FLOWS } from '../../events/fields.ts';
import { ROLE_NAMES, ROLES, type RoleName } from '../../events/parties.ts';
import { CATALOGUE, CHART_IDS, CHARTS, isChartId, rowOf as chartRow, type ChartId } from '../../machines/catalogue.ts';
import type { Decider, Deciders } from '../../actors/loop/role.ts';
import {
  MESSAGES,
  rowNamed,
  rowOf,
  type CATALOGUE as MESSAGE_CATALOGUE,
  type Message,
} from '../../messages/catalogue.ts';
import {
  type Body,
  type Incoming,
  type TakenBy,
  type TakenByChart,
  type TakenByType,
} from '../../messages/incoming.ts';
import { LEG_NAMES, LEGS, type Leg } from '../../messages/legs.ts';
import { namesIn } from '../../messages/patterns.ts';
import { answerTo, isAnswer } from '../../messages/refusal.ts';
import type { End } from '../../messages/row.ts';
import { SEALED_MESSAGES, SEALED_TEXTS } from '../../messages/sealed-texts.ts';

const rows = MESSAGES.map((row) => [`${row.leg}.${row.type}`, row] as const);
const fieldsOf = (row: Message | null): readonly string[] => Object.keys(row?.body.shape ?? {});

/** Why there is no such event at the end of a message; null where there is one. */
function faultOf([event, name]: End): string | null {
  const [chart = '', type = '', refused] = event.split(' ');
  const definition = isChartId(chart) ? chartRow(chart).vocabulary[type] : undefined;
  if (definition === undefined) return `no event ${event}`;
  if (refused !== undefined && !MESSAGES.some((row) => row.type === refused)) return `no message ${refused}`;
  if (!name.startsWith('data.')) return null;
  const { data } = definition;
  const field = name.slice('data.'.length);
  return 'shape' in data && Object.hasOwn(data.shape ?? {}, field) ? null : `${event} has no ${field}`;
}

describe.each(rows)('%s', (_, row) => {
  test('is taken by an actor of a chart of its target, by a channel, or by the next leg as a message of the same type', () => {
    const { takenBy, leg, type } = row;
    if ('chart' in takenBy) {
      expect(isChartId(takenBy.chart)).toBe(true);
      expect(takenBy.chart.startsWith(`${LEGS[leg].target}/`)).toBe(true);
    } else if ('relayedAs' in takenBy) {
      const onward = rowNamed(takenBy.relayedAs);
      expect(onward?.type).toBe(type);
      expect(onward && LEGS[onward.leg].source).toBe(LEGS[leg].target);
    } else {
      expect(fieldsOf(row)).toContain('epoch');
    }
  });

  test('names every id of the actor that takes it', () => {
    const { takenBy, leg } = row;
    if (!('chart' in takenBy) || !isChartId(takenBy.chart)) return;
    const ids = namesIn(CATALOGUE[takenBy.chart].stream);
    const named = [...namesIn(LEGS[leg].pattern), ...fieldsOf(row)];
    // The PN GW has one stream of its own.
    expect(named).toEqual(expect.arrayContaining([...ids]));
  });

  test('costs its sender something on its way up, and nothing on its way down', () => {
    expect(row.cost === undefined).toBe(row.leg.endsWith('.down'));
  });

  test('has an answer that comes back, and that can say its code and echo the request when it refuses', () => {
    if (row.answeredBy === undefined) return;
    const answer = answerTo(row.leg, row.type);
    expect(answer?.type).toBe(row.answeredBy);
    expect(answer && isAnswer(answer.leg, answer.type)).toBe(true);
    if (answer?.refusing === undefined) return;
    const said = ['code', ...Object.keys(answer.refusing), ...fieldsOf(row)];
    expect(fieldsOf(answer).filter((field) => !said.includes(field))).toEqual([]);
  });

  test('is an answer where it can refuse', () => {
    if (row.refusing !== undefined) expect(isAnswer(row.leg, row.type)).toBe(true);
  });

  test('has ends in the journals that are events of those charts, with what names it', () => {
    const { sent = [], received = [] } = row;
    expect([...sent, ...received].flatMap((end) => faultOf(end) ?? [])).toEqual([]);
    expect(sent.length > 0).toBe(received.length > 0);
    for (const [event] of sent) expect(event.startsWith(`${LEGS[row.leg].source}/`)).toBe(true);
    for (const [event] of received) expect(event.startsWith(`${LEGS[row.leg].target}/`)).toBe(true);
  });

  test('has steps of the flows of the change request', () => {
    expect(Object.keys(row.steps ?? {}).filter((flow) => !FLOWS.some((one) => one === flow))).toEqual([]);
  });
});

test('what is said sealed in a session has ends that are events of those charts, and a counter for each text of a direction', () => {
  expect(SEALED_MESSAGES.flatMap(({ sent = [], received = [] }) => [...sent, ...received]).flatMap(faultOf)).toEqual(
    SEALED_MESSAGES.flatMap(({ sent = [], received = [] }) => [...sent, ...received]).map(() => null),
  );
  for (const source of ['PNE', 'CPNS Server'] as const) {
    const counters = SEALED_MESSAGES.filter((row) => row.source === source).map(
      ({ type }) => SEALED_TEXTS[type].counter,
    );
    expect(new Set(counters).size).toBe(counters.length);
  }
});

test('what a chart has its role send is a message of the catalogue on a leg of this role, or a text of a session', () => {
  const known = new Set([
    ...MESSAGES.map(({ leg, type }) => `${LEGS[leg].source} ${type}`),
    ...SEALED_MESSAGES.map(({ source, type }) => `${ROLE_NAMES.find((role) => ROLES[role] === source)} ${type}`),
  ]);
  const sent = CHART_IDS.flatMap((id) => CHARTS[id].messages.map((type) => `${chartRow(id).role} ${type}`));
  expect(sent.filter((one) => !known.has(one))).toEqual([]);
});

test('a leg answers on the leg between the same two, and each role is spoken to', () => {
  for (const leg of LEG_NAMES) {
    const { source, target, back } = LEGS[leg];
    expect(LEGS[back]).toMatchObject({ source: target, target: source, back: leg });
  }
  expect(new Set(LEG_NAMES.map((leg) => LEGS[leg].target))).toEqual(new Set(ROLE_NAMES));
});

test('a message of no row has none, whatever it is called', () => {
  expect(rowOf('link.up', 'constructor')).toBeNull();
  expect(rowOf('wan.up', 'pairing-request')).toBeNull();
});

test('a role without a decider for a message that it takes, or with one of another message, does not compile', () => {
  type Pne = TakenByType<'pne'>;
  expectTypeOf<Omit<Deciders<'pne'>, 'sealed'>>().not.toExtend<Deciders<'pne'>>();
  expectTypeOf<Decider<Pne['sealed']>>().not.toExtend<Decider<Pne['pairing-response']>>();
  expectTypeOf<keyof Deciders<'pne'>>().toEqualTypeOf<
    'pairing-response' | 'registration-response' | 'sealed' | 'notice'
  >();
  expect(typesTakenBy('pne')).toEqual(['notice', 'pairing-response', 'registration-response', 'sealed']);
});

test('the ends of a message are events of the charts that they name', () => {
  type Table = typeof MESSAGE_CATALOGUE;
  type Each = { [L in Leg]: Table[L][keyof Table[L]] }[Leg];
  type In<R, Key extends 'sent' | 'received'> = R extends {
    readonly [K in Key]: readonly (readonly [infer E, string])[];
  }
    ? E
    : never;
  type Known = { [Id in ChartId]: `${Id} ${keyof (typeof CATALOGUE)[Id]['vocabulary'] & string}` }[ChartId];
  type Event<End> = End extends `${infer Chart} ${infer Type} ${string}` ? `${Chart} ${Type}` : End;
  expectTypeOf<Exclude<Event<In<Each, 'sent'> | In<Each, 'received'>>, Known>>().toBeNever();
  expectTypeOf<Event<In<Each, 'sent'>>>().not.toBeNever();
});

test('types tell the body of each message', () => {
  expectTypeOf<keyof TakenByType<'cpns-server'>>().toEqualTypeOf<
    | 'gateway-registration-request'
    | 'pn-establishment-request'
    | 'pn-update-request'
    | 'registration-request'
    | 'sealed'
    | 'usage-report'
  >();
  expectTypeOf<keyof TakenByType<'pn-gateway'>>().toEqualTypeOf<
    | 'pairing-request'
    | 'registration-request'
    | 'gateway-registration-response'
    | 'pn-establishment-response'
    | 'pn-update-response'
    | 'registration-response'
    | 'usage-report-response'
    | 'inventory-notice'
    | 'notice'
  >();
  expectTypeOf<TakenByChart<'cpns-server/registration'>['content']['type']>().toEqualTypeOf<
    'registration-request' | 'sealed'
  >();
  expectTypeOf<TakenBy<'pne'>>().toExtend<Incoming>();
  expectTypeOf<Body<'usage-report-response', 'wan.down'>['deviceId']>().toEqualTypeOf<string>();
  expectTypeOf<'cpns-server/registration'>().toExtend<ChartId>();
});

function typesTakenBy(role: RoleName): readonly string[] {
  const taken = MESSAGES.filter(({ leg, takenBy }) => LEGS[leg].target === role && 'chart' in takenBy);
  return taken.map(({ type }) => type).toSorted();
}
