import type { ResponseCode } from '../../events/codes.ts';
import { FreshnessWindow } from '../../security/freshness-window.ts';
import { envelopeKey, openEnvelope, sealEnvelope, type ServiceMessage } from '../../security/service-envelope.ts';
import { describeError } from '../wire/listeners.ts';
import type { Delivery, Subscription } from '../wire/port.ts';
import { Warnings } from '../warnings.ts';
import { answerToBytes, questionFromBytes, type ServiceQuestion } from './messages.ts';
import type { ServiceSeams, Topic } from './seams.ts';

/** Questions that are worked on at once, on one subject: each may hold half a MiB. One more is answered 429. */
export const MAX_UNDER_WAY = 64;

/** What does not open is answered by nothing in it: the asker need not wait, and learns no more than from silence. */
const NOTHING = new Uint8Array(0);

export type Take = (question: ServiceQuestion) => Promise<ResponseCode>;

/** Answers what is asked on one subject of the service leg: each question once, whatever the broker repeats. */
export class Answering {
  readonly #seams: ServiceSeams;
  readonly #topic: Topic;
  readonly #take: Take;
  readonly #window: FreshnessWindow;
  readonly #warnings: Warnings;
  readonly #subscription: Subscription;
  #underWay = 0;

  /** @param queue shares the questions among several processes */
  constructor(seams: ServiceSeams, topic: Topic, queue: string, take: Take) {
    this.#seams = seams;
    this.#topic = topic;
    this.#take = take;
    this.#window = new FreshnessWindow(seams.clock.now());
    this.#warnings = new Warnings(seams.clock, seams.log);
    this.#subscription = seams.wire.subscribe(topic.subject, (delivery) => void this.#hear(delivery), { queue });
  }

  stop(): void {
    this.#subscription.unsubscribe();
    this.#warnings.close();
  }

  async #hear({ payload, reply }: Delivery): Promise<void> {
    const { subject, secret } = this.#topic;
    if (reply === undefined) return;
    const message = openEnvelope(envelopeKey(secret, 'question', subject), payload);
    if (message === null) {
      this.#warnings.say('a message is not sealed with the secret of this service', { subject });
      this.#seams.wire.publish(reply, NOTHING);
      return;
    }
    const code = await this.#codeFor(message);
    if (code === null) return;
    const answer = { sentAtMs: this.#seams.clock.now(), questionId: message.questionId, body: answerToBytes({ code }) };
    const bytes = (length: number): Uint8Array => this.#seams.entropy.bytes(length);
    this.#seams.wire.publish(reply, sealEnvelope(envelopeKey(secret, 'answer', subject), answer, bytes));
  }

  /** Null for a repeated question: an answer of its own could be passed off as the first one's. */
  async #codeFor({ questionId, sentAtMs, body }: ServiceMessage): Promise<ResponseCode | null> {
    const { clock, log } = this.#seams;
    const { subject } = this.#topic;
    const freshness = this.#window.judge(questionId, sentAtMs, clock.now());
    if (freshness !== 'fresh') this.#warnings.say('a message is not taken', { subject, reason: freshness });
    if (freshness === 'repeated') return null;
    // Whether it was taken before it became too old is not known here.
    if (freshness === 'untimely') return 408;
    if (freshness === 'full' || this.#underWay >= MAX_UNDER_WAY) return 429;
    const question = questionFromBytes(body);
    if (question === null) return 400;
    this.#underWay += 1;
    try {
      return await this.#take(question);
    } catch (error) {
      log.error('a message of the service leg failed', { subject, error: describeError(error) });
      return 500;
    } finally {
      this.#underWay -= 1;
    }
  }
}
