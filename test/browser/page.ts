import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { Inspector } from '../../inspector/server/inspector.ts';
import { inspectorOn, launch, open, type Opened } from './browser.ts';
import { System } from './system.ts';

export const TEST_MS = 120_000;

/** Pages in Chromium, over the inspector's server, on the journals of a simulated system of each test's own. */
export class Pages {
  readonly #browser: Browser;
  readonly system: System;
  inspector: Inspector;
  readonly #opened: Opened[] = [];
  readonly #errors: (readonly string[])[] = [];

  constructor(browser: Browser, system: System, inspector: Inspector) {
    this.#browser = browser;
    this.system = system;
    this.inspector = inspector;
  }

  /** A page that has signed in. What goes wrong in it fails the test. */
  async look(search: string): Promise<Page> {
    const { page, errors } = await this.#open(search);
    this.#errors.push(errors);
    return page;
  }

  /** A page whose inspector goes away: requests that nobody answers are no faults of it. */
  async lookOn(search: string): Promise<Page> {
    return (await this.#open(search)).page;
  }

  async #open(search: string): Promise<Opened> {
    const one = await open(this.#browser, this.inspector, search);
    this.#opened.push(one);
    return one;
  }

  async close(): Promise<void> {
    for (const { page } of this.#opened) await page.context().close();
    await this.inspector.close();
    expect(this.#errors.flat()).toEqual([]);
  }
}

/** @returns what gives the pages of the test that runs */
export function usePages(): () => Pages {
  let browser: Browser;
  let pages: Pages;
  beforeAll(async () => {
    browser = await launch();
  }, TEST_MS);
  afterAll(() => browser.close());
  beforeEach(async () => {
    const system = await System.start();
    pages = new Pages(browser, system, await inspectorOn(system.sources));
  }, TEST_MS);
  afterEach(() => pages.close());
  return () => pages;
}

export const row = (page: Page, actor: string): Locator => page.locator(`[data-actor="${actor}"]`);
export const pane = (page: Page, actor: string): Locator => page.getByRole('article', { name: actor });
export const activeIn = (page: Page, actor: string): Promise<readonly string[]> =>
  pane(page, actor)
    .locator('.state.active')
    .evaluateAll((states) => states.map((state) => state.getAttribute('data-state') ?? ''));

/** What the browser downloads when it is clicked, as bytes. */
export async function saved(page: Page, what: Locator): Promise<Buffer> {
  const [download] = await Promise.all([page.waitForEvent('download'), what.click()]);
  const parts: Uint8Array[] = [];
  for await (const part of await download.createReadStream()) parts.push(part);
  return Buffer.concat(parts);
}
