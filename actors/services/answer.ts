import type { ResponseCode } from '../../events/codes.ts';
import { FreshnessWindow } from '../../security/freshness-window.ts';
import { envelopeKey, openEnvelope, sealEnvelope, type ServiceMessage } from '../../security/service-envelope.ts';
import { describeError } from '../../wire/listeners.ts';
import { WireError, type Delivery, type Subscription } from '../../wire/port.ts';
import { Warnings } from '../../seams/warnings.ts';
import { answerToBytes } from '../../messages/services.ts';
import type { ServiceSeams, Topic } from './seams.ts';

/** Questions that are worked on at once, on one subject: each may hold half a MiB. One more is answered 429. */
export const MAX_UNDER_WAY = 64;

/** As long as a service waits for its answer. */
const HAND_OVER_WITHIN_MS = 90_000;

/** What does not open is answered by nothing in it: the asker need not wait, and learns no more than from silence. */
const NOTHING = new Uint8Array(0);

/** What is asked, and what is done about it. */
export interface Work<Question> {
  /** Null for whatever is no question. */
  read(body: Uint8Array): Question | null;
  /** @param questionId of this one, drawn at random by the asker */
  take(question: Question, questionId: Uint8Array): Promise<ResponseCode>;
}

/** Questions that are for another process of those that hear them. */
export interface Elsewhere<Question> {
  /** Where the other processes hand over what is for this one. */
  readonly subject: string;
  /** Subject of the process that the question is for, or null: it is this one. */
  subjectFor(question: Question): string | null;
  /** Questions like this one that were sent before may have been taken by another process. */
  takenHereSince(question: Question): number;
}

/** Answers what is asked, sealed, on one subject: each question once, whatever the broker repeats. */
export class Answering<Question> {
  readonly #seams: ServiceSeams;
  readonly #topic: Topic;
  readonly #work: Work<Question>;
  readonly #elsewhere: Elsewhere<Question> | null;
  readonly #window: FreshnessWindow;
  readonly #warnings: Warnings;
  readonly #subscriptions: readonly Subscription[];
  #underWay = 0;

  /** @param queue shares the questions among several processes */
  constructor(
    seams: ServiceSeams,
    topic: Topic,
    queue: string,
    work: Work<Question>,
    elsewhere: Elsewhere<Question> | null = null,
  ) {
    this.#seams = seams;
    this.#topic = topic;
    this.#work = work;
    this.#elsewhere = elsewhere;
    this.#window = new FreshnessWindow(seams.clock.now());
    this.#warnings = new Warnings(seams.clock, seams.log);
    const { wire } = seams;
    this.#subscriptions = [
      wire.subscribe(topic.subject, (delivery) => void this.#hear(delivery, 'asked'), { queue }),
      ...(elsewhere === null
        ? []
        : [wire.subscribe(elsewhere.subject, (delivery) => void this.#hear(delivery, 'handedOver'))]),
    ];
  }

  stop(): void {
    for (const one of this.#subscriptions) one.unsubscribe();
    this.#warnings.close();
  }

  async #hear({ payload, reply }: Delivery, how: 'asked' | 'handedOver'): Promise<void> {
    const { subject, secret } = this.#topic;
    if (reply === undefined) return;
    const message = openEnvelope(envelopeKey(secret, 'question', subject), payload);
    if (message === null) {
      this.#warnings.say('a message is not sealed with the secret for this subject', { subject });
      this.#seams.wire.publish(reply, NOTHING);
      return;
    }
    const question = this.#work.read(message.body);
    const other = question === null ? null : (this.#elsewhere?.subjectFor(question) ?? null);
    const answer =
      other === null
        ? await this.#codeFor(message, question)
        : how === 'asked'
          ? await this.#handOver(other, payload)
          : // Two that differ over whose it is: nobody has taken it.
            503;
    if (answer === null) return;
    this.#seams.wire.publish(reply, typeof answer === 'number' ? this.#sealed(message, answer) : answer);
  }

  #sealed({ questionId }: ServiceMessage, code: ResponseCode): Uint8Array {
    const { subject, secret } = this.#topic;
    const answer = { sentAtMs: this.#seams.clock.now(), questionId, body: answerToBytes({ code }) };
    const bytes = (length: number): Uint8Array => this.#seams.entropy.bytes(length);
    return sealEnvelope(envelopeKey(secret, 'answer', subject), answer, bytes);
  }

  /** As it came: the other process judges whether it is fresh, and its answer is sealed for the asker. */
  async #handOver(subject: string, payload: Uint8Array): Promise<Uint8Array | ResponseCode> {
    if (this.#underWay >= MAX_UNDER_WAY) return 429;
    this.#underWay += 1;
    try {
      return await this.#seams.wire.request(subject, payload, { timeoutMs: HAND_OVER_WITHIN_MS });
    } catch (error) {
      this.#warnings.say('a message was not handed over', { subject, error: describeError(error) });
      const hasNobody = error instanceof WireError && (error.fault === 'noResponders' || error.fault === 'refused');
      return hasNobody ? 503 : 408;
    } finally {
      this.#underWay -= 1;
    }
  }

  /** Null for a repeated question: an answer of its own could be passed off as the first one's. */
  async #codeFor({ questionId, sentAtMs }: ServiceMessage, question: Question | null): Promise<ResponseCode | null> {
    const { clock, log } = this.#seams;
    const { subject } = this.#topic;
    const since = question === null ? 0 : (this.#elsewhere?.takenHereSince(question) ?? 0);
    const freshness = sentAtMs < since ? 'untimely' : this.#window.judge(questionId, sentAtMs, clock.now());
    if (freshness !== 'fresh') this.#warnings.say('a message is not taken', { subject, reason: freshness });
    if (freshness === 'repeated') return null;
    // Whether it was taken before it became too old is not known here.
    if (freshness === 'untimely') return 408;
    if (freshness === 'full' || this.#underWay >= MAX_UNDER_WAY) return 429;
    if (question === null) return 400;
    this.#underWay += 1;
    try {
      return await this.#work.take(question, questionId);
    } catch (error) {
      log.error('a sealed message failed', { subject, error: describeError(error) });
      return 500;
    } finally {
      this.#underWay -= 1;
    }
  }
}
