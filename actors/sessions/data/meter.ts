import { MAX_SUMS, type UsageSum } from '../../../events/fields.ts';
import { JournalError } from '../../../journal/port.ts';
import { addSum, usageKey } from '../../../machines/usage.ts';
import type { Clock } from '../../../seams/clock.ts';
import type { Log } from '../../../seams/log.ts';
import type { Pne, Usage, UsageMeter, UsageSettings } from './usage.ts';

export interface MeterOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: UsageSettings;
  /**
   * Makes the sums of one PNE events, one for each list, all or none. `refused`: not now. It rejects where nothing could
   * be committed.
   */
  record(pne: Pne, events: readonly UsageSum[][]): Promise<'taken' | 'refused'>;
}

/** PNEs that are counted side by side; with more, what was counted of the one that has waited longest is recorded. */
export const MAX_METERED = 10_000;

/** Sums of one PNE that wait for a journal that cannot be written: 128 sessions with 4 services in both directions. */
export const MAX_WAITING_SUMS = 1_024;

interface Open {
  readonly pne: Pne;
  readonly sums: Map<string, UsageSum>;
  readonly cancel: () => void;
  /** `recordable`; `waiting`: it was not taken last time, and waits for the end of the interval. */
  readonly state: 'recordable' | 'waiting';
}

/**
 * Sums what is counted, by session, service and direction, and records the sums of a PNE in one event: at the end of an
 * interval, at a volume, at the end of a session, and when the process stops. Never one event a message. What was counted
 * and not yet recorded is lost with the process; that shows as a difference between the two who count.
 */
export class Meter implements UsageMeter {
  readonly #options: MeterOptions;
  readonly #open = new Map<string, Open>();
  readonly #recording = new Set<Promise<void>>();
  #stopped: 'no' | 'yes' = 'no';

  constructor(options: MeterOptions) {
    this.#options = options;
  }

  count({ pnId, deviceId, keyId, serviceId, direction, bytes }: Usage): void {
    const now = this.#options.clock.now();
    const pne = { pnId, deviceId };
    const sum = { keyId, serviceId, direction, messages: 1, bytes, from: now, to: now };
    const before = this.#open.get(idOf(pne));
    if (before?.state === 'recordable' && !fits(before, sum, MAX_SUMS)) this.flush(pne);
    this.#add(pne, [sum], 'recordable');
    const open = this.#open.get(idOf(pne));
    const total = open?.sums.get(usageKey(sum));
    const { maxMessages, maxBytes } = this.#options.settings;
    const isFull = total !== undefined && (total.messages >= maxMessages || total.bytes >= maxBytes);
    if (isFull && open?.state === 'recordable') this.flush(pne);
  }

  /** Whether one more can be counted without an event ahead of its time, and what was counted was taken so far. */
  hasRoom(of: Omit<Usage, 'bytes'>): boolean {
    const open = this.#open.get(idOf(of));
    return open === undefined || (open.state === 'recordable' && fits(open, of, MAX_SUMS));
  }

  /** Records what was counted of this PNE, now. */
  flush(pne: Pne): void {
    const open = this.#open.get(idOf(pne));
    if (open === undefined) return;
    this.#open.delete(idOf(pne));
    open.cancel();
    const recording = this.#record(open).finally(() => this.#recording.delete(recording));
    this.#recording.add(recording);
  }

  /** Records everything that was counted. What cannot be recorded is lost, and said. */
  async stop(): Promise<void> {
    this.#stopped = 'yes';
    for (const { pne } of this.#open.values()) this.flush(pne);
    while (this.#recording.size > 0) await Promise.all(this.#recording);
  }

  async #record({ pne, sums }: Open): Promise<void> {
    const usage = [...sums.values()];
    const events: UsageSum[][] = [];
    for (let first = 0; first < usage.length; first += MAX_SUMS) events.push(usage.slice(first, first + MAX_SUMS));
    try {
      if ((await this.#options.record(pne, events)) === 'taken') return;
      this.#notRecorded(pne, usage, 'refused for now');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // A commit that failed may be durable all the same: to record it again might charge it twice.
      if (error instanceof JournalError && error.fault === 'failed') this.#lost(pne, usage, reason);
      else this.#notRecorded(pne, usage, reason);
    }
  }

  #notRecorded(pne: Pne, usage: readonly UsageSum[], reason: string): void {
    if (this.#stopped === 'yes') {
      this.#lost(pne, usage, reason);
      return;
    }
    const messages = messagesOf(usage);
    this.#options.log.warn('usage not recorded yet', { pnId: pne.pnId, deviceId: pne.deviceId, messages, reason });
    this.#add(pne, usage, 'waiting');
  }

  #lost({ pnId, deviceId }: Pne, usage: readonly UsageSum[], reason: string): void {
    this.#options.log.error('usage lost', { pnId, deviceId, messages: messagesOf(usage), reason });
  }

  #add(pne: Pne, usage: readonly UsageSum[], state: Open['state']): void {
    const found = this.#open.get(idOf(pne)) ?? this.#begin(pne, state);
    const open = state === 'waiting' ? { ...found, state } : found;
    this.#open.set(idOf(pne), open);
    for (const sum of usage) {
      const before = open.sums.get(usageKey(sum));
      if (before === undefined && !fits(open, sum, MAX_WAITING_SUMS)) this.#lost(pne, [sum], 'too many sums wait');
      else open.sums.set(usageKey(sum), before === undefined ? sum : addSum(before, sum));
    }
  }

  #begin(pne: Pne, state: Open['state']): Open {
    if (this.#open.size >= MAX_METERED) this.#flushOldest();
    const cancel = this.#options.clock.after(this.#options.settings.intervalMs, () => this.flush(pne));
    return { pne, sums: new Map(), cancel, state };
  }

  #flushOldest(): void {
    const oldest = this.#open.values().next().value;
    if (oldest !== undefined) this.flush(oldest.pne);
  }
}

type Kind = Pick<Usage, 'keyId' | 'serviceId' | 'direction'>;
const fits = ({ sums }: Open, of: Kind, limit: number): boolean => sums.size < limit || sums.has(usageKey(of));
const messagesOf = (usage: readonly UsageSum[]): number => usage.reduce((all, { messages }) => all + messages, 0);
const idOf = ({ pnId, deviceId }: Pne): string => `${pnId}/${deviceId}`;
