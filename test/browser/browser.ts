import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import { systemClock } from '../../seams/clock.ts';
import { systemEntropy } from '../../seams/entropy.ts';
import { RecordedLog } from '../../seams/log.ts';
import { pageFolder } from '../../cli/inspect/page.ts';
import { startInspector, type Inspector } from '../../inspector/server/inspector.ts';
import { readPageFiles } from '../../inspector/server/page-files.ts';
import type { Source } from '../../inspector/server/source.ts';

const CHROMIUM = '/usr/bin/chromium';
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Chromium, with a profile of its own that goes with it. */
export async function launch(): Promise<Browser> {
  if (!existsSync(CHROMIUM))
    throw new Error(`There is no ${CHROMIUM}. Install it: script/setup does, or apt-get install chromium.`);
  return await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
}

export const TOKEN = 'the-token-of-a-test-in-a-browser';

/** The inspector in this process, with the page as it is built. */
export async function inspectorOn(sources: readonly Source[], port = 0, token = TOKEN): Promise<Inspector> {
  const files = await readPageFiles(await pageFolder());
  const seams = { clock: systemClock, entropy: systemEntropy, log: new RecordedLog() };
  return await startInspector({ sources, files, port, token, ...seams });
}

/** Ends a hang: no test depends on how fast the machine is. */
const PATIENCE_MS = 60_000;

export interface Opened {
  readonly page: Page;
  /** What went wrong in the page, or was forbidden by its policy: errors of the console and of scripts. */
  readonly errors: string[];
}

/** A page that has signed in, at an address of the inspector. */
export async function open(
  browser: Browser,
  { url }: Inspector,
  search: string,
  { scheme = 'light', width = 1280, height = 860 }: { scheme?: 'light' | 'dark'; width?: number; height?: number } = {},
): Promise<Opened> {
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height } });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(url);
  if (search !== '') await page.goto(new URL(`/${search}`, url).href);
  await page.getByText('connected').waitFor();
  return { page, errors };
}
