import { request } from 'node:http';
import { afterEach, beforeAll, expect } from 'vitest';
import { systemClock } from '../../../seams/clock.ts';
import { systemEntropy } from '../../../seams/entropy.ts';
import { RecordedLog } from '../../../seams/log.ts';
import type { RecordedEvent } from '../../../journal/port.ts';
import { startInspector, type Inspector } from '../../../inspector/server/inspector.ts';
import type { PageFiles } from '../../../inspector/server/page-files.ts';
import { someJournals, sourceOf, type Journals } from './world.ts';

export const TOKEN = 'a-token-of-the-test-0123456789abcdef';
const FILES: PageFiles = {
  find: (path) =>
    path === '/' ? { headers: { 'Content-Type': 'text/html' }, body: Buffer.from('<p>page</p>') } : null,
};

/** Inspectors in this process, on the journals of all three roles. */
export interface Inspectors {
  readonly journals: Journals;
  /** @param server in place of what the server committed; ended after the test */
  start(server?: readonly RecordedEvent[]): Promise<Inspector>;
}

export function useInspectors(): () => Inspectors {
  let journals: Journals;
  beforeAll(async () => {
    journals = await someJournals();
  });
  const running: Inspector[] = [];
  afterEach(async () => {
    for (const inspector of running.splice(0)) await inspector.close();
  });
  const start = async (server: readonly RecordedEvent[] = journals.server): Promise<Inspector> => {
    const inspector = await startInspector({
      sources: [sourceOf('server', server), sourceOf('hub', journals.gateway), sourceOf('pnes', journals.pnes)],
      files: FILES,
      port: 0,
      token: TOKEN,
      clock: systemClock,
      entropy: systemEntropy,
      log: new RecordedLog(),
    });
    running.push(inspector);
    return inspector;
  };
  return () => ({ journals, start });
}

export interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

export function get(port: number, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    asking.on('error', reject).end();
  });
}

export const cookieOf = (port: number): Record<string, string> => ({ cookie: `cpns-inspector-${port}=${TOKEN}` });

export async function json(inspector: Inspector, path: string): Promise<unknown> {
  const { status, body } = await get(inspector.port, path, cookieOf(inspector.port));
  expect(status, body).toBe(200);
  return JSON.parse(body);
}

/** Messages of the event stream until there are so many. */
export async function listen(
  { port }: Inspector,
  count: number,
  lastId: string | null = null,
): Promise<readonly { readonly id: string; readonly data: Record<string, unknown> }[]> {
  const headers = { ...cookieOf(port), ...(lastId === null ? {} : { 'last-event-id': lastId }) };
  return await new Promise((resolve, reject) => {
    let text = '';
    const asking = request({ host: '127.0.0.1', port, path: '/api/live', headers }, (response) => {
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        const blocks = text.split('\n\n').slice(0, -1);
        if (blocks.length < count) return;
        asking.destroy();
        resolve(
          blocks.map((block) => ({
            id: /^id: (.*)$/m.exec(block)?.[1] ?? '',
            data: JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '{}'),
          })),
        );
      });
    });
    asking.on('error', reject).end();
  });
}
