import { RESPONSE_CODE_VALUES, reasonPhrase, type ResponseCode } from '../../events/codes.ts';
import type { RecordedEvent } from '../../events/journal/port.ts';

/** What became of a device's registration, as its own journal tells it. */
export interface Outcome {
  readonly deviceId: string;
  readonly code: ResponseCode;
  readonly cpnsId: string | null;
  readonly keyId: string | null;
}

const PREFIX = 'pne/';

/** Reads the events of a device's stream one after the other and says when its registration came out. */
export class OutcomeReader {
  readonly #accepted = new Map<string, { readonly cpnsId: string; readonly keyId: string }>();

  /** @returns the outcome that this event completes, or null */
  read(event: RecordedEvent): Outcome | null {
    if (!event.stream.startsWith(PREFIX)) return null;
    const deviceId = event.stream.slice(PREFIX.length);
    const { data } = event;
    switch (event.type) {
      case 'RegistrationAccepted':
        this.#accepted.set(deviceId, { cpnsId: String(data['cpnsId']), keyId: String(data['keyId']) });
        return null;
      case 'SecureSessionConfirmed': {
        const accepted = this.#accepted.get(deviceId);
        return accepted === undefined ? null : { deviceId, code: 200, ...accepted };
      }
      case 'PairingRefused':
      case 'RegistrationRefused':
        return refused(deviceId, data['code']);
      case 'PairingTimedOut':
      case 'RegistrationTimedOut':
        return refused(deviceId, 408);
      default:
        return null;
    }
  }
}

function refused(deviceId: string, value: unknown): Outcome {
  const code = RESPONSE_CODE_VALUES.find((known) => known === value) ?? 500;
  return { deviceId, code, cpnsId: null, keyId: null };
}

/** One line, columns as wide as the longest device id. */
export function outcomeText({ deviceId, code, cpnsId, keyId }: Outcome, width: number): string {
  const rest = cpnsId === null ? '' : `  ${cpnsId}  key ${keyId}  secure session confirmed`;
  return `${deviceId.padEnd(width)}  ${code} ${reasonPhrase(code)}${rest}`;
}
