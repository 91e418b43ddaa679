import type { Journal } from '../../journal/port.ts';
import type { Share } from './share.ts';
import { TIMER_RETRY_MS } from './limits.ts';
import type { Clock } from '../../seams/clock.ts';
import type { Log } from '../../seams/log.ts';
import type { Publisher } from './publisher.ts';
import type { Timers } from './timers.ts';
import type { PendingTasks } from './pending-tasks.ts';

export interface RecoveryOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  readonly share: Share;
  readonly timers: Timers;
  readonly publisher: Publisher;
  readonly pending: PendingTasks;
}

/**
 * Takes up what the journal has and this process has not: the timers and requests of the process before it, of one that went
 * away, or of a commit of its own that failed and may be durable all the same (its disk did not say).
 */
export class Recovery {
  readonly #options: RecoveryOptions;
  #cancel: (() => void) | null = null;
  #state: 'open' | 'ended' = 'open';

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** @throws JournalError */
  async now(): Promise<void> {
    await this.timers();
    if (this.#state === 'open') await this.requests();
  }

  /** @throws JournalError */
  async timers(): Promise<void> {
    const { journal, timers, share } = this.#options;
    const rows = await journal.pendingTimers({ limit: Number.MAX_SAFE_INTEGER });
    if (this.#state === 'ended') return;
    for (const row of rows) if (!timers.has(row.stream, row.name) && share.isMine(row.stream)) timers.arm(row);
  }

  /** @throws JournalError */
  async requests(): Promise<void> {
    const { publisher, share } = this.#options;
    await publisher.resendOutbox((stream) => share.isMine(stream));
  }

  /** Beside what else goes on, and until it succeeds. */
  beside(): void {
    const { log, pending } = this.#options;
    const attempt = this.now().catch((error: unknown) => {
      log.error('not recovered yet', { error: String(error) });
      this.later();
    });
    pending.add(attempt);
  }

  later(): void {
    if (this.#state === 'ended') return;
    this.#cancel ??= this.#options.clock.after(TIMER_RETRY_MS, () => {
      this.#cancel = null;
      this.beside();
    });
  }

  end(): void {
    this.#state = 'ended';
    this.#cancel?.();
  }
}
