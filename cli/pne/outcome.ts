import { reasonPhrase, type ResponseCode } from '../../events/codes.ts';
import type { RecordedEvent } from '../../journal/port.ts';
import type { PneContext } from '../../machines/pne/registration-terms.ts';
import { liveSession } from '../../machines/session.ts';
import { isIn, type ChartState } from '../../machines/state.ts';
import { readStreamName } from '../../machines/streams.ts';

/** What became of a device's registration, as its own journal tells it. */
export interface Outcome {
  readonly deviceId: string;
  readonly code: ResponseCode;
  readonly cpnsId: string | null;
  readonly keyId: string | null;
}

const CONCLUDING: ReadonlySet<string> = new Set([
  'SecureSessionConfirmed',
  'PairingRefused',
  'RegistrationRefused',
  'PairingTimedOut',
  'RegistrationTimedOut',
]);

/** The device whose registration may have come out with this event, or null. */
export function concludedBy({ stream, type }: RecordedEvent): string | null {
  const name = CONCLUDING.has(type) ? readStreamName(stream) : null;
  return name?.chart === 'pne/registration' ? name.ids.deviceId : null;
}

/** The outcome, or null while the device is on its way: it also asks again after a refusal for now. */
export function outcomeOf(deviceId: string, state: ChartState<PneContext>): Outcome | null {
  const { value, context } = state;
  const { cpnsId, code } = context;
  const session = liveSession(state);
  if (isIn(value, 'registration.registered.settled'))
    return session === null ? null : { deviceId, code: 200, cpnsId, keyId: session.keyId };
  if (isIn(value, 'registration.refused')) return { deviceId, code: code ?? 500, cpnsId: null, keyId: null };
  return isIn(value, 'registration.timedOut') ? { deviceId, code: 408, cpnsId: null, keyId: null } : null;
}

/** One line, columns as wide as the longest device id. */
export function outcomeText({ deviceId, code, cpnsId, keyId }: Outcome, width: number): string {
  const rest = cpnsId === null ? '' : `  ${cpnsId}  key ${keyId}  secure session confirmed`;
  return `${deviceId.padEnd(width)}  ${code} ${reasonPhrase(code)}${rest}`;
}
