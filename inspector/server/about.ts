import type { Json, JsonObject } from '../../journal/port.ts';
import { idInStream } from '../../machines/streams.ts';
import type { Entry } from '../protocol/answers.ts';
import { isJsonObject } from './json.ts';

/** What the name of a stream names: the PN and the device that are its actor's own. */
export interface Owned {
  readonly pn: string | null;
  readonly device: string | null;
}

export function ownedBy(stream: string): Owned {
  return { pn: idInStream(stream, 'pnId'), device: idInStream(stream, 'deviceId') };
}

/** Whom an event concerns: its actor's PN and device, or those that it names, of an inventory all that change. */
export function aboutOf(data: JsonObject, { pn, device }: Owned): Entry['about'] {
  const inventory = isJsonObject(data['inventory']) ? data['inventory'] : {};
  const changes = Array.isArray(inventory['changes']) ? inventory['changes'] : [];
  const named = [data, ...changes].flatMap((each: Json) =>
    isJsonObject(each) ? (textIn(each, 'deviceId') ?? []) : [],
  );
  return {
    pn: textIn(data, 'pnId') ?? textIn(inventory, 'pnId') ?? pn,
    devices: device === null ? [...new Set(named)] : [device],
  };
}

/** A text of that name in a value, where there is one. */
export function textIn(value: unknown, name: string): string | null {
  const found: unknown = isJsonObject(value) ? value[name] : null;
  return typeof found === 'string' ? found : null;
}
