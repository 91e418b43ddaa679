import { beforeAll, describe, expect, test } from 'vitest';
import { foldActor } from '../../fold/fold.ts';
import type { Charts } from '../../fold/law.ts';
import { MemoryJournal } from '../../journal/memory.ts';
import { chartOfMachine } from '../../machines/chart.ts';
import { initialContext, terms } from '../../machines/cpns-server/registration-terms.ts';
import { registration } from '../../machines/cpns-server/registration.ts';
import { EvolutionPass, fatesOf, newlyChanged } from '../../replay/evolution.ts';
import { Scratch } from '../../replay/scratch/scratch.ts';
import { walk } from '../../replay/source.ts';
import { portSource } from '../../replay/sources/port.ts';
import { device, GATEWAY, World } from '../simulation/world.ts';
import { CHARTS } from '../../machines/catalogue.ts';

/** The registration of a later program: it no longer knows of CPNS IDs that are allocated after authentication. */
const changed = chartOfMachine(
  'cpns-server/registration',
  terms.createMachine({
    id: 'cpns-server/registration',
    context: initialContext,
    initial: 'idle',
    on: { MessageRefused: { actions: 'countRefusal' } },
    states: {
      idle: { on: { RegistrationRequestReceived: { target: 'authenticating', actions: 'keepRequest' } } },
      authenticating: { on: { PneAuthenticated: 'updating', PneAuthenticationFailed: 'idle' } },
      updating: { on: { RegistrationAnswered: 'idle' } },
    },
  }),
);
const tomorrow: Charts = { ...CHARTS, 'cpns-server/registration': changed };

let journal: MemoryJournal;
beforeAll(async () => {
  const pn = { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp', 'cup'] };
  const world = await World.start({ pns: [pn], devices: [device('lamp', 'home')] });
  await world.calm();
  await world.register('lamp');
  await world.calm();
  await world.kill('server');
  world.disk('server').snapshots.clear();
  journal = new MemoryJournal({ disk: world.disk('server') });
});

async function pass(charts?: Charts): Promise<EvolutionPass> {
  const scratch = new Scratch(1);
  try {
    const found = new EvolutionPass(scratch, charts);
    await walk(await portSource('server', journal), [found]);
    return found;
  } finally {
    scratch.close();
  }
}

describe('charts that are those of the journal', () => {
  test('take every stream, and nothing has changed', async () => {
    const recorded = await journal.charts();
    expect(fatesOf(recorded).map(({ fate }) => fate)).toEqual(recorded.map(() => 'same'));
    expect(newlyChanged(recorded)).toEqual([]);
    const found = await pass();
    expect([found.unfoldable, found.count]).toEqual([[], 0]);
    const registrations = recorded.find(({ id }) => id === registration.id);
    expect(found.eventsOf(registrations ?? { id: '', hash: '' })).toBeGreaterThan(3);
  });
});

describe('a chart whose definition changed', () => {
  test('is noticed by its hash, until an event names the new one', async () => {
    const recorded = await journal.charts();
    expect(fatesOf(recorded, tomorrow).filter(({ fate }) => fate !== 'same')).toMatchObject([
      { chart: { id: 'cpns-server/registration' }, fate: 'changed' },
    ]);
    expect(newlyChanged(recorded, tomorrow)).toEqual(['cpns-server/registration']);
    expect(newlyChanged([...recorded, { id: 'another', hash: 'h', firstPosition: 1 }], tomorrow)).toHaveLength(1);
  });

  test('says which stream it no longer takes: at which event, in which state, and what was possible there', async () => {
    const found = await pass(tomorrow);
    expect(found.count).toBe(1);
    expect(found.unfoldable).toMatchObject([
      {
        kind: 'impossible',
        fate: 'changed',
        stream: 'registration/home/lamp',
        version: 3,
        type: 'CpnsIdAllocated',
        state: 'updating',
        possible: expect.arrayContaining(['RegistrationAnswered']),
        chart: { id: 'cpns-server/registration' },
      },
    ]);
    expect(found.unfoldable[0]?.position).toBeGreaterThan(1);
  });

  test('fails where an actor of it is loaded, by the name of the stream and its event, with what to do', async () => {
    await expect(foldActor(journal, changed, 'registration/home/lamp')).rejects.toMatchObject({
      message: expect.stringMatching(/registration\/home\/lamp does not fold at version 3, .*another definition/),
      remedy: expect.stringContaining('cpns journal charts'),
    });
  });
});
