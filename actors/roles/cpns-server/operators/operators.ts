import type { Runtime } from '../../../loop/runtime.ts';
import { Answering } from '../../../services/answer.ts';
import { elsewhere } from '../../../services/elsewhere.ts';
import type { ServiceSeams, ServiceSharing } from '../../../services/seams.ts';
import { handOverOperate, operate } from '../../../../messages/subjects.ts';
import { decide } from './decide.ts';
import { decisionFromBytes, type OperatorQuestion } from '../../../../messages/operators.ts';
import { SERVER_QUEUE } from '../../../../messages/exchanges.ts';

/** The CPNS Server's end for its operators: what they decide becomes a step of the PN that it is about. */
export class Operators {
  readonly #answering: readonly Answering<OperatorQuestion>[];

  /**
   * @param operators secrets, 32 bytes, by the id of the operator
   * @param sharing with other servers: a decision goes to the one that looks after the PN, for it tells the PN GW
   */
  constructor(
    seams: ServiceSeams,
    operators: ReadonlyMap<string, Uint8Array>,
    runtime: Pick<Runtime, 'tell'>,
    sharing: ServiceSharing | null = null,
  ) {
    this.#answering = [...operators].map(
      ([operatorId, secret]) =>
        new Answering(
          seams,
          { subject: operate(operatorId), secret },
          SERVER_QUEUE,
          {
            read: decisionFromBytes,
            take: (question, questionId) => decide(runtime, operatorId, question, idOf(questionId)),
          },
          sharing === null ? null : elsewhere(sharing, (serverId) => handOverOperate(serverId, operatorId)),
        ),
    );
  }

  stop(): void {
    for (const one of this.#answering) one.stop();
  }
}

/** As ids of messages are written. */
const idOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
