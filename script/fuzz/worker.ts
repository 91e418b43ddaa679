import { workerData } from 'node:worker_threads';
import { readCorpus } from './corpus.ts';
import { fuzz } from './engine.ts';
import { targets } from './targets.ts';
import { noteCase, type WorkerTask } from './watch.ts';

const task: WorkerTask = workerData;
const target = targets().find(({ name }) => name === task.target);
if (target === undefined) throw new Error(`There is no target ${task.target}.`);
const corpus = readCorpus(task.corpusRoot, task.target);
const { seed, maxCases, maxMs, shared, results } = task;
const result = fuzz({ target, corpus, seed, maxCases, maxMs, onCase: noteCase(shared) });
results.postMessage(result, []);
