import type { Log } from '../../seams/log.ts';
import type { Delivery, Wire } from '../../wire/port.ts';
import type { QueryRefusal } from '../../messages/queries.ts';
import { MAX_PAYLOAD_BYTES } from '../../wire/subject.ts';
import { reasonPhrase, type ResponseCode } from '../../events/codes.ts';

/** Questions that are answered at once; some fold an actor for each PN. Whoever asks beside so many is told to come again. */
export const MAX_QUESTIONS = 64;

/** Answers the questions on a subject. What fails is answered 500; what is too long for a message, or one too many, 429. */
export function answerQuery(
  wire: Wire,
  subject: string,
  log: Log,
  answer: (question: unknown) => Promise<object>,
): void {
  let underWay = 0;
  const found = async (payload: Uint8Array): Promise<object> => {
    underWay += 1;
    try {
      return await answer(parse(payload));
    } catch (error) {
      log.error('query failed', { subject, error: error instanceof Error ? error.message : String(error) });
      return refusal(500);
    } finally {
      underWay -= 1;
    }
  };
  const ask = async ({ payload, reply }: Delivery): Promise<void> => {
    if (reply === undefined) return;
    const text = JSON.stringify(underWay < MAX_QUESTIONS ? await found(payload) : refusal(429));
    const fits = Buffer.byteLength(text) <= MAX_PAYLOAD_BYTES;
    wire.publish(reply, fits ? text : JSON.stringify(refusal(429)));
  };
  // Of several processes that have the answer, one gives it.
  wire.subscribe(subject, (delivery) => void ask(delivery), { queue: subject });
}

export function refusal(code: ResponseCode): QueryRefusal {
  return { code, reason: reasonPhrase(code) };
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return null;
  }
}
