/**
 * A case that never ends cannot be measured from within its own thread. So the cases run in a worker, which writes each input
 * into shared memory before it starts; when none has started for a while, the worker is ended and its last input is the one.
 */
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import type { FuzzFailure, FuzzResult } from './engine.ts';

export interface WorkerTask {
  readonly target: string;
  readonly corpusRoot: string;
  readonly seed: string;
  readonly maxCases: number;
  readonly maxMs: number;
  readonly shared: SharedArrayBuffer;
  readonly results: MessagePort;
}

const HEAD_BYTES = 8;
const MAX_INPUT_BYTES = 1 << 20;

/** Longer than three attempts at a slow case take. */
export const HANG_MS = 10_000;

/** For the worker. */
export function noteCase(shared: SharedArrayBuffer): (input: Uint8Array) => void {
  const head = new Int32Array(shared, 0, 2);
  const room = new Uint8Array(shared, HEAD_BYTES);
  return (input) => {
    const kept = input.subarray(0, room.length);
    room.set(kept);
    Atomics.store(head, 1, kept.length);
    Atomics.add(head, 0, 1);
  };
}

/** @param worker a module that takes a `WorkerTask` as its `workerData` and posts one `FuzzResult` to its `results` */
export async function watch(
  worker: URL,
  task: Omit<WorkerTask, 'shared' | 'results'>,
  hangMs = HANG_MS,
): Promise<FuzzResult | { readonly failure: FuzzFailure; readonly cases: number }> {
  const shared = new SharedArrayBuffer(HEAD_BYTES + MAX_INPUT_BYTES);
  const head = new Int32Array(shared, 0, 2);
  const { port1: ours, port2: results } = new MessageChannel();
  const workerData: WorkerTask = { ...task, shared, results };
  const running = new Worker(worker, { workerData, transferList: [results] });
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<typeof watch>>>();
  let before = -1;
  const timer = setInterval(() => {
    const cases = Atomics.load(head, 0);
    if (cases === before && cases > 0) {
      const input = new Uint8Array(shared, HEAD_BYTES, Atomics.load(head, 1)).slice();
      resolve({ cases, failure: { input, reason: `no end within ${hangMs} ms` } });
    }
    before = cases;
  }, hangMs);
  ours.once('message', (result: FuzzResult) => resolve(result));
  running.once('error', reject);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
    ours.close();
    await running.terminate();
  }
}
