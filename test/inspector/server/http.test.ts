import { request } from 'node:http';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../actors/seams/clock.ts';
import { systemEntropy } from '../../../actors/seams/entropy.ts';
import { RecordedLog } from '../../../actors/seams/log.ts';
import type { RecordedEvent } from '../../../events/journal/port.ts';
import { CHARTS } from '../../../machines/all.ts';
import { startInspector, type Inspector } from '../../../inspector/server/inspector.ts';
import type { PageFiles } from '../../../inspector/server/page-files.ts';
import { someJournals, sourceOf, type Journals } from './world.ts';

const TOKEN = 'a-token-of-the-test-0123456789abcdef';
const FILES: PageFiles = {
  find: (path) =>
    path === '/' ? { headers: { 'Content-Type': 'text/html' }, body: Buffer.from('<p>page</p>') } : null,
};

let journals: Journals;
beforeAll(async () => {
  journals = await someJournals();
});

const running: Inspector[] = [];
afterEach(async () => {
  for (const inspector of running.splice(0)) await inspector.close();
});

async function start(server: readonly RecordedEvent[] = journals.server): Promise<Inspector> {
  const inspector = await startInspector({
    sources: [sourceOf('server', server), sourceOf('hub', journals.gateway), sourceOf('pnes', journals.pnes)],
    files: FILES,
    port: 0,
    token: TOKEN,
    clock: systemClock,
    entropy: systemEntropy,
    log: new RecordedLog(),
  });
  running.push(inspector);
  return inspector;
}

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

function get(port: number, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    asking.on('error', reject).end();
  });
}

const cookieOf = (port: number): Record<string, string> => ({ cookie: `cpns-inspector-${port}=${TOKEN}` });

async function json(inspector: Inspector, path: string): Promise<unknown> {
  const { status, body } = await get(inspector.port, path, cookieOf(inspector.port));
  expect(status, body).toBe(200);
  return JSON.parse(body);
}

/** Messages of the event stream until there are so many. */
async function listen(
  { port }: Inspector,
  count: number,
  lastId: string | null = null,
): Promise<readonly { readonly id: string; readonly data: Record<string, unknown> }[]> {
  const headers = { ...cookieOf(port), ...(lastId === null ? {} : { 'last-event-id': lastId }) };
  return await new Promise((resolve, reject) => {
    let text = '';
    const asking = request({ host: '127.0.0.1', port, path: '/api/live', headers }, (response) => {
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        const blocks = text.split('\n\n').slice(0, -1);
        if (blocks.length < count) return;
        asking.destroy();
        resolve(
          blocks.map((block) => ({
            id: /^id: (.*)$/m.exec(block)?.[1] ?? '',
            data: JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '{}'),
          })),
        );
      });
    });
    asking.on('error', reject).end();
  });
}

describe('the door', () => {
  it('opens for the token in the address, which goes into a cookie that scripts cannot read', async () => {
    const { port, url } = await start();
    expect(url).toBe(`http://127.0.0.1:${port}/?token=${TOKEN}`);
    const signedIn = await get(port, `/?view=events&token=${TOKEN}`);
    expect(signedIn.status).toBe(303);
    expect(signedIn.headers['location']).toBe('/?view=events');
    const [cookie = ''] = signedIn.headers['set-cookie'] ?? [];
    expect(cookie).toBe(`cpns-inspector-${port}=${TOKEN}; HttpOnly; SameSite=Lax; Path=/`);
    expect(await get(port, '/', cookieOf(port))).toMatchObject({ status: 200, body: '<p>page</p>' });
  });

  it.each([
    ['without the token', {}, 401],
    ['with another token', { cookie: `cpns-inspector-PORT=${TOKEN.replace('a', 'b')}` }, 401],
    ['under a name that others let point here', { host: 'evil.example:PORT', cookie: 'COOKIE' }, 403],
    ['at another port', { host: '127.0.0.1:1', cookie: 'COOKIE' }, 403],
    ['from a page of another site', { origin: 'http://evil.example', cookie: 'COOKIE' }, 403],
    ['from a page of another port', { origin: 'http://127.0.0.1:1', cookie: 'COOKIE' }, 403],
    ['as part of another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', cookie: 'COOKIE' }, 403],
  ])('stays shut %s', async (_, headers: Record<string, string>, status) => {
    const { port } = await start();
    const filled = Object.entries(headers).map(([name, value]) => [
      name,
      value.replace('COOKIE', `cpns-inspector-PORT=${TOKEN}`).replace('PORT', String(port)),
    ]);
    for (const path of ['/', '/api/overview', '/api/live', `/?token=${'x'.repeat(TOKEN.length)}`]) {
      expect((await get(port, path, Object.fromEntries(filled))).status, path).toBe(status);
    }
  });

  it('lets nobody write, and sends the policy of the page with everything', async () => {
    const { port } = await start();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect((await get(port, '/api/overview', cookieOf(port), method)).status).toBe(405);
    }
    for (const path of ['/', '/api/overview', '/nothing', '/../package.json', '/api/nothing']) {
      const { headers } = await get(port, path, cookieOf(port));
      expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
      expect(headers['content-security-policy']).not.toContain('unsafe');
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    }
    expect((await get(port, '/../package.json', cookieOf(port))).status).toBe(404);
  });
});

describe('what the page may ask', () => {
  it('filters before it limits, and tells how many there are', async () => {
    const inspector = await start();
    const all = journals.server.filter(({ type }) => type === 'RegistrationAnswered');
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
    const inspector = await start();
    const received = journals.server.find(
      ({ stream, type }) => stream === 'registration/home/lamp' && type === 'PneAuthenticated',
    );
    const at = `server:${received?.position},hub:0,pnes:0`;
    const state = await json(inspector, `/api/state?actor=server:registration/home/lamp&at=${at}`);
    expect(state).toMatchObject({ state: { value: 'allocating', context: { deviceId: 'lamp' } }, version: 2 });
    expect(state).toMatchObject({ standing: { fired: ['authenticating|PneAuthenticated|0'] } });
    expect(state).toMatchObject({
      transitions: expect.arrayContaining(['allocating|CpnsIdAllocated|0', '|MessageRefused|0']),
    });
    const { actors } = (await json(inspector, `/api/actors?at=${at}`)) as { actors: readonly { journal: string }[] };
    expect(new Set(actors.map(({ journal }) => journal))).toEqual(new Set(['server']));
    const diff = await json(inspector, `/api/diff?actor=server:registration/home/lamp&from=server:0&to=${at}`);
    expect(diff).toMatchObject({ changes: [{ path: '', before: null }] });
  });

  it('tells of an event what it changed, what caused it, and what it led to', async () => {
    const inspector = await start();
    const request = journals.server.find(
      ({ stream, type }) => stream === 'registration/home/lamp' && type === 'RegistrationRequestReceived',
    );
    const event = await json(inspector, `/api/event?journal=server&position=${request?.position}`);
    expect(event).toMatchObject({
      recorded: request,
      changes: expect.arrayContaining([{ path: 'value', after: 'authenticating', before: { idle: 'unregistered' } }]),
      causes: [{ type: 'RegistrationForwarded', journal: 'hub' }],
      correlated: expect.any(Number),
    });
    expect(event).toMatchObject({
      step: expect.arrayContaining([expect.objectContaining({ type: 'PneAuthenticated' })]),
    });
  });

  it('applies an event to a copy, and changes nothing', async () => {
    const inspector = await start();
    const before = await json(inspector, '/api/state?actor=pnes:pne/lamp');
    const whatIf = async (event: unknown): Promise<unknown> =>
      json(inspector, `/api/what-if?actor=pnes:pne/lamp&event=${encodeURIComponent(JSON.stringify(event))}`);
    const { possible } = before as { possible: readonly { type: string; example: unknown }[] };
    const wanted = possible.find(({ type }) => type === 'RegistrationWanted');
    expect(wanted?.example).toMatchObject({ deviceId: 'lamp', pnId: 'home', gatewayId: 'hub' });
    expect(await whatIf({ type: 'RegistrationWanted', data: wanted?.example })).toMatchObject({
      outcome: 'taken',
      standing: { state: 'requesting', fired: ['registered.confirmed|RegistrationWanted|0'] },
      changes: expect.arrayContaining([expect.objectContaining({ path: 'value', after: 'requesting' })]),
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
    const { port } = await start();
    const answer = await get(port, path, cookieOf(port));
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toEqual({
      error: expect.stringMatching(/\w/),
      remedy: expect.stringMatching(/\w/),
    });
  });

  it('gives the layout of every chart', async () => {
    const inspector = await start();
    const { charts } = (await json(inspector, '/api/overview')) as { charts: readonly { id: string }[] };
    expect(charts.map(({ id }) => id)).toEqual(Object.keys(CHARTS));
    const chart = await json(inspector, '/api/chart?id=pn-gateway/usage');
    expect(chart).toMatchObject({ geometry: { id: 'pn-gateway/usage', width: expect.any(Number) } });
  });
});

describe('the event stream', () => {
  it('tells what comes, and goes on after a reconnect without a gap or a repetition', async () => {
    const events = journals.server.slice(0, -4);
    const inspector = await start(events);
    const [hello] = await listen(inspector, 1);
    expect(hello?.data).toMatchObject({ kind: 'hello', total: inspector.total });
    events.push(...journals.server.slice(-4, -2));
    const [again, entries] = await listen(inspector, 2, hello?.id ?? null);
    expect(again?.data).toMatchObject({ kind: 'hello' });
    expect(positionsOf(entries?.data)).toEqual(journals.server.slice(-4, -2).map(({ position }) => position));
    events.push(...journals.server.slice(-2));
    const [, rest] = await listen(inspector, 2, entries?.id ?? null);
    expect(positionsOf(rest?.data)).toEqual(journals.server.slice(-2).map(({ position }) => position));
  });

  it('tells a page of an earlier instance, and one that missed too much, to ask anew', async () => {
    const first = await start();
    const [hello] = await listen(first, 1);
    const second = await start();
    const [resync] = await listen(second, 1, hello?.id ?? null);
    expect(resync?.data).toMatchObject({ kind: 'resync', total: second.total });
    const [instance] = (resync?.id ?? '').split('/');
    const many = Array.from({ length: 8 }, () => journals.pnes).flat();
    expect(many.length).toBeGreaterThan(100);
    const [, late] = await listen(second, 2, `${instance}/server:0`);
    expect(late?.data).toMatchObject({ kind: 'entries' });
  });
});

const positionsOf = (data: Record<string, unknown> | undefined): readonly number[] => {
  const { entries = [] } = (data ?? {}) as { entries?: readonly { position: number }[] };
  return entries.map(({ position }) => position);
};
