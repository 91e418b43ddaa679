import { describe, expect, it } from 'vitest';
import { cookieOf, get, json, useInspectors } from './asked.ts';
import { CHARTS } from '../../../machines/catalogue.ts';

const inspectors = useInspectors();

describe('what the page may ask', () => {
  it('filters before it limits, and tells how many there are', async () => {
    const inspector = await inspectors().start();
    const all = inspectors().journals.server.filter(({ type }) => type === 'RegistrationAnswered');
    expect(all.length).toBeGreaterThan(1);
    const page = await json(inspector, '/api/events?type=RegistrationAnswered&journal=server&limit=1&offset=0');
    expect(page).toMatchObject({
      total: all.length,
      offset: 0,
      entries: [{ type: 'RegistrationAnswered', position: all[0]?.position }],
    });
    const last = await json(inspector, '/api/events?type=RegistrationAnswered&journal=server&limit=1');
    expect(last).toMatchObject({ offset: all.length - 1, entries: [{ position: all.at(-1)?.position }] });
    const failed = await json(inspector, '/api/events?failed=1&device=thief&limit=1000');
    expect(failed).toMatchObject({ entries: expect.arrayContaining([expect.objectContaining({ code: 403 })]) });
  });

  it('shows actors, state and events of an earlier moment', async () => {
    const inspector = await inspectors().start();
    const received = inspectors().journals.server.find(
      ({ stream, type }) => stream === 'registration/home/lamp' && type === 'PneAuthenticated',
    );
    const at = `server:${received?.position},hub:0,pnes:0`;
    const state = await json(inspector, `/api/state?actor=server:registration/home/lamp&at=${at}`);
    expect(state).toMatchObject({
      state: { value: { registration: 'allocating', session: 'none' }, context: { deviceId: 'lamp' } },
      version: 2,
    });
    expect(state).toMatchObject({ standing: { fired: ['registration.authenticating|PneAuthenticated|0'] } });
    expect(state).toMatchObject({
      transitions: expect.arrayContaining(['registration.allocating|CpnsIdAllocated|0', '|MessageRefused|0']),
    });
    const { actors } = (await json(inspector, `/api/actors?at=${at}`)) as { actors: readonly { journal: string }[] };
    expect(new Set(actors.map(({ journal }) => journal))).toEqual(new Set(['server']));
  });

  it('tells of an event what it changed, what caused it, and what it led to', async () => {
    const inspector = await inspectors().start();
    const request = inspectors().journals.server.find(
      ({ stream, type }) => stream === 'registration/home/lamp' && type === 'RegistrationRequestReceived',
    );
    const event = await json(inspector, `/api/event?journal=server&position=${request?.position}`);
    expect(event).toMatchObject({
      recorded: request,
      changes: expect.arrayContaining([
        { path: 'value.registration', after: 'authenticating', before: { idle: 'unregistered' } },
      ]),
      causes: [{ type: 'RegistrationForwarded', journal: 'hub' }],
      correlated: expect.any(Number),
    });
    expect(event).toMatchObject({
      step: expect.arrayContaining([expect.objectContaining({ type: 'PneAuthenticated' })]),
    });
    // What comes of it in the same step has the same cause.
    const next = await json(inspector, `/api/event?journal=server&position=${(request?.position ?? 0) + 1}`);
    expect(next).toMatchObject({
      entry: { type: 'PneAuthenticated' },
      causes: [{ type: 'RegistrationForwarded', journal: 'hub' }],
    });
  });

  it('applies an event to a copy, and changes nothing', async () => {
    const inspector = await inspectors().start();
    const before = await json(inspector, '/api/state?actor=pnes:pne/lamp');
    const whatIf = async (event: unknown): Promise<unknown> =>
      json(inspector, `/api/what-if?actor=pnes:pne/lamp&event=${encodeURIComponent(JSON.stringify(event))}`);
    const { possible } = before as { possible: readonly { type: string; example: unknown }[] };
    const wanted = possible.find(({ type }) => type === 'RegistrationWanted');
    expect(wanted?.example).toMatchObject({ deviceId: 'lamp', pnId: 'home', gatewayId: 'hub' });
    expect(await whatIf({ type: 'RegistrationWanted', data: wanted?.example })).toMatchObject({
      outcome: 'taken',
      standing: {
        state: 'registration.requesting|session.established',
        fired: ['registration.registered.settled|RegistrationWanted|0'],
      },
      changes: expect.arrayContaining([expect.objectContaining({ path: 'value.registration', after: 'requesting' })]),
      effects: [{ type: 'ask', fact: 'requestRegistration' }],
    });
    expect(await whatIf({ type: 'BackOffEnded', data: {} })).toMatchObject({ outcome: 'refused' });
    expect(await whatIf({ type: 'RegistrationWanted', data: { deviceId: 'A B' } })).toMatchObject({
      outcome: 'invalid',
    });
    expect(await whatIf({ type: 'Nonsense', data: {} })).toMatchObject({ outcome: 'invalid' });
    expect(await whatIf('x')).toMatchObject({ outcome: 'invalid' });
    expect(await json(inspector, '/api/state?actor=pnes:pne/lamp')).toEqual(before);
  });

  it.each([
    ['/api/events?limit=x', 400],
    ['/api/events?at=yesterday', 400],
    ['/api/events?nonsense=1', 400],
    ['/api/state?actor=nowhere:pne/lamp', 404],
    ['/api/event?journal=server&position=99999', 404],
    ['/api/chart?id=none', 404],
    ['/api/what-if?actor=pnes:pne/lamp&event=%7B', 400],
    ['/api/what-if?actor=pnes:pne/nobody&event=%7B%7D', 400],
    ['/api/toString', 404],
  ])('answers %s with a sentence and a remedy', async (path, status) => {
    const { port } = await inspectors().start();
    const answer = await get(port, path, cookieOf(port));
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toEqual({
      error: expect.stringMatching(/\w/),
      remedy: expect.stringMatching(/\w/),
    });
  });

  it('gives the layout of every chart', async () => {
    const inspector = await inspectors().start();
    const { charts } = (await json(inspector, '/api/overview')) as { charts: readonly { id: string }[] };
    expect(charts.map(({ id }) => id)).toEqual(Object.keys(CHARTS));
    const chart = await json(inspector, '/api/chart?id=pn-gateway/usage');
    expect(chart).toMatchObject({ geometry: { id: 'pn-gateway/usage', width: expect.any(Number) } });
  });
});
