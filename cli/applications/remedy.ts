import type { ResponseCode } from '../../events/codes.ts';

/** What whoever sends can do, by the code that came back. */
const REMEDIES: Partial<Readonly<Record<ResponseCode, string>>> = {
  404: 'Check the id of the service: the household file lists those that the server knows.',
  408: 'It is not sent again by itself: ask the other end whether it has it. Server and PN GW have to run.',
  429: 'Send it again later.',
  480: 'Run the device: its cpns pne has to be there, registered and connected.',
  500: 'See the logs of server and service: their secrets may differ.',
  503: 'Start the one that it is for, and send it again.',
};

export function remedyFor(code: ResponseCode): string {
  return REMEDIES[code] ?? 'The log of the server says more.';
}
