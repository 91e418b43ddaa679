/** Decoders of what is sealed for services and operators: the broker writes the envelope, who holds the secret what is in it. */
import { decisionFromBytes, decisionToBytes } from '../../messages/operators.ts';
import { answerFromBytes, answerToBytes, questionFromBytes, questionToBytes } from '../../messages/services.ts';
import { serviceDeliver } from '../../messages/subjects.ts';
import { envelopeKey, openEnvelope, sealEnvelope } from '../../security/service-envelope.ts';
import * as genuine from './genuine.ts';
import { DER, JSONS } from './tokens.ts';
import { onlyGenuine, type SeededTarget } from './seeded.ts';

const range = (from: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => from + index);
const question = questionToBytes({ pnId: 'home', deviceId: 'hall-motion', bytes: range(0, 40) });
const answer = answerToBytes({ code: 200 });
const decision = decisionToBytes({ verb: 'approve', pnId: 'home', deviceId: 'hall-motion' });

export function serviceEnvelope(): SeededTarget {
  const key = envelopeKey(genuine.psk, 'question', serviceDeliver('echo'));
  const sentAtMs = 1_795_420_800_000;
  const sealed = sealEnvelope(key, { sentAtMs, questionId: range(0x20, 16), body: question }, (n) => range(0x40, n));
  const seeds = [{ name: 'question', bytes: sealed }];
  return {
    name: 'service-envelope',
    tokens: DER,
    seeds,
    run: (input) => (openEnvelope(key, input) === null ? `refused ${input[0] === 1}` : onlyGenuine(input, seeds)),
  };
}

/** Whatever is taken is written again as what it is. */
export function serviceMessage(): SeededTarget {
  return {
    name: 'service-message',
    tokens: JSONS,
    seeds: [
      { name: 'question', bytes: question },
      { name: 'answer', bytes: answer },
      { name: 'decision', bytes: decision },
    ],
    run(input) {
      const asked = questionFromBytes(input);
      if (asked !== null) {
        if (questionFromBytes(questionToBytes(asked)) === null) throw new Error('Taken, but not when written again.');
        return 'taken question';
      }
      const decided = decisionFromBytes(input);
      if (decided !== null) {
        if (decisionFromBytes(decisionToBytes(decided)) === null) throw new Error('Taken, but not when written again.');
        return `taken decision ${decided.verb}`;
      }
      const answered = answerFromBytes(input);
      return answered === null ? 'refused' : `taken answer ${answered.code}`;
    },
  };
}
