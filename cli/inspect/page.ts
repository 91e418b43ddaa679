import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the page is built from. */
const PARTS = [
  'inspector/page',
  'inspector/picture',
  'inspector/sequence',
  'inspector/charts',
  'inspector/protocol',
  'package-lock.json',
];
const CACHED = 'page-';

/**
 * Folder of the built page. The package ships it; a checkout builds it when its sources are not what they were, which
 * takes a second or two.
 */
export async function pageFolder(): Promise<string> {
  const shipped = fileURLToPath(new URL('../../inspector/page', import.meta.url));
  if (existsSync(join(shipped, 'assets'))) return shipped;
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const cache = join(root, 'node_modules/.cache/cpns');
  const name = `${CACHED}${stampOf(root)}`;
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  const draft = `${folder}.${process.pid}`;
  const { build } = await import('vite');
  await build({
    configFile: join(root, 'inspector/page/vite.config.ts'),
    logLevel: 'error',
    build: { outDir: draft, emptyOutDir: true },
  });
  try {
    renameSync(draft, folder);
  } catch (error) {
    // Another process was faster, with the same page.
    if (!existsSync(folder)) throw error;
    rmSync(draft, { recursive: true, force: true });
  }
  for (const other of readdirSync(cache))
    if (other.startsWith(CACHED) && !other.startsWith(name))
      rmSync(join(cache, other), { recursive: true, force: true });
  return folder;
}

function stampOf(root: string): string {
  const hash = createHash('sha256');
  for (const part of PARTS) for (const file of filesIn(join(root, part))) hash.update(file).update(readFileSync(file));
  return hash.digest('hex');
}

function filesIn(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  try {
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .toSorted();
  } catch {
    return [path];
  }
}
