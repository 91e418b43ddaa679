import { expect, test } from 'vitest';
import { activeIn, pane, row, saved, TEST_MS, usePages } from './page.ts';

/** Overview, charts and events, as things happen. */

const pages = usePages();

test.each([
  ['member (1.4.1)', 'lamp'],
  ['stranger (1.4.2)', 'cup'],
])(
  'a registration of a %s is seen as it happens, at every role',
  async (_, id) => {
    const page = await pages().look('?view=overview');
    await row(page, 'server:pn/home').waitFor();
    expect(await row(page, `pnes:pne/${id}`).count()).toBe(0);
    await pages().system.register(id);
    await row(page, `pnes:pne/${id}`).getByText('registration.registered.settled|session.established').waitFor();
    await row(page, `gateway:admission/hub/${id}`).getByText('idle.registered').waitFor();
    await row(page, `server:registration/home/${id}`)
      .getByText('registration.idle.registered|session.established')
      .waitFor();

    await row(page, `pnes:pne/${id}`).getByRole('button').click();
    await page.getByRole('button', { name: 'All roles' }).click();
    await expect.poll(() => page.getByRole('article').count()).toBe(3);
    await expect
      .poll(() => activeIn(page, `pnes:pne/${id}`))
      .toEqual([
        'registration',
        'registration.registered',
        'registration.registered.settled',
        'session',
        'session.established',
      ]);
    const fired = pane(page, `pnes:pne/${id}`).locator('text.event.fired');
    await expect
      .poll(() => fired.allTextContents())
      .toEqual([expect.stringContaining('SecureSessionConfirmed'), expect.stringContaining('SecureSessionConfirmed')]);
  },
  TEST_MS,
);

test(
  'a refusal is told apart',
  async () => {
    await pages().system.register('thief');
    const page = await pages().look('?view=overview&failed=1');
    await row(page, 'pnes:pne/thief').getByText('registration.refused|session.none', { exact: true }).waitFor();
    expect(await page.locator('.row.actors[data-actor]').count()).toBe(
      await page.locator('.row.actors.troubled[data-actor]').count(),
    );
  },
  TEST_MS,
);

test(
  'an event shows what it changed and leads to what caused it',
  async () => {
    await pages().system.register('lamp');
    const page = await pages().look('?view=events&role=cpns-server&text=RegistrationRequestReceived');
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
    await pages().system.register('lamp');
    const page = await pages().look('?view=charts&actor=pnes:pne/lamp');
    const mine = pane(page, 'pnes:pne/lamp');
    const before = pages()
      .system.events('pnes')
      .filter(({ stream }) => stream === 'pne/lamp').length;
    await mine.getByRole('button', { name: 'RegistrationWanted', exact: true }).click();
    await mine.getByRole('button', { name: 'What if?' }).click();
    await mine.getByText('It would be taken.').waitFor();
    await expect
      .poll(() => activeIn(page, 'pnes:pne/lamp'))
      .toEqual(['registration', 'registration.requesting', 'session', 'session.established']);
    await mine.getByRole('button', { name: 'Back to what is' }).click();
    await expect
      .poll(() => activeIn(page, 'pnes:pne/lamp'))
      .toEqual([
        'registration',
        'registration.registered',
        'registration.registered.settled',
        'session',
        'session.established',
      ]);
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
  'a chart is saved as SVG, PNG and mermaid, events as JSON lines',
  async () => {
    await pages().system.register('lamp');
    const page = await pages().look('?view=charts&actor=pnes:pne/lamp');
    const file = (name: string) => saved(page, page.locator('.exports').getByText(name, { exact: true }));
    expect((await file('SVG')).toString()).toMatch(/^<svg [^]*class="state active"[^]*<\/svg>\n$/);
    const png = await file('PNG');
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(png.length).toBeGreaterThan(50_000);
    expect((await file('mermaid')).toString()).toMatch(/^stateDiagram-v2\n/);

    await page.keyboard.press('4');
    await page.getByRole('checkbox', { name: 'failed' }).waitFor();
    const lines = (await file('JSON lines')).toString().trimEnd().split('\n');
    const { system } = pages();
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
