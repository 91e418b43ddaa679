import { messageKey } from '../../actors/loop/step/messages.ts';
import type { Commit, JsonObject, NewEvent } from '../../journal/port.ts';

const PNS = 100;
const DEVICES = 20;
/** Events that one registration leaves in the journal of a server. */
const EVENTS_PER_CORRELATION = 8;

/** When the first id was made, and how many follow in a millisecond. */
const STARTED_AT_MS = 1_780_000_000_000;
const PER_MS = 32;

/**
 * An id as the product makes them: the time, then what is in no order; 26 characters of base32. The same for the same number
 * (splitmix64's finalizer).
 */
export function idAt(i: number): string {
  const time = (STARTED_AT_MS + Math.floor(i / PER_MS)).toString(32).padStart(10, '0');
  return `${time}${scrambled(i)}${scrambled(i + 0x40000000)}`.slice(0, 26);
}

function scrambled(i: number): string {
  let x = Math.imul(i ^ 0x9e3779b9, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  const y = Math.imul(x ^ (x >>> 16), 0x27d4eb2f);
  return (x >>> 0).toString(32).padStart(7, '0') + (y >>> 0).toString(32).padStart(7, '0');
}

/** The i-th event of a registrar with 100 PNs of 20 devices each: 250 bytes of JSON, each device joining again and again. */
export function eventAt(i: number): NewEvent {
  const pn = i % PNS;
  const revision = Math.floor(i / PNS);
  const deviceId = `device-${revision % DEVICES}`;
  const change = {
    revision: revision + 1,
    previous: revision,
    deviceId,
    kind: 'added',
    status: 'member',
    cpnsId: null,
  };
  const data: JsonObject = { deviceId, gatewayId: `gateway-${pn}`, inventory: { pnId: `pn-${pn}`, changes: [change] } };
  return {
    type: 'InventoryUpdated',
    schemaVersion: 1,
    data,
    meta: {
      messageId: idAt(i),
      correlationId: idAt(i - (i % EVENTS_PER_CORRELATION)),
      causationId: null,
      role: 'cpns-server',
      chart: { id: 'cpns-server/personal-network', hash: '0f1e2d3c4b5a69788796a5b4c3d2e1f0' },
      crStep: '1.4.1/3',
      recordedAt: '2026-11-23T04:12:24.000Z',
    },
  };
}

/** What follows on what was made before: the events and versions of one journal that grows. */
export class Series {
  #commits = 0;
  #events = 0;
  readonly #versions = new Map<string, number>();

  get events(): number {
    return this.#events;
  }

  /** Commits of `size` events to one stream each, the streams in turn, every one with its message key. */
  next(count: number, size: number): readonly Commit[] {
    return Array.from({ length: count }, () => {
      const i = this.#commits++;
      const stream = `pn/pn-${i % PNS}`;
      const version = this.#versions.get(stream) ?? 0;
      this.#versions.set(stream, version + size);
      const events = Array.from({ length: size }, () => eventAt(this.#events++));
      return {
        messageKey: messageKey(stream, idAt(i)),
        appends: [{ stream, expected: { kind: 'exactly', version }, events }],
        outbox: { put: [], settle: [] },
        answers: [],
        timers: { arm: [], disarm: [] },
        keys: { put: [], drop: [] },
      };
    });
  }
}

/** The first commits of a journal. */
export function commits(count: number, size: number): readonly Commit[] {
  return new Series().next(count, size);
}
