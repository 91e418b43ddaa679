import { timingSafeEqual } from 'node:crypto';

/** What of a request says who asks. Names of headers are in lower case. */
export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
}

export interface Door {
  readonly port: number;
  readonly token: string;
}

export type Verdict =
  | { readonly kind: 'enter' }
  /** The token came in the address: it goes into a cookie, and out of the address. */
  | { readonly kind: 'signIn'; readonly location: string; readonly cookie: string }
  | { readonly kind: 'refuse'; readonly status: 401 | 403 | 405; readonly says: string };

/** Cookies do not know of ports: two inspectors on one machine have two. */
const cookieName = (port: number): string => `cpns-inspector-${port}`;

/**
 * Only pages of this very server, opened by whoever has the address that it printed, are answered. The Host header keeps
 * out names that others let point to this machine (DNS rebinding), Origin and Sec-Fetch-Site pages of other sites, the
 * token everybody else who is on the machine. Nothing is changed by any request.
 */
export function judge({ method, url, headers }: Asked, { port, token }: Door): Verdict {
  const refuse = (status: 401 | 403 | 405, says: string): Verdict => ({ kind: 'refuse', status, says });
  if (method !== 'GET' && method !== 'HEAD') return refuse(405, 'The inspector only reads: GET.');
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const host = one(headers['host']);
  if (!hosts.includes(host)) return refuse(403, 'Host is not this inspector.');
  const origin = one(headers['origin']);
  if (origin !== '' && origin !== `http://${host}`) return refuse(403, 'Asked by a page of another site.');
  const site = one(headers['sec-fetch-site']);
  const isNavigation = one(headers['sec-fetch-mode']) === 'navigate';
  if (site === 'cross-site' && !isNavigation) return refuse(403, 'Asked by a page of another site.');
  const given = url.searchParams.get('token');
  if (given !== null && isEqual(given, token)) {
    const clean = new URL(url);
    clean.searchParams.delete('token');
    const cookie = `${cookieName(port)}=${token}; HttpOnly; SameSite=Lax; Path=/`;
    return { kind: 'signIn', location: `${clean.pathname}${clean.search}`, cookie };
  }
  const cookies = one(headers['cookie']).split(';');
  const kept = cookies.map((each) => each.trim()).find((each) => each.startsWith(`${cookieName(port)}=`));
  if (kept !== undefined && isEqual(kept.slice(kept.indexOf('=') + 1), token)) return { kind: 'enter' };
  return refuse(401, 'Open the address that cpns inspect printed: it holds the token.');
}

const one = (header: string | readonly string[] | undefined): string =>
  typeof header === 'string' ? header : (header?.[0] ?? '');

function isEqual(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Scripts, styles and connections of this server alone; pictures that the page itself makes for an export. */
export const SECURITY_HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const;
