import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Inspector } from '../../inspector/server/inspector.ts';
import { momentOf } from '../../replay/moment.ts';
import { inspectorOn, launch, open, type Opened } from './browser.ts';
import { System } from './system.ts';

/** The page in Chromium, over the inspector's server, on the journals of a simulated system. */

const TEST_MS = 120_000;
const LAMP = 'server:registration/home/lamp';

let browser: Browser;
let system: System;
let inspector: Inspector;
const opened: Opened[] = [];

beforeAll(async () => {
  browser = await launch();
}, TEST_MS);
afterAll(() => browser.close());
beforeEach(async () => {
  system = await System.start();
  inspector = await inspectorOn(system.sources);
}, TEST_MS);
afterEach(async () => {
  const errors = opened.splice(0);
  for (const { page } of errors) await page.context().close();
  await inspector.close();
  expect(errors.flatMap((each) => each.errors)).toEqual([]);
});

async function look(search: string): Promise<Page> {
  const one = await open(browser, inspector, search);
  opened.push(one);
  return one.page;
}

const row = (page: Page, actor: string) => page.locator(`[data-actor="${actor}"]`);
const pane = (page: Page, actor: string) => page.getByRole('article', { name: actor });
const activeIn = (page: Page, actor: string): Promise<readonly string[]> =>
  pane(page, actor)
    .locator('.state.active')
    .evaluateAll((states) => states.map((state) => state.getAttribute('data-state') ?? ''));

test.each([
  ['member (1.4.1)', 'lamp'],
  ['stranger (1.4.2)', 'cup'],
])(
  'a registration of a %s is seen as it happens, at every role',
  async (_, id) => {
    const page = await look('?view=overview');
    await row(page, 'server:pn/home').waitFor();
    expect(await row(page, `pnes:pne/${id}`).count()).toBe(0);
    await system.register(id);
    await row(page, `pnes:pne/${id}`).getByText('registered.confirmed').waitFor();
    await row(page, `gateway:admission/hub/${id}`).getByText('idle.registered').waitFor();
    await row(page, `server:registration/home/${id}`).getByText('idle.registered.sessionEstablished').waitFor();

    await row(page, `pnes:pne/${id}`).getByRole('button').click();
    await page.getByRole('button', { name: 'All roles' }).click();
    await expect.poll(() => page.getByRole('article').count()).toBe(3);
    await expect.poll(() => activeIn(page, `pnes:pne/${id}`)).toEqual(['registered', 'registered.confirmed']);
    const fired = pane(page, `pnes:pne/${id}`).locator('text.event.fired');
    await expect.poll(() => fired.allTextContents()).toEqual([expect.stringContaining('SecureSessionConfirmed')]);
  },
  TEST_MS,
);

test(
  'a refusal is told apart',
  async () => {
    await system.register('thief');
    const page = await look('?view=overview&failed=1');
    await row(page, 'pnes:pne/thief').getByText('refused', { exact: true }).waitFor();
    expect(await page.locator('.row.actors[data-actor]').count()).toBe(
      await page.locator('.row.actors.troubled[data-actor]').count(),
    );
  },
  TEST_MS,
);

test(
  'every view shows the moment that is chosen: what the replay folds there',
  async () => {
    await system.register('lamp');
    const server = system.sources.find(({ name }) => name === 'server');
    const journal = await server?.open();
    if (journal === null || journal === undefined) throw new Error('There is no journal.');
    const page = await look(`?view=charts&actor=${LAMP}`);
    await expect
      .poll(() => activeIn(page, LAMP))
      .toEqual(['idle', 'idle.registered', 'idle.registered.sessionEstablished']);
    for (const { stream, position } of system.events('server').filter(({ stream }) => stream.endsWith('/lamp'))) {
      const folded = await momentOf(journal, stream, position);
      await page.goto(
        new URL(`/?view=charts&actor=${LAMP}&at=server:${position},gateway:0,pnes:0`, inspector.url).href,
      );
      const active = await expect
        .poll(async () => (await activeIn(page, LAMP)).at(-1))
        .toBeTruthy()
        .then(() => activeIn(page, LAMP));
      const innermost = active.at(-1)?.split('.').at(-1) ?? '-';
      expect(JSON.stringify(folded.state?.value)).toContain(innermost);
      await page.getByText('an earlier moment').waitFor();
    }
    await page.getByRole('button', { name: 'Overview' }).click();
    await row(page, LAMP).waitFor();
    expect(await row(page, 'pnes:pne/lamp').count()).toBe(0);
  },
  TEST_MS,
);

test(
  'time goes by keys, by the slider and by itself, and the address is a link to it',
  async () => {
    await system.register('lamp');
    const page = await look('?view=overview');
    const where = page.locator('.where');
    const total = inspector.total;
    await expect.poll(() => where.textContent()).toBe(`${total} / ${total}`);
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => where.textContent()).toBe(`${total - 1} / ${total}`);
    await page.keyboard.press('Shift+ArrowLeft');
    await expect.poll(() => where.textContent()).toBe(`${total - 11} / ${total}`);
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => where.textContent()).toBe(`${total - 10} / ${total}`);
    await page.locator('.where[aria-busy=false]').waitFor();
    expect(new URL(page.url()).searchParams.get('at')).toMatch(/server:\d+/);

    const elsewhere = await look(new URL(page.url()).search);
    await expect.poll(() => elsewhere.locator('.where').textContent()).toBe(`${total - 10} / ${total}`);

    await page.getByRole('slider', { name: 'Moment' }).fill('5');
    await expect.poll(() => where.textContent()).toBe(`5 / ${total}`);
    await page.locator('.list-scroll').focus();
    await page.keyboard.press(' ');
    await expect.poll(async () => Number((await where.textContent())?.split(' ')[0])).toBeGreaterThan(8);
    await page.keyboard.press('End');
    await expect.poll(() => where.textContent()).toBe(`${total} / ${total}`);
    await expect.poll(() => new URL(page.url()).searchParams.get('at')).toBeNull();
  },
  TEST_MS,
);

test(
  'keys lead to the search, the views and the help',
  async () => {
    await system.register('lamp');
    const page = await look('?view=overview');
    await row(page, LAMP).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('sessionEst');
    await expect.poll(() => page.locator('.row.actors[data-actor]').count()).toBe(1);
    expect(new URL(page.url()).searchParams.get('text')).toBe('sessionEst');
    await page.locator('.list-scroll').focus();
    await page.keyboard.press('4');
    await page.getByRole('table', { name: 'Events' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
    await page.goBack();
    await page.getByRole('table', { name: 'Actors' }).waitFor();
  },
  TEST_MS,
);

test(
  'an event shows what it changed and leads to what caused it',
  async () => {
    await system.register('lamp');
    const page = await look('?view=events&role=cpns-server&text=RegistrationRequestReceived');
    await page.getByRole('button', { name: 'RegistrationRequestReceived' }).click();
    const detail = page.getByRole('complementary');
    await detail
      .getByText('The server got the PNE Registration Request')
      .or(detail.getByText('Caused by'))
      .first()
      .waitFor();
    expect(await detail.locator('.changes tbody tr').count()).toBeGreaterThan(1);
    await detail.getByRole('button', { name: 'RegistrationForwarded' }).click();
    await detail.getByRole('heading', { name: 'RegistrationForwarded' }).waitFor();
    await detail.getByRole('button', { name: 'Go to this moment' }).click();
    await page.getByText('an earlier moment').waitFor();
  },
  TEST_MS,
);

test(
  'an event is tried on a copy of the state, and nothing of it stays',
  async () => {
    await system.register('lamp');
    const page = await look('?view=charts&actor=pnes:pne/lamp');
    const mine = pane(page, 'pnes:pne/lamp');
    const before = system.events('pnes').filter(({ stream }) => stream === 'pne/lamp').length;
    await mine.getByRole('button', { name: 'RegistrationWanted', exact: true }).click();
    await mine.getByRole('button', { name: 'What if?' }).click();
    await mine.getByText('It would be taken.').waitFor();
    await expect.poll(() => activeIn(page, 'pnes:pne/lamp')).toEqual(['requesting']);
    await mine.getByRole('button', { name: 'Back to what is' }).click();
    await expect.poll(() => activeIn(page, 'pnes:pne/lamp')).toEqual(['registered', 'registered.confirmed']);
    await mine.getByRole('textbox', { name: /Data of/ }).fill('{');
    await mine.getByRole('button', { name: 'What if?' }).click();
    await mine.getByText('The data is no JSON').waitFor();
    await mine.getByRole('button', { name: 'SecureSessionClosed', exact: true }).click();
    await mine.getByRole('textbox', { name: /Data of/ }).fill('{"keyId":"AAAAAAAAAAAAAAAAAAAAAA","reason":"ended"}');
    await mine.getByRole('button', { name: 'What if?' }).click();
    await mine.getByText('It would be refused.').waitFor();
    expect(
      await pane(page, 'pnes:pne/lamp')
        .getByText(/version \d+/)
        .textContent(),
    ).toContain(`version ${before}`);
  },
  TEST_MS,
);

test(
  'messages are drawn from line to line, an arrow leads to its event, and the chart is saved',
  async () => {
    await system.register('cup');
    const page = await look('?view=sequence&text=cup');
    const messages = page.locator('.message');
    await expect.poll(() => messages.count()).toBeGreaterThan(8);
    expect(await page.locator('.message[data-fate=arrived] text').allTextContents()).toEqual(
      expect.arrayContaining([expect.stringMatching(/^PN Update Request, \d+ ms$/)]),
    );
    const update = messages.filter({ hasText: /^PN Update Request, / }).first();
    await update.locator('text').click();
    const detail = page.getByRole('complementary');
    await detail.getByRole('heading', { name: 'PnUpdateReceived' }).waitFor();
    await detail.getByText('State after it').waitFor();
    await detail.getByRole('button', { name: 'Go to this moment' }).click();
    await page.getByText('an earlier moment').waitFor();
    await page.keyboard.press('End');

    await page.locator('.event-row', { hasText: 'PneAuthenticated' }).focus();
    await page.keyboard.press('Enter');
    await detail.getByRole('heading', { name: 'PneAuthenticated' }).waitFor();
    const exports = page.locator('p.exports');
    for (const [name, content] of [
      ['SVG', /^<svg [^]*PN Update Request[^]*<\/svg>\n$/],
      ['mermaid', /^sequenceDiagram\n[^]*PN Update Request/],
    ] as const) {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        exports.getByRole('button', { name }).click(),
      ]);
      expect(readFileSync(await download.path(), 'utf8')).toMatch(content);
    }
  },
  TEST_MS,
);

test(
  'a chart is saved as SVG, PNG and mermaid, events as JSON lines',
  async () => {
    await system.register('lamp');
    const page = await look('?view=charts&actor=pnes:pne/lamp');
    const saved = async (name: string): Promise<Buffer> => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.locator('.exports').getByText(name, { exact: true }).click(),
      ]);
      return readFileSync(await download.path());
    };
    expect((await saved('SVG')).toString()).toMatch(/^<svg [^]*class="state active"[^]*<\/svg>\n$/);
    const png = await saved('PNG');
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(png.length).toBeGreaterThan(50_000);
    expect((await saved('mermaid')).toString()).toMatch(/^stateDiagram-v2\n/);

    await page.keyboard.press('4');
    await page.getByRole('checkbox', { name: 'failed' }).waitFor();
    const lines = (await saved('JSON lines')).toString().trimEnd().split('\n');
    const all = [...system.events('server'), ...system.events('gateway'), ...system.events('pnes')];
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      expect.arrayContaining(
        all.map((event) => expect.objectContaining({ position: event.position, type: event.type })),
      ),
    );
    expect(lines).toHaveLength(all.length);
  },
  TEST_MS,
);

test(
  'a server that goes away is shown, and the page goes on with the next one',
  async () => {
    const one = await open(browser, inspector, '?view=overview');
    const { page } = one;
    await row(page, 'server:pn/home').waitFor();
    const { port } = inspector;
    await inspector.close();
    await page.getByText('The inspector is gone; trying again').waitFor();
    await system.register('lamp');
    inspector = await inspectorOn(system.sources, port);
    await page.getByText('connected').waitFor();
    await row(page, 'pnes:pne/lamp').getByText('registered.confirmed').waitFor();
    await system.register('cup');
    await row(page, 'pnes:pne/cup').getByText('registered.confirmed').waitFor();

    await inspector.close();
    inspector = await inspectorOn(system.sources, port, 'another-token-of-another-inspector');
    await page.getByText('The inspector was started anew: open the address that it printed').waitFor();
    await page.context().close();
  },
  TEST_MS,
);
