import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';

/** The built page, in memory: some hundred kilobytes. Nothing but these files is ever served. */
export interface PageFiles {
  find(path: string): PageFile | null;
}

export interface PageFile {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** @param folder what Vite built: index.html, and the rest under assets/ with a hash in each name */
export async function readPageFiles(folder: string): Promise<PageFiles> {
  const files = new Map<string, PageFile>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const file = join(entry.parentPath, entry.name);
    const path = `/${relative(folder, file).split(sep).join('/')}`;
    const isHashed = path.startsWith('/assets/');
    const headers = {
      'Content-Type': type,
      'Cache-Control': isHashed ? 'public, max-age=31536000, immutable' : 'no-store',
    };
    files.set(path, { headers, body: await readFile(file) });
  }
  return { find: (path) => files.get(path === '/' ? '/index.html' : path) ?? null };
}
