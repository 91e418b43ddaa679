import { noticeTo, type NoticeTo } from '../../messages/refusal.ts';
import type { ResponseCode } from '../../events/codes.ts';
import type { Journal, OutboxRow, RecordedEvent } from '../../journal/port.ts';
import type { Entropy } from '../../seams/entropy.ts';
import type { Log } from '../../seams/log.ts';
import type { Warnings } from '../../seams/warnings.ts';
import type { Wire } from '../../wire/port.ts';
import { eventsOf } from '../../messages/subjects.ts';
import type { PendingTasks } from './pending-tasks.ts';
import { deviceOf, type Incoming } from '../../messages/incoming.ts';
import { encodeMessage, messageIdOf } from '../../messages/envelope.ts';

const OUTBOX_PAGE = 1_000;

/** What could be read of a message. */
interface Names {
  readonly messageId: string | null;
  readonly correlationId: string | null;
}

export interface PublisherOptions {
  readonly journal: Journal;
  readonly wire: Wire;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly warnings: Warnings;
  readonly pending: PendingTasks;
}

/** What leaves beside the messages of a step: notices, what the outbox still has, and copies of events for observers. */
export class Publisher {
  readonly #options: PublisherOptions;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Tells the sender that a message was not taken, without an outcome. */
  notice(message: Incoming, code: ResponseCode): void {
    const { leg } = message.content;
    this.noticeTo({ leg, gatewayId: message.gatewayId, deviceId: deviceOf(message) }, code, message);
  }

  /** The same where it could not be read, but for some of its names. */
  noticeTo(to: NoticeTo, code: ResponseCode, { messageId, correlationId }: Names): void {
    const { wire, entropy } = this.#options;
    const said = noticeTo(to, code, messageId);
    if (said === null) return;
    const names = { messageId: entropy.id(), correlationId: correlationId ?? entropy.id() };
    const payload = encodeMessage(said, names.messageId, names.correlationId);
    wire.publish(said.subject, payload, names);
  }

  /** Copies of committed events. */
  tellObservers(events: readonly RecordedEvent[]): void {
    const { wire, warnings } = this.#options;
    try {
      for (const event of events) wire.publish(eventsOf(event.meta.chart.id), JSON.stringify(event));
    } catch (error) {
      // An event may be larger than what the NATS server takes; the messages of its step leave all the same.
      warnings.say('observers not told', { error: String(error) });
    }
  }

  /** Everything that waits for an answer, once more. @throws JournalError */
  async resendOutbox(isMine: (stream: string) => boolean): Promise<void> {
    let after = 0;
    for (;;) {
      const page = await this.#options.journal.pendingOutbox({ after, limit: OUTBOX_PAGE });
      for (const row of page) if (isMine(row.stream)) this.#publishRow(row);
      const last = page.at(-1);
      if (last === undefined || page.length < OUTBOX_PAGE) return;
      after = last.seq;
    }
  }

  /** The row as it is by then; none when its answer came meanwhile. A failure leaves it to the next attempt. */
  resendLater(id: string): void {
    const { journal, log, pending } = this.#options;
    const resend = journal
      .outboxRow(id)
      .then((row) => {
        if (row !== null) this.#publishRow(row);
      })
      .catch((error: unknown) => log.warn('not sent again', { outbox: id, error: String(error) }));
    pending.add(resend);
  }

  #publishRow({ subject, payload, correlationId }: OutboxRow): void {
    this.#options.wire.publish(subject, payload, { messageId: messageIdOf(payload), correlationId });
  }
}
