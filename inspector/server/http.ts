import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Log } from '../../seams/log.ts';
import type { Fault } from '../protocol/answers.ts';
import { ApiError, type Api } from './api.ts';
import { judge, SECURITY_HEADERS } from './guard.ts';
import type { Live } from './live.ts';
import type { PageFiles } from './page-files.ts';
import { readExport, ROUTES } from './query.ts';

const HOST = '127.0.0.1';
const MAX_URL = 80_000;
/** Pages that may listen at the same time. */
const MAX_LISTENERS = 64;

export interface InspectorServerOptions {
  /** 0 for any that is free. */
  readonly port: number;
  readonly token: string;
  readonly api: Api;
  readonly live: Live;
  readonly files: PageFiles;
  readonly log: Log;
}

export interface InspectorServer {
  readonly port: number;
  /** The address to open, with the token in it. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the page on this machine alone. @throws the system's error when the port is taken */
export async function listen(options: InspectorServerOptions): Promise<InspectorServer> {
  const { token } = options;
  let port = options.port;
  let listeners = 0;
  const server = createServer({ maxHeaderSize: MAX_URL }, (request, response) => {
    void answer(request, response).catch((error: unknown) => {
      options.log.error('a request failed', { error: error instanceof Error ? error.message : String(error) });
      if (response.headersSent) response.destroy();
      else sendFault(response, 500, { error: 'The inspector failed at this', remedy: 'Its log says more.' });
    });
  });

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = readUrl(request.url, port);
    if (url === null) return sendFault(response, 400, { error: 'That is no address', remedy: 'Check it.' });
    const verdict = judge({ method: request.method ?? '', url, headers: request.headers }, { port, token });
    if (verdict.kind === 'refuse') return refuse(response, url, verdict);
    if (verdict.kind === 'signIn') {
      send(
        response,
        303,
        { Location: verdict.location, 'Set-Cookie': verdict.cookie, 'Cache-Control': 'no-store' },
        '',
      );
      return;
    }
    if (url.pathname === '/api/live') return stream(request, response, url);
    if (url.pathname === '/api/export') return sendExport(options.api, response, url);
    if (url.pathname.startsWith('/api/')) return sendAnswer(options.api, response, url);
    const file = options.files.find(url.pathname);
    if (file === null) return sendFault(response, 404, { error: 'There is no such page', remedy: 'Open /.' });
    send(response, 200, file.headers, file.body);
  };

  const stream = (request: IncomingMessage, response: ServerResponse, url: URL): void => {
    if (listeners >= MAX_LISTENERS)
      return sendFault(response, 503, { error: 'Too many pages listen', remedy: 'Close some of them.' });
    listeners += 1;
    response.writeHead(200, {
      ...SECURITY_HEADERS,
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
    });
    const header = request.headers['last-event-id'];
    const lastId = typeof header === 'string' ? header : url.searchParams.get('last');
    const sink = {
      write: (text: string): void => void response.write(text),
      get waitingBytes() {
        return response.writableLength;
      },
    };
    const end = options.live.add(sink, lastId);
    response.on('close', () => {
      listeners -= 1;
      end();
    });
  };

  port = await bound(server, options.port);
  return {
    port,
    url: `http://${HOST}:${port}/?token=${token}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bound(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The inspector has no port.');
  return address.port;
}

function readUrl(path: string | undefined, port: number): URL | null {
  return URL.parse(path ?? '', `http://${HOST}:${port}`);
}

async function sendAnswer(api: Api, response: ServerResponse, url: URL): Promise<void> {
  try {
    const route = Object.hasOwn(ROUTES, url.pathname) ? ROUTES[url.pathname] : undefined;
    if (route === undefined) throw new ApiError(404, 'There is no such path', 'docs/inspector.md has the paths.');
    const answer = await route(api, Object.fromEntries(url.searchParams));
    const headers = { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' };
    send(response, 200, headers, JSON.stringify(answer));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    sendFault(response, error.status, { error: error.message, remedy: error.remedy });
  }
}

/** Written as it is read: an export may be larger than memory. */
async function sendExport(api: Api, response: ServerResponse, url: URL): Promise<void> {
  try {
    const { filter, at } = readExport(Object.fromEntries(url.searchParams));
    response.writeHead(200, {
      ...SECURITY_HEADERS,
      'Content-Type': 'application/x-ndjson; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Disposition': 'attachment; filename="events.jsonl"',
    });
    await pipeline(api.exported(filter, at), response);
  } catch (error) {
    if (error instanceof ApiError) sendFault(response, error.status, { error: error.message, remedy: error.remedy });
    else if (!response.destroyed) throw error;
  }
}

/** People who open the bare address see a sentence, the page gets JSON. */
function refuse(
  response: ServerResponse,
  url: URL,
  { status, says }: { readonly status: 401 | 403 | 405; readonly says: string },
): void {
  if (url.pathname.startsWith('/api/'))
    return sendFault(response, status, { error: says, remedy: 'Open the address that cpns inspect printed.' });
  send(response, status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' }, `${says}\n`);
}

function sendFault(response: ServerResponse, status: number, fault: Fault): void {
  const headers = { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' };
  send(response, status, headers, JSON.stringify(fault));
}

function send(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array,
): void {
  response.writeHead(status, { ...SECURITY_HEADERS, ...headers });
  response.end(body);
}
