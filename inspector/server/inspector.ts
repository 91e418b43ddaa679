import type { Clock } from '../../seams/clock.ts';
import type { Entropy } from '../../seams/entropy.ts';
import type { Log } from '../../seams/log.ts';
import { graphOf } from '../charts/graph.ts';
import { layOut } from '../charts/layout.ts';
import { Api } from './api.ts';
import { Feed } from './feed.ts';
import { listen } from './http.ts';
import { Live } from './live.ts';
import type { PageFiles } from './page-files.ts';
import type { Source } from './source.ts';
import { Timeline } from './timeline.ts';
import { CHART_IDS, CHARTS } from '../../machines/catalogue.ts';

/** How soon what another process committed is seen: one indexed read of each journal each time. */
const ROUND_MS = 150;
const KEEP_ALIVE_MS = 15_000;

export interface InspectorOptions {
  readonly sources: readonly Source[];
  readonly files: PageFiles;
  /** 0 for any that is free. */
  readonly port: number;
  readonly token: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

export interface Inspector {
  readonly url: string;
  readonly port: number;
  /** Events shown so far. */
  readonly total: number;
  /** Something was committed: reads at once instead of at the next round. */
  wake(): void;
  close(): Promise<void>;
}

/** Reads the journals whole, then serves the page and keeps up with them. */
export async function startInspector(options: InspectorOptions): Promise<Inspector> {
  const { sources, files, port, token, clock, entropy, log } = options;
  const timeline = new Timeline();
  const feed = new Feed(timeline, sources, clock);
  await feed.catchUp();
  const instance = entropy.id();
  const live = new Live(timeline, feed, instance);
  const server = await listen({ port, token, api: new Api(timeline, feed, instance), live, files, log });

  void layOutAll(log);

  let state: 'running' | 'reading' | 'closed' = 'running';
  let cancel = (): void => {};
  let aliveAt = clock.now();
  const isClosed = (): boolean => state === 'closed';
  const round = async (): Promise<void> => {
    if (state !== 'running') return;
    cancel();
    state = 'reading';
    try {
      await feed.catchUp();
      live.tellAll();
      if (clock.now() - aliveAt > KEEP_ALIVE_MS) {
        aliveAt = clock.now();
        live.keepAlive();
      }
    } catch (error) {
      log.error('a round of reading failed', { error: error instanceof Error ? error.message : String(error) });
    }
    if (isClosed()) return;
    state = 'running';
    cancel = clock.after(ROUND_MS, () => void round());
  };
  cancel = clock.after(ROUND_MS, () => void round());

  return {
    url: server.url,
    port: server.port,
    get total() {
      return timeline.total;
    },
    wake: () => void round(),
    async close() {
      state = 'closed';
      cancel();
      await server.close();
    },
  };
}

/** Before anybody asks: the first layouts take a second, and the page is to be there at once. */
async function layOutAll(log: Log): Promise<void> {
  for (const id of CHART_IDS) {
    await layOut(graphOf(CHARTS[id])).catch((error: unknown) => {
      log.error('a chart could not be laid out', { chart: id, error: String(error) });
    });
  }
}
