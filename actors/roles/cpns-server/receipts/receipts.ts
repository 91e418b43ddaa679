import type { Journal, JournalReader } from '../../../../journal/port.ts';
import { utf8 } from '../../../../security/bytes.ts';
import type { ApplicationMessage, Deliver, SessionEnd } from '../../../sessions/data/port.ts';
import { FOLD_PAGE } from '../../../../fold/source.ts';
import { RateLimiter } from '../../../loop/rate-limiter.ts';
import type { Clock } from '../../../../seams/clock.ts';
import type { Log } from '../../../../seams/log.ts';
import type { RateLimit } from '../../../loop/token-bucket.ts';
import type { Checkpoints } from '../../journal/record/checkpoints.ts';
import { receiptOf } from './receipt.ts';
import { streamOf } from '../../../../machines/streams.ts';

/** The service of the server itself that devices ask for their receipts. */
export const RECEIPT_SERVICE = 'receipt';

/** One device asks once in a while: after it has registered, or when it has lost what it had. */
export const RECEIPTS_OF_DEVICE: RateLimit = { burst: 3, perSecond: 0.1 };
/** Receipts that are made at once; each waits for a checkpoint at most, and keeps a few kilobytes. */
const MAX_UNDER_WAY = 64;

export interface ReceiptsOptions {
  readonly journal: Journal;
  readonly checkpoints: Pick<Checkpoints, 'covering'>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Hands each device, in its secure session, the receipt of its own standing registration: which device asks is known by
 * the keys of the session, so there is nothing in a question that could name another.
 */
export class Receipts {
  readonly #options: ReceiptsOptions;
  readonly #limiter: RateLimiter;
  #underWay = 0;
  #send: SessionEnd['send'] | null = null;

  constructor(options: ReceiptsOptions) {
    this.#options = options;
    this.#limiter = new RateLimiter(options.clock);
  }

  /** The way back to the devices. Until there is one they are told to come again. */
  answerBy(send: SessionEnd['send']): void {
    this.#send = send;
  }

  /**
   * Takes a question: an empty message. 200: the receipt follows, as a message of the same service; 400: the question is
   * not empty; 404: no registration stands; 429: too often, or too many at once; 503: no checkpoint could be signed.
   */
  readonly deliver: Deliver = async ({ pnId, deviceId, bytes }) => {
    if (bytes.length > 0) return 400;
    if (this.#send === null) return 503;
    if (this.#underWay >= MAX_UNDER_WAY || this.#isTooOften(pnId, deviceId)) return 429;
    this.#underWay += 1;
    try {
      const receipt = await this.#make(pnId, deviceId);
      if (typeof receipt === 'number') return receipt;
      void this.#answer(this.#send, { pnId, deviceId, serviceId: RECEIPT_SERVICE, bytes: utf8(receipt) });
      return 200;
    } finally {
      this.#underWay -= 1;
    }
  };

  async #make(pnId: string, deviceId: string): Promise<string | 404 | 503> {
    const { journal, checkpoints } = this.#options;
    const position = await standingRegistration(journal, streamOf('cpns-server/registration', { pnId, deviceId }));
    if (position === null) return 404;
    const checkpoint = await checkpoints.covering(position);
    return checkpoint === null ? 503 : ((await receiptOf(journal, position, checkpoint)) ?? 404);
  }

  async #answer(send: SessionEnd['send'], message: ApplicationMessage): Promise<void> {
    const { kind } = await send(message);
    const { pnId, deviceId } = message;
    if (kind !== 'delivered') this.#options.log.info('receipt not taken', { pnId, deviceId, outcome: kind });
  }

  #isTooOften(pnId: string, deviceId: string): boolean {
    const stream = streamOf('cpns-server/registration', { pnId, deviceId });
    return this.#limiter.overdrawn([{ bucket: stream, limit: RECEIPTS_OF_DEVICE, stream, from: deviceId }]) !== null;
  }
}

/** Position of the newest answer that accepted the device. */
async function standingRegistration(journal: JournalReader, stream: string): Promise<number | null> {
  let found: number | null = null;
  for (let after = 0; ;) {
    const page = await journal.readStream(stream, { after, limit: FOLD_PAGE });
    for (const { type, data, position, version } of page) {
      after = version;
      if (type === 'RegistrationAnswered' && data['code'] === 200) found = position;
    }
    if (page.length < FOLD_PAGE) return found;
  }
}
