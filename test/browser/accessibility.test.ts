import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Inspector } from '../../inspector/server/inspector.ts';
import { inspectorOn, launch, open } from './browser.ts';
import { System } from './system.ts';

/** Roles, names, order and contrast of every view, as axe-core sees them: WCAG 2.2 A and AA. */

const TEST_MS = 120_000;
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

let browser: Browser;
let inspector: Inspector;

beforeAll(async () => {
  browser = await launch();
  const system = await System.start();
  for (const deviceId of ['lamp', 'cup', 'thief']) await system.register(deviceId);
  inspector = await inspectorOn(system.sources);
}, TEST_MS);
afterAll(async () => {
  await inspector.close();
  await browser.close();
});

const VIEWS = [
  ['the overview', '?view=overview', '.row.actors[data-actor]'],
  ['charts side by side', '?view=charts&actor=pnes:pne/lamp&actor=server:registration/home/lamp', '.state.active'],
  ['the sequence chart', '?view=sequence&text=cup', '.message'],
  ['the events, one of them chosen', '?view=events&event=server:20', '.changes'],
  ['an earlier moment', '?view=overview&at=server:20,gateway:20,pnes:10', '.badge.past'],
] as const;

test.each(
  VIEWS.flatMap(([name, search, here]) =>
    (['light', 'dark'] as const).map((scheme) => ({ name, search, here, scheme })),
  ),
)(
  '$name, $scheme, has nothing that axe finds wrong',
  async ({ search, here, scheme }) => {
    const { page, errors } = await open(browser, inspector, search, { scheme });
    await page.locator(here).first().waitFor();
    // The policy of the page forbids a script that is put into it; the browser's own tools may.
    const session = await page.context().newCDPSession(page);
    await session.send('Page.setBypassCSP', { enabled: true });
    await session.send('Runtime.evaluate', { expression: axe.source });
    const { result } = await session.send('Runtime.evaluate', {
      expression: `axe.run(document, { runOnly: ${JSON.stringify(TAGS)} }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html, failureSummary }) => html.slice(0, 200) + ' -- ' + failureSummary).join(' | ')))`,
      awaitPromise: true,
      returnByValue: true,
    });
    expect(result.value).toEqual([]);
    expect(errors).toEqual([]);
    await page.context().close();
  },
  TEST_MS,
);

test(
  'the keyboard comes by everything in the order in which it is read',
  async () => {
    const { page } = await open(browser, inspector, '?view=overview');
    await page.locator('.row.actors[data-actor]').first().waitFor();
    const names: string[] = [];
    for (let step = 0; step < 24; step += 1) {
      await page.keyboard.press('Tab');
      names.push(
        await page.evaluate<string>(
          `document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent`,
        ),
      );
    }
    expect(names.slice(0, 6)).toEqual(['Overview', 'Charts', 'Sequence', 'Events', 'Help', 'Search']);
    expect(names.indexOf('Actors, rows')).toBeGreaterThan(names.indexOf('Search'));
  },
  TEST_MS,
);
