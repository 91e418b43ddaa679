/** What is counted of a session's data, for charging. */

/** One frame of a service. */
export interface Usage {
  readonly pnId: string;
  readonly deviceId: string;
  readonly keyId: string;
  readonly serviceId: string;
  readonly direction: 'up' | 'down';
  /** Bytes of the application: those of the frame less its fixed overhead (`chunkBytes`). */
  readonly bytes: number;
}

/** The server's: each frame once, up when it is accepted, down when it is acknowledged. */
export interface UsageMeter {
  count(of: Usage): void;
}

/** The PN GW's: told of every frame that it relays, resent ones too; which were counted before is for it to know. */
export interface RelayMeter {
  relayed(frame: Usage & { readonly epoch: number; readonly counter: number }): void;
}

export const NO_USAGE_METER: UsageMeter = { count: () => {} };
export const NO_RELAY_METER: RelayMeter = { relayed: () => {} };
