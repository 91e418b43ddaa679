import type { ResponseCode } from '../../../events/codes.ts';

/** The secure session as applications see it: messages in, messages out, at most once. Both ends have the same. */

/** A message of a service: to the PNE `deviceId` in the PN `pnId`, or from it. */
export interface ApplicationMessage {
  readonly deviceId: string;
  readonly pnId: string;
  readonly serviceId: string;
  /** 0 to `MAX_APPLICATION_BYTES`. */
  readonly bytes: Uint8Array;
}

/**
 * Takes a message that came through a session, once. @returns the code for its sender: 200 delivered, 404 no such service,
 * 429, 503 nobody there. One that throws, or does not answer in time, is answered 503.
 */
export type Deliver = (message: ApplicationMessage) => Promise<ResponseCode>;

export type SendOutcome =
  | { readonly kind: 'delivered' }
  /** The other end says no. Not delivered, but for 408 and 500: its application had the message and did not say in time. */
  | { readonly kind: 'refused'; readonly code: ResponseCode }
  /** Nothing was sent. */
  | { readonly kind: 'noSession' }
  /** No confirmation came: it may or may not have been delivered, and is not delivered twice. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** One end of all secure sessions of a process. */
export interface SessionEnd {
  /** Never rejects: a failure of any kind is an outcome. */
  send(message: ApplicationMessage): Promise<SendOutcome>;
  /** Ends the session at both ends; this end's keys are destroyed whether the other end answers or not. */
  close(session: { readonly pnId: string; readonly deviceId: string }): Promise<'closed' | 'noSession'>;
  /** Sessions that another process may have spoken in: what is under way in them ends as `unknown`. */
  letGo(keeps: (stream: string) => boolean): void;
  /** Takes nothing new; what is under way ends as `unknown`. */
  stop(): Promise<void>;
}

/** When the keys of a session's data change. */
export interface SessionSettings {
  /** Frames of one direction under one key, at least 1. */
  readonly rekeyAfterMessages: number;
  readonly rekeyAfterMs: number;
  /** How long frames under the key before the present one are still taken: the wire reorders. */
  readonly graceMs: number;
}

export const DEFAULT_SESSION_SETTINGS: SessionSettings = {
  rekeyAfterMessages: 65_536,
  rekeyAfterMs: 3_600_000,
  graceMs: 10_000,
};

/** What a role does with the data of its sessions. */
export interface Applications {
  readonly deliver: Deliver;
  readonly settings: SessionSettings;
}

/** A process that has no application: whatever comes is for no service. */
export const NO_APPLICATIONS: Applications = {
  deliver: () => Promise.resolve(404),
  settings: DEFAULT_SESSION_SETTINGS,
};
