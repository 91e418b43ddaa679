import type { Log } from '../../actors/seams/log.ts';
import type { Delivery, Wire } from '../../actors/wire/port.ts';
import type { QueryRefusal } from '../../actors/wire/queries.ts';
import { MAX_PAYLOAD_BYTES } from '../../actors/wire/subject.ts';
import { reasonPhrase, type ResponseCode } from '../../events/codes.ts';

/** Answers the questions on a subject, one by one. What fails is answered 500, what is too long for a message 429. */
export function answerQuery(
  wire: Wire,
  subject: string,
  log: Log,
  answer: (question: unknown) => Promise<object>,
): void {
  const ask = ({ payload, reply }: Delivery): void => {
    if (reply === undefined) return;
    void answer(parse(payload))
      .catch((error: unknown) => {
        log.error('query failed', { subject, error: error instanceof Error ? error.message : String(error) });
        return refusal(500);
      })
      .then((value) => {
        const text = JSON.stringify(value);
        const fits = Buffer.byteLength(text) <= MAX_PAYLOAD_BYTES;
        wire.publish(reply, fits ? text : JSON.stringify(refusal(429)));
      });
  };
  // Of several processes that have the answer, one gives it.
  wire.subscribe(subject, ask, { queue: subject });
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
