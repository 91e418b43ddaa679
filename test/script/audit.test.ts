import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';

/** Against a registry of the test's own: the real one may not be there, and what it knows changes. */

const SCRIPT = fileURLToPath(new URL('../../script/audit.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let registry: Server | null = null;
afterEach(() => void registry?.close());

async function audit(status: number, advisories: object): Promise<{ code: number; stdout: string; stderr: string }> {
  const server = createServer((request, response) => {
    // Of a package with an advisory, and of those that need it, npm asks which versions there are.
    const name = decodeURIComponent(request.url?.slice(1) ?? '');
    const answer = request.method === 'GET' ? { name, 'dist-tags': {}, versions: { '1.0.0': { name } } } : advisories;
    request.resume().on('end', () => response.writeHead(status).end(JSON.stringify(answer)));
  });
  registry = server;
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const options = { cwd: ROOT, env: { ...process.env, npm_config_fetch_retries: '0' } };
  return new Promise((resolve) => {
    const argv = [SCRIPT, '--registry', `http://127.0.0.1:${port}/`];
    const child = execFile(process.execPath, argv, options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

test('a registry that knows nothing bad of any package: exit code 0, and how many there are', async () => {
  expect(await audit(200, {})).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+ packages, 0 with known/) });
});

test('one that knows an advisory: exit code 1, and which package', async () => {
  const advisory = {
    id: 1,
    title: 'planted',
    severity: 'high',
    vulnerable_versions: '>=0',
    url: 'https://example.org',
  };
  const { code, stdout } = await audit(200, { yaml: [advisory] });
  expect([code, stdout]).toEqual([1, expect.stringMatching(/^high: yaml /m)]);
});

test('one that cannot be asked: exit code 3, and that nothing is known', async () => {
  const { code, stdout, stderr } = await audit(405, {});
  expect([code, stdout]).toEqual([3, '']);
  expect(stderr).toMatch(/^not asked: 405[^]*Nothing is known about the packages/);
});
