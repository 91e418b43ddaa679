import type { ApplicationMessage, SendOutcome } from '../../../actors/sessions/data/port.ts';
import { SeededEntropy } from '../../../seams/entropy.ts';
import { SimulatedClock } from '../../../seams/clock.ts';
import { RecordedLog } from '../../../seams/log.ts';
import { ServerEnd } from '../../../actors/services/server-end.ts';
import { ServiceEnd } from '../../../actors/services/service-end.ts';
import { createMemoryNetwork, type Fate } from '../../../wire/memory.ts';
import type { InFlight } from '../../../wire/memory-hub.ts';

/** Both ends of the service leg on one simulated network. */

export const SECRET = new SeededEntropy('the secret of echo').bytes(32);
export const MESSAGE = {
  pnId: 'home',
  deviceId: 'hall-motion',
  serviceId: 'echo',
  bytes: new TextEncoder().encode('somebody is in the hall'),
} as const;
const { serviceId: _, ...question } = MESSAGE;
export const QUESTION = question;

export class Leg {
  readonly clock = new SimulatedClock();
  readonly log = new RecordedLog();
  /** What passed the network, in order. */
  readonly passed: InFlight[] = [];
  fate: (message: InFlight) => Fate = () => 'deliver';
  readonly network = createMemoryNetwork({
    clock: this.clock,
    log: this.log,
    policy: (message) => {
      this.passed.push(message);
      return this.fate(message);
    },
  });
  /** What the server was to send to devices, and what comes of it. */
  readonly toDevices: ApplicationMessage[] = [];
  outcome: SendOutcome = { kind: 'delivered' };

  seams(name: string) {
    const { clock, log } = this;
    return { clock, log, entropy: new SeededEntropy(name), wire: this.network.connect(name) };
  }

  server(name = 'server'): ServerEnd {
    const end = new ServerEnd(this.seams(name), new Map([['echo', SECRET]]));
    end.listen((message) => {
      this.toDevices.push(message);
      return Promise.resolve(this.outcome);
    });
    return end;
  }

  service(name = 'service', secret = SECRET): ServiceEnd {
    return new ServiceEnd(this.seams(name), { serviceId: 'echo', secret });
  }

  warnings(): readonly unknown[] {
    return this.log.lines.map(({ level, message, fields }) => [level, message, fields]);
  }
}

/** Lets everything happen that needs no time. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
