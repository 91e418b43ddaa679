import { ReplayWindow } from '../../../security/replay-window.ts';
import type { Meter } from './meter.ts';
import type { Pne, RelayedFrame, RelayMeter } from './usage.ts';

/** Devices whose frames are told apart; the one that was silent longest is forgotten. */
const MAX_DEVICES = 10_000;

/** Sessions and directions of one device: eight sessions at once. Whoever makes sessions up forgets only its own. */
const MAX_WINDOWS = 16;

/** Frames of the newest epoch, and of the latest one before it: the wire reorders around a change of keys. */
interface Windows {
  readonly epoch: number;
  readonly newest: ReplayWindow;
  readonly before: ReplayWindow;
}

/**
 * The count of a PN GW, which can open nothing: each frame that it relays for a service once, by the number that the frame
 * carries. Numbers can be forged; what comes of it differs from what the server counts, and is shown.
 */
export class RelayCounter implements RelayMeter {
  readonly #meter: Meter;
  readonly #pns: ReadonlySet<string>;
  readonly #devices = new Map<string, Map<string, Windows>>();

  /** @param pns ids of the PNs of this PN GW: it relays for no other */
  constructor(meter: Meter, pns: Iterable<string>) {
    this.#meter = meter;
    this.#pns = new Set(pns);
  }

  relayed(frame: RelayedFrame): 'relay' | 'drop' {
    if (!this.#pns.has(frame.pnId) || !this.#meter.hasRoom(frame)) return 'drop';
    if (this.#isNew(frame)) this.#meter.count(frame);
    return 'relay';
  }

  #isNew(frame: RelayedFrame): boolean {
    const windows = this.#windowsOf(frame);
    const { epoch: start, counter } = frame;
    const window = start >= windows.epoch ? windows.newest : windows.before;
    if (!window.isNew({ start, counter })) return false;
    window.accept({ start, counter });
    return true;
  }

  #windowsOf({ pnId, deviceId, keyId, direction, epoch }: RelayedFrame): Windows {
    const ofDevice = latest(this.#devices, idOf({ pnId, deviceId }), MAX_DEVICES, () => new Map<string, Windows>());
    const key = `${keyId}/${direction}`;
    const found = latest(ofDevice, key, MAX_WINDOWS, () => {
      return { epoch, newest: new ReplayWindow(), before: new ReplayWindow() };
    });
    if (epoch <= found.epoch) return found;
    const next = { epoch, newest: new ReplayWindow(), before: found.newest };
    ofDevice.set(key, next);
    return next;
  }
}

/** The value of the key, made where it is not there; it becomes the last one to be forgotten. */
function latest<V>(map: Map<string, V>, key: string, limit: number, make: () => V): V {
  const value = map.get(key) ?? make();
  map.delete(key);
  const oldest = map.size >= limit ? map.keys().next().value : undefined;
  if (oldest !== undefined) map.delete(oldest);
  map.set(key, value);
  return value;
}

const idOf = ({ pnId, deviceId }: Pne): string => `${pnId}/${deviceId}`;
