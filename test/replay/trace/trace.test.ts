import { afterEach, describe, expect, it } from 'vitest';
import { traceToMermaid } from '../../../replay/trace/mermaid.ts';
import { traceToSvg } from '../../../replay/trace/svg.ts';
import { traceToText } from '../../../replay/trace/text.ts';
import { traceOf, type NamedJournal, type Trace } from '../../../replay/trace/trace.ts';
import { device, GATEWAY, NODES, World, type NodeName } from '../../simulation/world.ts';
import { readerOf } from '../../journal/recorded.ts';

const worlds: World[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) for (const node of NODES) await world.kill(node);
});

async function startWorld(): Promise<World> {
  const world = await World.start({
    seed: 'traces',
    pns: [{ id: 'home', gatewayId: GATEWAY, joinPolicy: 'open', members: ['pne1'] }],
    devices: [device('pne1', 'home'), device('pne3', 'home', 'needed')],
  });
  worlds.push(world);
  await world.drain();
  return world;
}

/** Lets messages arrive in their order, 2 ms after each other, but for the n-th, which is lost. */
async function arrive(world: World, lost = -1): Promise<void> {
  for (let sent = 0; world.network.inFlight.length > 0; sent++) {
    world.clock.advance(2);
    if (sent === lost) world.network.drop(0);
    else world.network.deliver(0);
    await world.settle();
  }
}

async function journalsOf(world: World, nodes: readonly NodeName[] = NODES): Promise<readonly NamedJournal[]> {
  return Promise.all(nodes.map(async (name) => ({ name, journal: readerOf(await world.events(name)) })));
}

async function traced(world: World, deviceId: string, nodes?: readonly NodeName[]): Promise<Trace> {
  const first = (await world.events('pnes')).find(({ stream }) => stream === `pne/${deviceId}`);
  const trace = await traceOf(await journalsOf(world, nodes), first?.meta.correlationId ?? '');
  if (trace === null) throw new Error(`${deviceId} has no trace`);
  return trace;
}

const messages = ({ entries }: Trace): readonly string[] =>
  entries.flatMap((entry) =>
    entry.kind === 'message'
      ? [`${entry.source} > ${entry.target}: ${entry.title}, ${entry.fate}, ${entry.latencyMs}`]
      : [],
  );
const steps = ({ entries }: Trace): readonly string[] =>
  entries.flatMap((entry) => (entry.kind === 'event' && entry.crStep !== null ? [entry.crStep] : []));

describe('the trace of a registration, over the journals of all three roles', () => {
  it('has the messages of flow 1.4.1 in their order, each with the time that it took', async () => {
    const world = await startWorld();
    await world.register('pne1');
    await arrive(world);
    const trace = await traced(world, 'pne1');
    expect(trace).toMatchObject({ deviceId: 'pne1', pnId: 'home', gatewayId: GATEWAY, flow: '1.4.1', missing: [] });
    expect(messages(trace)).toEqual([
      'PNE > PN GW: PNE Registration Request, arrived, 2',
      'PN GW > CPNS Server: PNE Registration Request, arrived, 2',
      'CPNS Server > PN GW: PNE Registration Response, arrived, 2',
      'PN GW > PNE: PNE Registration Response, arrived, 2',
      'PNE > CPNS Server: first sealed message, arrived, 4',
      'CPNS Server > PNE: sealed confirmation, arrived, 4',
    ]);
    expect(steps(trace)).toEqual(steps(trace).toSorted());
    expect(new Set(steps(trace))).toEqual(new Set(['1.4.1/1', '1.4.1/2', '1.4.1/3', '1.4.1/4']));
    expect(trace.outcome).toMatchObject({ code: 200, by: 'PNE' });
    expect(trace.outcome?.cpnsId).toMatch(/^cpns-/);
    expect(trace.disagreements).toEqual([]);
  });

  it('has all six steps of flow 1.4.2, none before an earlier one', async () => {
    const world = await startWorld();
    await world.register('pne3');
    await arrive(world);
    const trace = await traced(world, 'pne3');
    expect(steps(trace)).toEqual(steps(trace).toSorted());
    expect(new Set(steps(trace)).size).toBe(6);
    expect(messages(trace)[3]).toBe('PN GW > CPNS Server: PN Update Request, arrived, 2');
  });

  it('orders events by cause where the clocks of the machines disagree', async () => {
    const world = await startWorld();
    await world.register('pne1');
    await arrive(world);
    const trueOrder = await traced(world, 'pne1');
    const journals = await Promise.all(
      NODES.map(async (name) => {
        const lateMs = name === 'gateway' ? -3_600_000 : 0;
        const events = (await world.events(name)).map((event) => {
          const recordedAt = new Date(Date.parse(event.meta.recordedAt) + lateMs).toISOString();
          return { ...event, meta: { ...event.meta, recordedAt } };
        });
        return { name, journal: readerOf(events) };
      }),
    );
    const skewed = await traceOf(journals, trueOrder.correlationId);
    expect(skewed === null ? null : steps(skewed)).toEqual(steps(trueOrder));
  });

  it('says that a message was lost when its receiver has nothing of it', async () => {
    const world = await startWorld();
    await world.register('pne1');
    await arrive(world, 3);
    const trace = await traced(world, 'pne1');
    expect(messages(trace).at(-1)).toBe('PN GW > PNE: PNE Registration Response, lost, null');
    expect(trace.outcome).toMatchObject({ code: 200, by: 'PN GW' });
    expect(traceToText(trace)).toContain('PN GW -x PNE: PNE Registration Response (lost: the journal of the PNE');
  });

  it('does not call lost what a journal that is not at hand would know', async () => {
    const world = await startWorld();
    await world.register('pne1');
    await arrive(world);
    const trace = await traced(world, 'pne1', ['server']);
    expect(messages(trace)).toEqual([
      'PN GW > CPNS Server: PNE Registration Request, arrived, null',
      'CPNS Server > PN GW: PNE Registration Response, unseen, null',
      'PNE > CPNS Server: first sealed message, arrived, null',
      'CPNS Server > PNE: sealed confirmation, unseen, null',
    ]);
    expect(trace.missing).toEqual(['PNE', 'PN GW']);
    expect(trace.outcome).toMatchObject({ code: 200, by: 'CPNS Server' });
  });

  it('shows both versions where a PN GW records another answer than the server gave', async () => {
    const world = await startWorld();
    await world.register('pne1');
    await arrive(world);
    const { correlationId } = await traced(world, 'pne1');
    const journals = await Promise.all(
      NODES.map(async (name) => {
        const events = (await world.events(name)).map((event) =>
          name === 'gateway' && event.type === 'RegistrationAnswered'
            ? { ...event, data: { ...event.data, code: 401 } }
            : event,
        );
        return { name, journal: readerOf(events) };
      }),
    );
    const trace = await traceOf(journals, correlationId);
    expect(trace?.disagreements).toMatchObject([
      {
        message: 'PNE Registration Response, CPNS Server to PN GW',
        versions: [
          { journal: 'server', code: 200 },
          { journal: 'gateway', code: 401 },
        ],
      },
    ]);
  });

  it('is null where no journal has the correlation id', async () => {
    const world = await startWorld();
    expect(await traceOf(await journalsOf(world), 'nobody')).toBeNull();
  });
});

describe('a trace for readers', () => {
  it('is a story with the step, the actor, what happened and where it is recorded', async () => {
    const world = await startWorld();
    await world.register('pne3');
    await arrive(world);
    const lines = traceToText(await traced(world, 'pne3')).split('\n');
    expect(lines[0]).toBe('pne3 in PN home through hub, flow 1.4.2');
    expect(lines.find((line) => line.includes('1.4.2/3'))).toMatch(
      /^ +\+6 ms {2}1\.4\.2\/3 {3}PN GW {8}is not a member of the established PN +gateway \d+ {2}admission\/hub\/pne3$/,
    );
    expect(lines.at(-2)).toMatch(/^200 registered, CPNS ID cpns-[a-z2-7]{26}, says the PNE; \d+ ms /);
  });

  it('is a mermaid sequence diagram without what mermaid reads as its own', async () => {
    const world = await startWorld();
    await world.register('pne1');
    await arrive(world, 3);
    const lines = traceToMermaid(await traced(world, 'pne1')).split('\n');
    expect(lines.slice(0, 4)).toEqual([
      'sequenceDiagram',
      '  participant PNE as PNE',
      '  participant PNGW as PN GW',
      '  participant CPNSServer as CPNS Server',
    ]);
    expect(lines.filter((line) => line.includes('-x'))).toHaveLength(1);
    expect(lines.some((line) => /[;#]/.test(line))).toBe(false);
  });

  it('is an SVG picture with an arrow for every message, inside its borders', async () => {
    const world = await startWorld();
    await world.register('pne3');
    await arrive(world);
    const trace = await traced(world, 'pne3');
    const svg = traceToSvg(trace);
    const [, width = 0, height = 0] = (/viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? []).map(Number);
    expect(svg.match(/class="tip"/g)).toHaveLength(messages(trace).length);
    for (const [, x, y, w] of svg.matchAll(/<rect class="box" x="([-\d.]+)" y="([-\d.]+)" width="([\d.]+)"/g)) {
      expect(Number(x)).toBeGreaterThanOrEqual(0);
      expect(Number(x) + Number(w)).toBeLessThanOrEqual(width);
      expect(Number(y)).toBeLessThan(height);
    }
    expect(svg).not.toMatch(/https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
  });
});
