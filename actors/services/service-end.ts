import { serviceDeliver, serviceSend } from '../../messages/subjects.ts';
import type { ResponseCode } from '../../events/codes.ts';
import { Answering } from './answer.ts';
import { askSealed, type Asked } from './ask.ts';
import { questionFromBytes, questionToBytes, type ServiceQuestion } from '../../messages/services.ts';
import type { ServiceSeams } from './seams.ts';

/** Longer than the server itself waits for a device (actors/sessions/data/). */
export const SEND_WITHIN_MS = 90_000;

/** A service of the operator as the server knows it. */
export interface ServiceIdentity {
  readonly serviceId: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

/** A service's end of the service leg: takes what devices send to it, and sends to devices. */
export class ServiceEnd {
  readonly #seams: ServiceSeams;
  readonly #identity: ServiceIdentity;
  #answering: Answering<ServiceQuestion> | null = null;

  constructor(seams: ServiceSeams, identity: ServiceIdentity) {
    this.#seams = seams;
    this.#identity = identity;
  }

  /** Takes what devices send, from now on. Of several processes of one service each message goes to one. */
  listen(take: (question: ServiceQuestion) => Promise<ResponseCode>): void {
    const { serviceId, secret } = this.#identity;
    const topic = { subject: serviceDeliver(serviceId), secret };
    this.#answering = new Answering(this.#seams, topic, serviceId, { read: questionFromBytes, take });
  }

  /**
   * Sends to a device. 480: it has no session; 408: nobody knows whether it has the message; others are the device's own.
   * @throws WireError `refused`
   */
  send(message: ServiceQuestion): Promise<Asked> {
    const { serviceId, secret } = this.#identity;
    return askSealed(
      this.#seams,
      { subject: serviceSend(serviceId), secret },
      questionToBytes(message),
      SEND_WITHIN_MS,
    );
  }

  stop(): void {
    this.#answering?.stop();
  }
}
