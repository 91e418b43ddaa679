import { describe, expect, it } from 'vitest';
import { cookieOf, get, TOKEN, useInspectors } from './asked.ts';

const inspectors = useInspectors();

describe('the door', () => {
  it('opens for the token in the address, which goes into a cookie that scripts cannot read', async () => {
    const { port, url } = await inspectors().start();
    expect(url).toBe(`http://127.0.0.1:${port}/?token=${TOKEN}`);
    const signedIn = await get(port, `/?view=events&token=${TOKEN}`);
    expect(signedIn.status).toBe(303);
    expect(signedIn.headers['location']).toBe('/?view=events');
    const [cookie = ''] = signedIn.headers['set-cookie'] ?? [];
    expect(cookie).toBe(`cpns-inspector-${port}=${TOKEN}; HttpOnly; SameSite=Lax; Path=/`);
    expect(await get(port, '/', cookieOf(port))).toMatchObject({ status: 200, body: '<p>page</p>' });
  });

  it.each([
    ['without the token', {}, 401],
    ['with another token', { cookie: `cpns-inspector-PORT=${TOKEN.replace('a', 'b')}` }, 401],
    ['under a name that others let point here', { host: 'evil.example:PORT', cookie: 'COOKIE' }, 403],
    ['at another port', { host: '127.0.0.1:1', cookie: 'COOKIE' }, 403],
    ['from a page of another site', { origin: 'http://evil.example', cookie: 'COOKIE' }, 403],
    ['from a page of another port', { origin: 'http://127.0.0.1:1', cookie: 'COOKIE' }, 403],
    ['as part of another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', cookie: 'COOKIE' }, 403],
  ])('stays shut %s', async (_, headers: Record<string, string>, status) => {
    const { port } = await inspectors().start();
    const filled = Object.entries(headers).map(([name, value]) => [
      name,
      value.replace('COOKIE', `cpns-inspector-PORT=${TOKEN}`).replace('PORT', String(port)),
    ]);
    for (const path of ['/', '/api/overview', '/api/live', `/?token=${'x'.repeat(TOKEN.length)}`]) {
      expect((await get(port, path, Object.fromEntries(filled))).status, path).toBe(status);
    }
  });

  it('lets nobody write, and sends the policy of the page with everything', async () => {
    const { port } = await inspectors().start();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect((await get(port, '/api/overview', cookieOf(port), method)).status).toBe(405);
    }
    for (const path of ['/', '/api/overview', '/nothing', '/../package.json', '/api/nothing']) {
      const { headers } = await get(port, path, cookieOf(port));
      expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
      expect(headers['content-security-policy']).not.toContain('unsafe');
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    }
    expect((await get(port, '/../package.json', cookieOf(port))).status).toBe(404);
  });
});
