import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pageFolder } from '../../cli/inspect/page.ts';
import type { Inspector } from '../../inspector/server/inspector.ts';
import { inspectorOn, launch, open } from './browser.ts';
import { manyHouseholds } from './load.ts';
import { longList, scroll } from './scroll.ts';

/**
 * The page with more than anybody looks at: it holds little of it at a time. How fast it is then, `npm run bench -- inspector`
 * measures.
 */

const TEST_MS = 240_000;
const HOUSEHOLDS = 600;
/** A screen of rows, each of some twenty elements, and what is beyond its edges. */
const MAX_ELEMENTS = 2_500;
const MAX_GZIPPED = 120_000;

let browser: Browser;
let inspector: Inspector;

beforeAll(async () => {
  browser = await launch();
  inspector = await inspectorOn(await manyHouseholds(HOUSEHOLDS));
}, TEST_MS);
afterAll(async () => {
  await inspector.close();
  await browser.close();
});

/** Actors, and messages up to a little more than 50,000, as the page gets them. */
const COUNT = `(async () => {
  const get = async (path) => (await fetch(path)).json();
  const { actors } = await get('./api/actors');
  let messages = 0;
    for (let offset = 0; messages <= 50_000; offset += 1_000) {
    const { rows } = await get('./api/sequence?offset=' + offset + '&limit=1000');
    if (rows.length === 0) break;
    for (const { arrows } of rows) messages += arrows.filter(({ sentRow }) => sentRow >= offset).length;
  }
  return { actors: actors.length, messages };
})()`;

/** Text of the row that is seen in the middle of the list. */
const IN_THE_MIDDLE = `(() => {
  const { top, left, height } = document.querySelector('main .list-scroll').getBoundingClientRect();
  return document.elementFromPoint(left + 200, top + height / 2)?.closest('.row, .event-row')?.textContent ?? '';
})()`;

test(
  'there are 5,000 actors and 50,000 messages',
  async () => {
    const { page, errors } = await open(browser, inspector, '');
    const { actors, messages }: { readonly actors: number; readonly messages: number } = await page.evaluate(COUNT);
    expect(actors).toBeGreaterThan(5_000);
    expect(messages).toBeGreaterThan(50_000);
    expect(errors).toEqual([]);
    await page.context().close();
  },
  TEST_MS,
);

test.each(['overview', 'sequence', 'events'])(
  'of the rows of the %s only those in sight are in the document, wherever it is scrolled to, and there they are',
  async (view) => {
    const { page, errors } = await open(browser, inspector, `?view=${view}`);
    await longList(page);
    const { elements, framesMs } = await scroll(page);
    expect(framesMs.length).toBeGreaterThan(100);
    expect(elements).toBeLessThan(MAX_ELEMENTS);
    for (const part of [0.1, 0.55, 0.9]) {
      await page.locator('main .list-scroll').evaluate((list, at) => (list.scrollTop = list.scrollHeight * at), part);
      await expect.poll(() => page.evaluate<string>(IN_THE_MIDDLE), { timeout: TEST_MS }).not.toBe('');
    }
    expect(errors).toEqual([]);
    await page.context().close();
  },
  TEST_MS,
);

test('all that it loads weighs under 120 kB gzipped', async () => {
  const folder = await pageFolder();
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.(html|js|css|svg)$/.test(file),
  );
  const weight = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(folder, file))).length, 0);
  expect(files.length).toBeGreaterThan(2);
  expect(weight).toBeLessThan(MAX_GZIPPED);
});
