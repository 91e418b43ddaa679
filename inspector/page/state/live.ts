import { computed, signal } from '@preact/signals';
import type { ActorRow, Entry, JournalNote, LiveMessage } from '../../protocol/answers.ts';
import { ask, AskError } from './api.ts';
import { shownAt } from './route.ts';

/** `refused`: the inspector was started anew and this page has the address of the one before. */
export type Connection = 'connecting' | 'live' | 'lost' | 'refused';

export const connection = signal<Connection>('connecting');
export const journals = signal<readonly JournalNote[]>([]);
/** Types of the events that the inspector has, sorted. */
export const types = signal<readonly string[]>([]);
/** Events that the inspector has. */
export const total = signal(0);
/** Goes up when what was fetched may be out of date as a whole. */
export const epoch = signal(0);
/** The last events that came, for views that follow. */
export const news = signal<readonly Entry[]>([]);

/** Whether the page shows what is, not what was. */
export const isLive = computed(() => shownAt.value === null);

const RETRY_MS = 1_000;

let instance: string | null = null;
let lastId: string | null = null;

export function startLive(): void {
  void overview();
  connect();
}

async function overview(): Promise<void> {
  try {
    const answer = await ask('overview');
    journals.value = answer.journals;
    addTypes(answer.types);
  } catch {
    // The event stream tells of what is wrong, and comes back to this.
  }
}

function connect(): void {
  const source = new EventSource(lastId === null ? './api/live' : `./api/live?last=${encodeURIComponent(lastId)}`);
  source.addEventListener('message', (message: MessageEvent<string>) => {
    lastId = message.lastEventId;
    take(JSON.parse(message.data) as LiveMessage);
  });
  source.addEventListener('error', () => {
    source.close();
    if (connection.value !== 'refused') connection.value = 'lost';
    setTimeout(() => void again(), RETRY_MS);
  });
}

async function again(): Promise<void> {
  try {
    await ask('overview');
  } catch (error) {
    connection.value = error instanceof AskError && error.status === 401 ? 'refused' : 'lost';
    setTimeout(() => void again(), RETRY_MS);
    return;
  }
  connect();
}

function take(message: LiveMessage): void {
  if (message.kind === 'journals') {
    journals.value = message.journals;
    // One that was not there may begin behind an archive: with actors and without events.
    epoch.value += 1;
    return;
  }
  const isOther = message.kind !== 'entries' && instance !== null && instance !== message.instance;
  if (message.kind !== 'entries') instance = message.instance;
  connection.value = 'live';
  total.value = message.total;
  if (message.kind === 'resync' || isOther) {
    epoch.value += 1;
    void overview();
  }
  if (message.kind !== 'entries') return;
  news.value = message.entries;
  addTypes(message.entries.map(({ type }) => type));
}

function addTypes(those: readonly string[]): void {
  const known = new Set(types.peek());
  if (those.some((type) => !known.has(type))) types.value = [...new Set([...known, ...those])].toSorted();
}

/** Rows with what came applied to them. */
export function withNews(
  rows: ReadonlyMap<string, ActorRow>,
  entries: readonly Entry[],
): ReadonlyMap<string, ActorRow> {
  const next = new Map(rows);
  for (const entry of entries) {
    const before = next.get(entry.key);
    if (before === undefined || before.seq < entry.seq) next.set(entry.key, entry);
  }
  return next;
}
