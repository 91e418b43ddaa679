import type { RecordedEvent } from '../../journal/port.ts';
import { partyOf } from '../../replay/trace/messages.ts';
import { wordsOf } from '../../replay/trace/words.ts';
import { readStreamName } from '../../machines/streams.ts';
import type { Household } from '../config/household.ts';

/** Steps of the flows as they are committed, told apart by their correlation id. */
export class FlowReader {
  readonly #devices = new Map<string, string>();
  readonly #household: Household;

  constructor(household: Household) {
    this.#household = household;
  }

  /** The device whose registration the event belongs to, or null. */
  deviceOf(event: RecordedEvent): string | null {
    const name = readStreamName(event.stream);
    if (name?.chart === 'pne/registration') this.#devices.set(event.meta.correlationId, name.ids.deviceId);
    return this.#devices.get(event.meta.correlationId) ?? null;
  }

  /** The line over a device's steps. */
  title(deviceId: string): string {
    const pne = this.#household.pnes.find(({ id }) => id === deviceId);
    if (pne === undefined) return deviceId;
    const { vendor, model, type, mac, pn, membership, demo } = pne;
    const secret = demo.secret === 'wrong' ? ', with a wrong secret' : '';
    const asks = membership === 'member' ? `PN member of '${pn}'` : `stranger, asks for '${pn}'`;
    return `${deviceId}: ${vendor} ${model}, ${type}, ${mac}; ${asks}${secret}`;
  }

  /** One step, or null for an event that is none. */
  line(event: RecordedEvent): string | null {
    const { crStep, role } = event.meta;
    return crStep === null ? null : `  ${crStep}  ${(partyOf(event) ?? role).padEnd(11)}  ${wordsOf(event)}`;
  }
}
