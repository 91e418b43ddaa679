/** What is counted of a session's data, for charging. */

export interface Pne {
  readonly pnId: string;
  readonly deviceId: string;
}

/** One frame of a service. */
export interface Usage extends Pne {
  readonly keyId: string;
  readonly serviceId: string;
  readonly direction: 'up' | 'down';
  /** Bytes of the application: those of the frame less its fixed overhead (`chunkBytes`). */
  readonly bytes: number;
}

/** The server's: each frame once, up when it is accepted, down when it is acknowledged. */
export interface UsageMeter {
  count(of: Usage): void;
  /** What was counted is recorded. */
  stop(): Promise<void>;
}

/** A frame with its number in its session and direction. */
export interface RelayedFrame extends Usage {
  readonly epoch: number;
  readonly counter: number;
}

/** The PN GW's: told of every frame, resent ones too; which were counted before is for it to know. */
export interface RelayMeter {
  /** @returns whether the frame may go on: what cannot be counted is not relayed */
  relayed(frame: RelayedFrame): 'relay' | 'drop';
}

/** When what was counted is recorded: whichever comes first. */
export interface UsageSettings {
  /** At most `MAX_INTERVAL_MS`. */
  readonly intervalMs: number;
  /** Of one session, service and direction. */
  readonly maxMessages: number;
  readonly maxBytes: number;
}

export const DEFAULT_USAGE_SETTINGS: UsageSettings = {
  intervalMs: 60_000,
  maxMessages: 1_000,
  maxBytes: 1_048_576,
};

/** A PN GW reports at least so often what it relayed; the reconciliation waits three times as long (`SETTLE_MS`). */
export const MAX_INTERVAL_MS = 300_000;

export const NO_USAGE_METER: UsageMeter = { count: () => {}, stop: () => Promise.resolve() };
export const NO_RELAY_METER: RelayMeter = { relayed: () => 'relay' };
