import { expect, test } from 'vitest';
import { momentOf } from '../../replay/moment.ts';
import { activeIn, row, TEST_MS, usePages } from './page.ts';

const LAMP = 'server:registration/home/lamp';

/** Moments: by keys, by the slider, by links. */

const pages = usePages();

test(
  'every view shows the moment that is chosen: what the replay folds there',
  async () => {
    await pages().system.register('lamp');
    const server = pages().system.sources.find(({ name }) => name === 'server');
    const journal = await server?.open();
    if (journal === null || journal === undefined) throw new Error('There is no journal.');
    const page = await pages().look(`?view=charts&actor=${LAMP}`);
    await expect
      .poll(() => activeIn(page, LAMP))
      .toEqual(['registration', 'registration.idle', 'registration.idle.registered', 'session', 'session.established']);
    for (const { stream, position } of pages()
      .system.events('server')
      .filter(({ stream }) => stream.endsWith('/lamp'))) {
      const folded = await momentOf(journal, stream, position);
      await page.goto(
        new URL(`/?view=charts&actor=${LAMP}&at=server:${position},gateway:0,pnes:0`, pages().inspector.url).href,
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
    await pages().system.register('lamp');
    const page = await pages().look('?view=overview');
    const where = page.locator('.where');
    const total = pages().inspector.total;
    await expect.poll(() => where.textContent()).toBe(`${total} / ${total}`);
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => where.textContent()).toBe(`${total - 1} / ${total}`);
    await page.keyboard.press('Shift+ArrowLeft');
    await expect.poll(() => where.textContent()).toBe(`${total - 11} / ${total}`);
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => where.textContent()).toBe(`${total - 10} / ${total}`);
    await page.locator('.where[aria-busy=false]').waitFor();
    expect(new URL(page.url()).searchParams.get('at')).toMatch(/server:\d+/);

    const elsewhere = await pages().look(new URL(page.url()).search);
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
    await pages().system.register('lamp');
    const page = await pages().look('?view=overview');
    await row(page, LAMP).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('registration.idle');
    await expect.poll(() => page.locator('.row.actors[data-actor]').count()).toBe(1);
    expect(new URL(page.url()).searchParams.get('text')).toBe('registration.idle');
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
