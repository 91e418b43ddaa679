import { describe, expect, it } from 'vitest';
import { setup } from 'xstate';
import { graphOf, isTimeOut } from '../../../inspector/charts/graph.ts';
import { chartToMermaid, everywhere } from '../../../inspector/charts/mermaid.ts';
import { chartOfMachine } from '../../../machines/chart.ts';
import { edgesOf, explore } from '../../machines/explore.ts';
import { POOL } from '../../machines/pool.ts';
import { isChartId, CHARTS } from '../../../machines/catalogue.ts';

/** The grammar of mermaid's `stateDiagram-v2`, as far as the pictures use it; held against mermaid 11.17 in a browser. */
const NAME = String.raw`[A-Za-z]\w*`;
const LABEL = String.raw`[A-Za-z][\w ,/.()[\]]*(?:<br/>[A-Za-z][\w ,/.()[\]]*)*`;
const LINES = [
  new RegExp(String.raw`^state "[A-Za-z]\w*" as ${NAME}(?: \{)?$`),
  new RegExp(String.raw`^${NAME} : ${LABEL}$`),
  new RegExp(String.raw`^(?:\[\*\]|${NAME}) --> (?:${NAME}|\[\*\])$`),
  new RegExp(String.raw`^${NAME} --> ${NAME} : ${LABEL}$`),
  new RegExp(String.raw`^note right of ${NAME}$`),
  /^end note$/,
  /^\}$/,
];

const door = chartOfMachine(
  'door',
  setup({
    types: { events: {} as { readonly type: 'Opened' | 'Closed' | 'Locked' | 'Broken' | 'WaitOverdue' } },
    guards: { hasKey: () => true, hasTime: () => true },
    actions: { ring: () => {} },
  }).createMachine({
    id: 'door',
    initial: 'shut',
    on: { Broken: { actions: 'ring' } },
    states: {
      shut: {
        initial: 'unlocked',
        description: 'No way through.',
        on: {
          Opened: { target: 'open', description: '1.4.1/1, 1.4.2/2: somebody comes.' },
          Closed: { actions: 'ring' },
        },
        states: {
          unlocked: { on: { Locked: { guard: 'hasKey', target: 'locked' } } },
          locked: {},
        },
      },
      open: {
        on: {
          Closed: [
            { guard: 'hasKey', target: 'shut.locked' },
            { guard: 'hasTime', target: 'gone' },
            { target: 'gone' },
          ],
          Locked: { target: 'gone' },
          WaitOverdue: [{ guard: 'hasTime', actions: 'ring' }, { target: 'shut' }],
        },
      },
      gone: { type: 'final' },
    },
  }),
);

describe('the picture of a chart', () => {
  it('shows nested states, first and last ones, guards, steps and time-outs', () => {
    expect(chartToMermaid(graphOf(door)).split('\n')).toEqual([
      'stateDiagram-v2',
      '  state "shut" as shut {',
      '    state "unlocked" as shut_unlocked',
      '    state "locked" as shut_locked',
      '    [*] --> shut_unlocked',
      '  }',
      '  note right of shut',
      '    Closed',
      '  end note',
      '  state "open" as open',
      '  open : timer WaitOverdue [hasTime]',
      '  state "gone" as gone',
      '  [*] --> shut',
      '  gone --> [*]',
      '  shut --> open : Opened (1.4.1/1, 1.4.2/2)',
      '  shut_unlocked --> shut_locked : Locked [hasKey]',
      '  open --> shut_locked : Closed [hasKey]',
      '  open --> gone : Closed [hasTime, else]<br/>Locked',
      '  open --> shut : timer WaitOverdue [else]',
      '',
    ]);
  });

  it('leaves out what is taken everywhere, and says what that is', () => {
    expect(everywhere(graphOf(door))).toEqual(['Broken']);
  });

  it('comes with a list of its states', () => {
    const states = graphOf(door).states.map(({ id, description }) => ({ id, description }));
    expect(states.map(({ id }) => id)).toEqual(['', 'shut', 'shut.unlocked', 'shut.locked', 'open', 'gone']);
    expect(states[1]).toEqual({ id: 'shut', description: 'No way through.' });
  });
});

describe.each(
  Object.keys(CHARTS)
    .filter(isChartId)
    .map((id) => [id, CHARTS[id]] as const),
)('the picture of %s', (id, chart) => {
  const picture = chartToMermaid(graphOf(chart));
  const lines = picture
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.trim());

  it('is of lines that mermaid reads', () => {
    expect(picture).toMatch(/^stateDiagram-v2\n/);
    let inNote = false;
    for (const line of lines) {
      if (line === 'end note') inNote = false;
      if (inNote) expect(line).toMatch(new RegExp(`^${LABEL}$`));
      else
        expect(
          LINES.some((pattern) => pattern.test(line)),
          line,
        ).toBe(true);
      if (line.startsWith('note ')) inNote = true;
    }
    expect(lines.filter((line) => line.endsWith('{'))).toHaveLength(lines.filter((line) => line === '}').length);
  });

  it('declares each state once and draws arrows between no others', () => {
    const declared = lines.flatMap((line) => /^state "\w+" as (\w+)/.exec(line)?.[1] ?? []);
    expect(new Set(declared).size).toBe(declared.length);
    expect(declared).toHaveLength(graphOf(chart).states.length - 1);
    const drawn = lines.flatMap((line) => /^(\w+) --> (\w+)/.exec(line)?.slice(1, 3) ?? []);
    for (const end of drawn) expect(declared).toContain(end);
  });

  it('shows every transition', () => {
    const shown = [...lines, ...everywhere(graphOf(chart))].join('\n');
    for (const { event, guard } of edgesOf(chart)) {
      expect(shown).toContain(event);
      if (guard !== null) expect(shown).toContain(guard);
    }
  });

  it('marks as time-outs exactly the events that timers bring', () => {
    const events = [...new Set(edgesOf(chart).map(({ event }) => event))];
    expect(events.filter(isTimeOut).toSorted()).toEqual([...explore(chart, POOL[id]).armed].toSorted());
  });
});
