import type { Commit, OutboxRow, StoredAnswer } from '../../../journal/port.ts';
import type { Cause } from '../work.ts';
import { encodeMessage, type OutboundMessage } from '../../../messages/envelope.ts';
import { StepError } from '../step-error.ts';

export interface Outgoing {
  readonly subject: string;
  readonly payload: string;
  readonly messageId: string;
  readonly correlationId: string;
}

const outboxId = (stream: string, message: string, about = ''): string => `${stream}|${message}|${about}`;
/** The id first: messages of one moment lie together in the index of what was seen. */
export const messageKey = (stream: string, messageId: string): string => `${messageId}#${stream}`;

/** What a step has to say: requests, which stay in the outbox until they are settled, answers, which are stored, and notices. */
export class StepMessages {
  /** Leaves after the commit, in this order. */
  readonly outgoing: Outgoing[] = [];
  /** Outbox rows that are sent once more after the commit. */
  readonly resend: string[] = [];
  readonly #cause: Cause;
  readonly #id: () => string;
  readonly #put = new Map<string, OutboxRow>();
  readonly #settled = new Set<string>();
  readonly #answers: StoredAnswer[] = [];

  /** @param id gives the id of the next message */
  constructor(cause: Cause, id: () => string) {
    this.#cause = cause;
    this.#id = id;
  }

  /** @param about tells requests of one name apart */
  request(stream: string, message: string, about: string | undefined, content: OutboundMessage): void {
    const id = outboxId(stream, message, about);
    const outgoing = this.#write(content);
    const { subject, payload, correlationId } = outgoing;
    this.outgoing.push(outgoing);
    this.#settled.add(id);
    this.#put.set(id, { id, stream, subject, payload, correlationId });
  }

  requestAgain(stream: string, message: string, about: string | undefined): void {
    this.resend.push(outboxId(stream, message, about));
  }

  settle(stream: string, message: string, about: string | undefined): void {
    const id = outboxId(stream, message, about);
    this.#put.delete(id);
    this.#settled.add(id);
  }

  /** A stored answer to the message of this step. */
  answer(content: OutboundMessage): void {
    const { inReplyTo, subject } = content;
    if (inReplyTo === null) throw new StepError(`Answer ${content.type} does not say what it answers.`);
    const outgoing = this.#write(content);
    this.outgoing.push(outgoing);
    const { messageId, payload, correlationId } = outgoing;
    const key = messageKey(this.#cause.stream, inReplyTo);
    this.#answers.push({ messageKey: key, messageId, subject, payload, correlationId });
  }

  notify(content: OutboundMessage): void {
    this.outgoing.push(this.#write(content));
  }

  get hasAnswers(): boolean {
    return this.#answers.length > 0;
  }

  get hasNothingButAnswers(): boolean {
    return this.#put.size === 0 && this.outgoing.length === this.#answers.length;
  }

  keepAnswers(): void {
    this.resend.length = 0;
    this.#settled.clear();
  }

  rows(): Pick<Commit, 'outbox' | 'answers'> {
    return { outbox: { put: [...this.#put.values()], settle: [...this.#settled] }, answers: this.#answers };
  }

  #write(content: OutboundMessage): Outgoing {
    const messageId = content.messageId ?? this.#id();
    const { correlationId } = this.#cause;
    const payload = encodeMessage(content, messageId, correlationId);
    return { subject: content.subject, payload, messageId, correlationId };
  }
}
