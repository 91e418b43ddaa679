import { WireError } from './port.ts';

export const closedError = (): WireError => new WireError('closed', 'the wire is closed', 'Connect a new one.');

export const lostError = (what: string): WireError =>
  new WireError('closed', `the connection was lost during ${what}`, 'Do it again once the wire is connected.');

export const timeoutError = (subject: string, timeoutMs: number, cause?: unknown): WireError =>
  new WireError(
    'timeout',
    `no answer on ${subject} within ${timeoutMs} ms`,
    'Check that the role that answers runs and is connected; ask again.',
    { cause },
  );

export const noRespondersError = (subject: string, cause?: unknown): WireError =>
  new WireError(
    'noResponders',
    `nobody answers on ${subject}`,
    'Start the role that answers it, and check that both use the same NATS server.',
    { cause },
  );

export const refusedError = (subject: string, cause: Error): WireError =>
  new WireError(
    'refused',
    `the wire refused ${subject}: ${cause.message}`,
    'Check the permissions of this NATS user.',
    {
      cause,
    },
  );
