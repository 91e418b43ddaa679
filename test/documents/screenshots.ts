import { fileURLToPath } from 'node:url';
import { inspectorOn, launch, open } from '../browser/browser.ts';
import { System } from '../browser/system.ts';

/**
 * Writes the two pictures of the inspector in the README, from the page in Chromium on a run of the simulated system.
 * Not checked as the other pictures are: a browser of another version draws other pixels.
 */

const root = new URL('../../docs/', import.meta.url);

const SHOTS = [
  {
    file: 'inspector-charts.png',
    search: '?view=charts&actor=pnes:pne/cup&actor=gateway:admission/hub/cup&actor=server:registration/home/cup',
    scheme: 'light',
    here: '.state.active',
  },
  { file: 'inspector-sequence.png', search: '?view=sequence&text=cup', scheme: 'dark', here: '.message' },
] as const;

const system = await System.start();
for (const deviceId of ['lamp', 'cup']) await system.register(deviceId);
const inspector = await inspectorOn(system.sources);
const browser = await launch();
try {
  for (const { file, search, scheme, here } of SHOTS) {
    const { page } = await open(browser, inspector, search, { scheme, width: 1_360, height: 760 });
    await page.locator(here).first().waitFor();
    await page.screenshot({ path: fileURLToPath(new URL(file, root)) });
    await page.context().close();
  }
} finally {
  await browser.close();
  await inspector.close();
}
