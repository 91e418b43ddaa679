import { test } from 'vitest';
import { inspectorOn } from './browser.ts';
import { row, TEST_MS, usePages } from './page.ts';

/** What a page does when its inspector goes away. */

const pages = usePages();

test(
  'a server that goes away is shown, and the page goes on with the next one',
  async () => {
    const { system, inspector } = pages();
    const page = await pages().lookOn('?view=overview');
    await row(page, 'server:pn/home').waitFor();
    const { port } = inspector;
    await inspector.close();
    await page.getByText('The inspector is gone; trying again').waitFor();
    await system.register('lamp');
    pages().inspector = await inspectorOn(system.sources, port);
    await page.getByText('connected').waitFor();
    await row(page, 'pnes:pne/lamp').getByText('registration.registered.settled|session.established').waitFor();
    await system.register('cup');
    await row(page, 'pnes:pne/cup').getByText('registration.registered.settled|session.established').waitFor();

    await pages().inspector.close();
    pages().inspector = await inspectorOn(system.sources, port, 'another-token-of-another-inspector');
    await page.getByText('The inspector was started anew: open the address that it printed').waitFor();
  },
  TEST_MS,
);
