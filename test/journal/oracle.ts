import type { Commit, CommitResult, RecordedEvent } from '../../journal/port.ts';

/** The contract in the plainest words: one commit at a time over arrays, no batches, no cache. */
export class OracleJournal {
  events: readonly RecordedEvent[] = [];
  outbox: readonly string[] = [];
  timers: readonly (readonly [name: string, dueAt: number])[] = [];
  readonly #consumed = new Map<string, readonly RecordedEvent[]>();

  commit(commit: Commit): CommitResult {
    const first = commit.messageKey === null ? undefined : this.#consumed.get(commit.messageKey);
    if (first !== undefined) return { kind: 'duplicate', events: first };
    let events = this.events;
    for (const { stream, expected, events: added } of commit.appends) {
      const actual = events.filter((event) => event.stream === stream).length;
      const wanted = expected.kind === 'any' ? actual : expected.kind === 'noStream' ? 0 : expected.version;
      if (wanted !== actual) return { kind: 'conflict', stream, expected, actual };
      for (const [i, event] of added.entries()) {
        events = [...events, { ...event, position: events.length + 1, stream, version: actual + i + 1 }];
      }
    }
    const recorded = events.slice(this.events.length);
    this.events = events;
    if (commit.messageKey !== null) this.#consumed.set(commit.messageKey, recorded);
    this.outbox = this.outbox.filter((id) => !commit.outbox.settle.includes(id));
    for (const { id } of commit.outbox.put) if (!this.outbox.includes(id)) this.outbox = [...this.outbox, id];
    const gone = [...commit.timers.disarm, ...commit.timers.arm].map(({ name }) => name);
    const armed = commit.timers.arm.map(({ name, dueAt }) => [name, dueAt] as const);
    this.timers = [...this.timers.filter(([name]) => !gone.includes(name)), ...armed];
    return { kind: 'committed', events: recorded };
  }
}
