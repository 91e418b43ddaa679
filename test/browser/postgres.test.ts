import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { journalSources } from '../../cli/inspect/sources.ts';
import { openPostgresJournal } from '../../journal/postgres/open.ts';
import type { PostgresJournal } from '../../journal/postgres/journal.ts';
import type { Inspector } from '../../inspector/server/inspector.ts';
import { useDatabase } from '../postgres/database.ts';
import { commitAll } from '../replay/journal-files.ts';
import { NODES } from '../simulation/world.ts';
import { inspectorOn, launch, open } from './browser.ts';
import { System } from './system.ts';

/** The page on the journals of all three roles in PostgreSQL, beside the connections that write them. */

const TEST_MS = 120_000;

const database = useDatabase();
const closings: (() => Promise<void> | void)[] = [];
let browser: Browser;
let system: System;
let inspector: Inspector;
const journals: PostgresJournal[] = [];

beforeAll(async () => {
  browser = await launch();
  system = await System.start();
  await system.register('lamp');
  const urls = await Promise.all(NODES.map((name) => database.url(name)));
  for (const url of urls) journals.push(await openPostgresJournal(url, 'alone'));
  await write(new Map());
  const running = {
    stopped: new AbortController().signal,
    onClose: (_: string, close: () => Promise<void> | void) => void closings.push(close),
  };
  inspector = await inspectorOn(journalSources(running, urls));
}, TEST_MS);
afterAll(async () => {
  await browser.close();
  await inspector.close();
  for (const close of closings) await close();
  for (const journal of journals) await journal.close();
});

/** What the roles have committed since. */
async function write(known: ReadonlyMap<string, number>): Promise<void> {
  for (const [index, name] of NODES.entries()) {
    const journal = journals[index];
    if (journal !== undefined) await commitAll(journal, system.events(name).slice(known.get(name) ?? 0));
  }
}

test(
  'they are shown side by side, as they grow, at any moment, and their names tell no password',
  async () => {
    const { page, errors } = await open(browser, inspector, '?view=overview');
    const row = (stream: string) => page.locator(`[data-actor$=":${stream}"]`);
    await row('registration/home/lamp').getByText('registration.idle.registered|session.established').waitFor();
    const names = await page.getByLabel('journal').locator('option').allTextContents();
    expect(names).toEqual(['all', 'gateway', 'pnes', 'server']);

    const known = new Map(NODES.map((name) => [name, system.events(name).length]));
    await system.register('cup');
    await write(known);
    await row('pne/cup').getByText('registration.registered.settled|session.established').waitFor();
    await row('admission/hub/cup').getByText('idle.registered').waitFor();

    await row('pne/cup').getByRole('button').click();
    await page.getByRole('button', { name: 'All roles' }).click();
    await expect.poll(() => page.locator('.state.active[data-state="session.established"]').count()).toBe(1);
    const added = system.events('server').find(({ type }) => type === 'PneAdded');
    await page.goto(
      new URL(
        `/?view=events&event=server:${added?.position}&at=server:${added?.position},gateway:0,pnes:0`,
        inspector.url,
      ).href,
    );
    await page.getByText('an earlier moment').waitFor();
    const detail = page.getByRole('complementary');
    await detail.getByRole('heading', { name: 'PneAdded' }).waitFor();
    expect(await detail.locator('.changes').textContent()).toContain('provisional');
    await page.getByRole('button', { name: 'Sequence', exact: true }).first().click();
    await page.locator('.event-row').first().waitFor();
    expect(errors).toEqual([]);
  },
  TEST_MS,
);
