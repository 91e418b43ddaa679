import { workerData } from 'node:worker_threads';
import { noteCase, type WorkerTask } from '../../script/fuzz/watch.ts';

/** In the place of the worker: its only case never ends. */
const task: WorkerTask = workerData;
noteCase(task.shared)(Uint8Array.of(1, 2, 3));
for (let turns = 0; ; turns++) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
