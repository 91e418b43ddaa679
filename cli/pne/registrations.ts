import { register } from '../../actors/start.ts';
import type { Runtime } from '../../actors/loop/runtime.ts';
import type { Log } from '../../seams/log.ts';
import type { Wire } from '../../wire/port.ts';
import { reasonPhrase, type ResponseCode } from '../../events/codes.ts';
import type { Journal } from '../../journal/port.ts';
import { pneRegistration } from '../../machines/pne/registration.ts';
import { untilConnected, untilStopped, type Running } from '../run.ts';
import { concludedBy, outcomeOf, type Outcome } from './outcome.ts';
import { streamOf } from '../../machines/streams.ts';
import type { PneDevice } from '../../actors/roles/pne/device.ts';

export interface RegistrationsOptions {
  readonly runtime: Runtime;
  readonly journal: Pick<Journal, 'onCommit'>;
  readonly wire: Wire;
  readonly log: Log;
  readonly running: Running;
  /** Refusals for now that are the outcome all the same. */
  readonly settlesWith: (code: ResponseCode) => boolean;
  readonly onOutcome: (outcome: Outcome) => void;
}

/** Brings devices to an outcome, and tells each that comes. */
export class Registrations {
  readonly outcomes = new Map<string, Outcome>();
  readonly #options: RegistrationsOptions;
  readonly #waiting = new Map<string, () => void>();

  constructor(options: RegistrationsOptions) {
    this.#options = options;
    const { journal, running, log } = options;
    const unread = (error: unknown): void => {
      if (!running.stopped.aborted) log.error('outcome not read', { error: String(error) });
    };
    const unlisten = journal.onCommit((events) => {
      for (const event of events) {
        const deviceId = concludedBy(event);
        if (deviceId !== null) void this.#conclude(deviceId).catch(unread);
      }
    });
    running.onClose('the outcomes', unlisten);
  }

  /** Resolves when the device has an outcome, or when the command is stopped. A registration that stands is one. */
  async answered(device: PneDevice, when: 'needed' | 'always'): Promise<void> {
    const { deviceId } = device;
    const { runtime, wire, running } = this.#options;
    const answer = new Promise<void>((resolve) => this.#waiting.set(deviceId, resolve));
    const before = outcomeOf(deviceId, await this.#state(deviceId));
    if (before?.code === 200 && when === 'needed') this.#settle(before);
    else {
      // What is sent before is lost: the first attempt would be, and its retry comes a second later.
      await untilConnected(wire, running.stopped);
      if (!running.stopped.aborted) await register(runtime, device);
    }
    await Promise.race([answer, untilStopped(running.stopped)]);
  }

  #state(deviceId: string) {
    return this.#options.runtime.state(pneRegistration, streamOf('pne/registration', { deviceId }));
  }

  async #conclude(deviceId: string): Promise<void> {
    const state = await this.#state(deviceId);
    const outcome = outcomeOf(deviceId, state);
    const { code } = state.context;
    if (outcome !== null) this.#settle(outcome);
    else if (code !== null && this.#options.settlesWith(code))
      this.#settle({ deviceId, code, cpnsId: null, keyId: null });
    else {
      const reason = code === null ? null : reasonPhrase(code);
      this.#options.log.info('refused for now, asks again', { deviceId, code, reason });
    }
  }

  #settle(outcome: Outcome): void {
    this.outcomes.set(outcome.deviceId, outcome);
    this.#options.onOutcome(outcome);
    this.#waiting.get(outcome.deviceId)?.();
  }
}
