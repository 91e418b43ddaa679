import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { pageFolder } from '../cli/inspect/page.ts';
import type { Inspector } from '../inspector/server/inspector.ts';
import { inspectorOn, launch, open } from '../test/browser/browser.ts';
import { manyHouseholds } from '../test/browser/load.ts';
import { longList, scroll } from '../test/browser/scroll.ts';

/** Over 5,000 actors, 50,000 messages. */
const HOUSEHOLDS = 600;
const RUNS = 7;
const VIEWS = ['overview', 'sequence', 'events'] as const;

/**
 * `npm run bench -- inspector`: how the page in Chromium does with more than anybody looks at: frames while its lists are
 * scrolled, first paint on a warm server, weight. The last line is JSON.
 */
export async function run(): Promise<void> {
  const inspector = await inspectorOn(await manyHouseholds(HOUSEHOLDS));
  const browser = await launch();
  try {
    const views = [];
    for (const view of VIEWS) views.push(await scrolled(browser, inspector, view));
    const firstPaintMs = await firstPaint(browser, inspector);
    const gzippedBytes = await weight();
    process.stdout.write(`${inspector.total} events; medians of ${RUNS} runs of 150 frames each\n`);
    for (const { view, frameMs, worstMs, longOf, elements } of views)
      process.stdout.write(
        `${view.padEnd(9)} frame ${frameMs.toFixed(1)} ms, worst of a run ${worstMs.toFixed(1)} ms, ` +
          `over 50 ms ${longOf} of ${RUNS * 150}, ${elements} elements at most\n`,
      );
    process.stdout.write(`first paint ${firstPaintMs.toFixed(0)} ms, page ${gzippedBytes} bytes gzipped\n`);
    const { total: events } = inspector;
    process.stdout.write(`${JSON.stringify({ bench: 'inspector', events, views, firstPaintMs, gzippedBytes })}\n`);
  } finally {
    await browser.close();
    await inspector.close();
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

async function scrolled(browser: Browser, inspector: Inspector, view: string) {
  const { page } = await open(browser, inspector, `?view=${view}`);
  await longList(page);
  await scroll(page);
  const runs = [];
  for (let turn = 0; turn < RUNS; turn += 1) runs.push(await scroll(page));
  await page.context().close();
  const frames = runs.flatMap(({ framesMs }) => framesMs);
  return {
    view,
    frameMs: median(frames),
    worstMs: median(runs.map(({ framesMs }) => Math.max(...framesMs))),
    longOf: frames.filter((frame) => frame > 50).length,
    elements: Math.max(...runs.map(({ elements }) => elements)),
  };
}

async function firstPaint(browser: Browser, inspector: Inspector): Promise<number> {
  const { page } = await open(browser, inspector, '');
  const paints: number[] = [];
  for (let turn = 0; turn < RUNS; turn += 1) {
    await page.reload();
    await page.getByRole('heading', { name: 'CPNS inspector' }).waitFor();
    paints.push(
      await page.evaluate<number>(`performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity`),
    );
  }
  await page.context().close();
  return median(paints);
}

async function weight(): Promise<number> {
  const folder = await pageFolder();
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(html|js|css|svg)$/.test(file))
    .reduce((sum, file) => sum + gzipSync(readFileSync(join(folder, file))).length, 0);
}
