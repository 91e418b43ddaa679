import { expect, test } from 'vitest';
import { saved, TEST_MS, usePages } from './page.ts';

/** The sequence chart, its filters and its files. */

const pages = usePages();

test(
  'messages are drawn from line to line, an arrow leads to its event, and the chart is saved',
  async () => {
    await pages().system.register('cup');
    const page = await pages().look('?view=sequence&text=cup');
    const messages = page.locator('.message');
    await expect.poll(() => messages.count()).toBeGreaterThan(8);
    expect(await page.locator('.said.arrived').allTextContents()).toEqual(
      expect.arrayContaining([expect.stringMatching(/^PN Update Request, \d+ ms$/)]),
    );
    await page
      .locator('.said', { hasText: /^PN Update Request, / })
      .first()
      .click();
    const detail = page.getByRole('complementary');
    await detail.getByRole('heading', { name: 'PnUpdateReceived' }).waitFor();
    await detail.getByText('State after it').waitFor();
    await detail.getByRole('button', { name: 'Go to this moment' }).click();
    await page.getByText('an earlier moment').waitFor();
    await page.keyboard.press('End');

    await page.locator('.event-row', { hasText: 'PneAuthenticated' }).focus();
    await page.keyboard.press('Enter');
    await detail.getByRole('heading', { name: 'PneAuthenticated' }).waitFor();
    const exports = page.locator('.exports');
    for (const [name, content] of [
      ['SVG', /^<svg [^]*PN Update Request[^]*<\/svg>\n$/],
      ['mermaid', /^sequenceDiagram\n[^]*PN Update Request/],
    ] as const) {
      const file = (await saved(page, exports.getByRole('button', { name }))).toString();
      expect(file).toMatch(content);
      expect(file).not.toContain('The first');
    }
  },
  TEST_MS,
);

test(
  'a filter by device, type and correlation is chosen above the chart, and stands in its address',
  async () => {
    const { system } = pages();
    for (const deviceId of ['lamp', 'cup']) await system.register(deviceId);
    const page = await pages().look('?view=sequence');
    const types = (): Promise<readonly string[]> => page.locator('.event-row .event').allTextContents();
    const asked = (name: string): string | null => new URL(page.url()).searchParams.get(name);

    await page.getByLabel('type').selectOption('PneAuthenticated');
    await expect.poll(types).toEqual(['PneAuthenticated', 'PneAuthenticated']);
    await page.getByLabel('device').fill('cu');
    expect(
      await page.locator('datalist option').evaluateAll((all) => all.map((one) => one.getAttribute('value'))),
    ).toEqual(['cup']);
    await page.getByLabel('device').fill('cup');
    await expect.poll(types).toEqual(['PneAuthenticated']);
    expect([asked('type'), asked('device')]).toEqual(['PneAuthenticated', 'cup']);
    await page.getByLabel('type').selectOption('');
    await expect.poll(async () => (await types()).length).toBeGreaterThan(10);
    expect(await types()).toContain('InventoryUpdated');

    const registered = system.events('server').find(({ type }) => type === 'PneAuthenticated');
    const correlation = registered?.meta.correlationId ?? '';
    await page.getByLabel('device').fill('');
    await page.getByLabel('correlation').fill(correlation);
    await page.keyboard.press('Enter');
    await expect.poll(() => asked('correlation')).toBe(correlation);
    const all = [...system.events('server'), ...system.events('gateway'), ...system.events('pnes')];
    const count = all.filter(({ meta }) => meta.correlationId === correlation).length;
    await page.locator('.exports').getByText(`all ${count} events`).waitFor();
    await page.goBack();
    await expect.poll(() => page.getByLabel('correlation').inputValue()).toBe('');
  },
  TEST_MS,
);
