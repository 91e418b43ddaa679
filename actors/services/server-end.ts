import type { ResponseCode } from '../../events/codes.ts';
import type { ApplicationMessage, Deliver, SendOutcome, SessionEnd } from '../sessions/data/port.ts';
import { Warnings } from '../../seams/warnings.ts';
import { handOverSend, serviceDeliver, serviceSend } from '../../messages/subjects.ts';
import { Answering, MAX_UNDER_WAY } from './answer.ts';
import { askSealed, type Asked } from './ask.ts';
import { elsewhere } from './elsewhere.ts';
import { questionFromBytes, questionToBytes, type ServiceQuestion } from '../../messages/services.ts';
import type { ServiceSeams, ServiceSharing } from './seams.ts';
import { SERVER_QUEUE } from '../../messages/exchanges.ts';

/** How long a service may take to say that it has a message. It says so before it works on it. */
export const DELIVER_WITHIN_MS = 5_000;

/** The CPNS Server's end of the service leg: passes on what devices send to services, and what services send to devices. */
export class ServerEnd {
  readonly #seams: ServiceSeams;
  /** Secrets, 32 bytes, by the id of the service. */
  readonly #services: ReadonlyMap<string, Uint8Array>;
  readonly #warnings: Warnings;
  #answering: readonly Answering<ServiceQuestion>[] = [];
  #underWay = 0;

  constructor(seams: ServiceSeams, services: ReadonlyMap<string, Uint8Array>) {
    this.#seams = seams;
    this.#services = services;
    this.#warnings = new Warnings(seams.clock, seams.log);
  }

  has(serviceId: string): boolean {
    return this.#services.has(serviceId);
  }

  /**
   * Gives a message of a device to its service. 404: the server knows no such service; 503: it does not run, nobody has the
   * message; 408 and 500: nobody knows whether it has it; others are the service's own.
   */
  readonly deliver: Deliver = async ({ serviceId, pnId, deviceId, bytes }) => {
    const secret = this.#services.get(serviceId);
    if (secret === undefined) return 404;
    if (this.#underWay >= MAX_UNDER_WAY) return 429;
    this.#underWay += 1;
    try {
      const topic = { subject: serviceDeliver(serviceId), secret };
      const question = questionToBytes({ pnId, deviceId, bytes });
      return this.#codeOf(serviceId, await askSealed(this.#seams, topic, question, DELIVER_WITHIN_MS));
    } finally {
      this.#underWay -= 1;
    }
  };

  /**
   * Takes what services send, from now on.
   * @param sharing with other servers: a message goes to the one that has the session of its device
   */
  listen(send: SessionEnd['send'], sharing: ServiceSharing | null = null): void {
    this.#answering = [...this.#services].map(
      ([serviceId, secret]) =>
        new Answering(
          this.#seams,
          { subject: serviceSend(serviceId), secret },
          SERVER_QUEUE,
          {
            read: questionFromBytes,
            take: async (question) =>
              codeOfOutcome(await send({ ...question, serviceId } satisfies ApplicationMessage)),
          },
          sharing === null ? null : elsewhere(sharing, (serverId) => handOverSend(serverId, serviceId)),
        ),
    );
  }

  stop(): void {
    for (const one of this.#answering) one.stop();
    this.#warnings.close();
  }

  #codeOf(serviceId: string, asked: Asked): ResponseCode {
    if (asked.kind === 'answered') return asked.code;
    if (asked.kind === 'nobody') return 503;
    if (asked.reason !== 'answer not sealed') return 408;
    this.#warnings.say('the answer of a service does not open: give it the secret that the server knows', {
      serviceId,
    });
    return 500;
  }
}

function codeOfOutcome(outcome: SendOutcome): ResponseCode {
  switch (outcome.kind) {
    case 'delivered':
      return 200;
    case 'refused':
      return outcome.code;
    case 'noSession':
      return 480;
    case 'unknown':
      return 408;
  }
}
