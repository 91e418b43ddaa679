import { beforeAll, describe, expect, test } from 'vitest';
import { createMachine } from 'xstate';
import type { RecordedEvent } from '../../journal/port.ts';
import { chartOfMachine, type Chart } from '../../machines/chart.ts';
import { chartName } from '../../fold/chart-hash.ts';
import { audit } from '../../replay/audit.ts';
import { judge, type Verdict } from '../../replay/verdict.ts';
import { device, GATEWAY, NODES, World } from '../simulation/world.ts';
import { rowsOf, rowsSource } from './rows.ts';
import { type ChartId, CHARTS } from '../../machines/catalogue.ts';

/** The law is changed at one place, and the record is held against it: what goes through that place deviates there. */

let journals: readonly (readonly RecordedEvent[])[];
beforeAll(async () => {
  const pns = [
    { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp'] },
    { id: 'vault', gatewayId: GATEWAY, joinPolicy: 'closed' as const, members: [] },
  ];
  const devices = [device('lamp', 'home'), device('cup', 'home', 'needed'), device('thief', 'vault', 'needed')];
  const world = await World.start({ pns, devices });
  await world.calm();
  for (const { deviceId } of devices) await world.register(deviceId);
  await world.calm();
  journals = await Promise.all(NODES.map((node) => world.events(node)));
});

/** The same guards and actions in a definition that was changed. */
function changed(chart: Chart<ChartId>, part: string, instead: string): Chart<ChartId> {
  const { machine } = chart;
  const text = JSON.stringify(machine.config);
  expect(text).toContain(part);
  const { guards, actions } = machine.implementations;
  return chartOfMachine(chart.id, createMachine(JSON.parse(text.replace(part, instead)), { guards, actions }));
}

/** As recorded under the changed chart. */
function under(chart: Chart<ChartId>): readonly (readonly RecordedEvent[])[] {
  const name = chartName(chart);
  const renamed = (event: RecordedEvent): RecordedEvent =>
    event.meta.chart.id === chart.id ? { ...event, meta: { ...event.meta, chart: name } } : event;
  return journals.map((events) => events.map(renamed));
}

async function verdictUnder(chart: Chart<ChartId>, recorded: readonly (readonly RecordedEvent[])[]): Promise<Verdict> {
  const sources = recorded.map((events, index) => rowsSource(NODES[index] ?? '', rowsOf(events)));
  const charts = { ...CHARTS, [chart.id]: chart };
  return judge(await audit(sources, { verifiers: [], brought: [], charts }), 'test').verdict;
}

describe('a record under a chart that was changed', () => {
  test.each([
    [
      'a transition that leads elsewhere',
      'cpns-server/registration',
      '"PneAuthenticated":{"guard":"isNewer","target":"allocating"',
      '"PneAuthenticated":{"guard":"isNewer","target":"refusing"',
      { type: 'CpnsIdAllocated', state: { registration: 'refusing', session: 'none' } },
    ],
    [
      'a transition of strangers that leads elsewhere',
      'pn-gateway/admission',
      '{"guard":"isPaired","target":"requestingUpdate"',
      '{"guard":"isPaired","target":"forwarding"',
      { type: 'PnUpdateRequested', state: 'forwarding' },
    ],
    [
      'a guard that is gone',
      'pn-gateway/admission',
      '{"guard":"isAdded","target":"forwarding"',
      '{"target":"forwarding"',
      { type: 'ResponseForwarded', state: 'forwarding' },
    ],
    [
      'a guard that is another one',
      'pn-gateway/admission',
      '{"guard":"isPaired","target":"requestingUpdate"',
      '{"guard":"isUnreachable","target":"requestingUpdate"',
      { type: 'PnUpdateRequested', state: 'checkingMembership' },
    ],
  ] as const)('deviates where it goes through %s', async (_, id, part, instead, where) => {
    const chart = changed(CHARTS[id], part, instead);
    const { verdict, findings } = await verdictUnder(chart, under(chart));
    expect(verdict).toBe('DEVIATIONS');
    const [first] = findings;
    expect(first).toMatchObject({ rule: 'chart', ...where });
    expect(first?.possible.length).toBeGreaterThan(0);
  });

  test('conforms where no event goes through the changed place', async () => {
    const [part, instead] = ['"BackOffEnded":{"target":"reporting"', '"BackOffEnded":{"target":"idle"'];
    const chart = changed(CHARTS['pn-gateway/usage'], part, instead);
    expect(await verdictUnder(chart, under(chart))).toMatchObject({ verdict: 'CONFORMANT', findings: [] });
  });

  test('is not judged by the chart that this program has in its place', async () => {
    const chart = changed(CHARTS['pn-gateway/admission'], '"isAdded"', '"isPaired"');
    const own = CHARTS['pn-gateway/admission'];
    const { verdict, findings, notChecked } = await verdictUnder(own, under(chart));
    expect([verdict, findings]).toEqual(['INCOMPLETE', []]);
    expect(notChecked[0]?.says).toContain(chartName(chart).hash);
  });
});

test('a PN GW that passes on 401 where it received 403 is found in its journal alone', async () => {
  const gateway = journals[NODES.indexOf('gateway')] ?? [];
  const isRefusal = ({ type, data }: RecordedEvent): boolean => type === 'ResponseForwarded' && data['code'] === 403;
  expect(gateway.filter(isRefusal)).toHaveLength(1);
  const altered = gateway.map((event) => (isRefusal(event) ? { ...event, data: { ...event.data, code: 401 } } : event));
  const source = rowsSource('gateway', rowsOf(altered));
  const { verdict, findings } = judge(await audit([source], { verifiers: [], brought: [] }), 'test').verdict;
  expect(verdict).toBe('DEVIATIONS');
  expect(findings).toMatchObject([{ type: 'ResponseForwarded', state: 'answering' }]);
});
