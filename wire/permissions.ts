import { ALL_ANNOUNCEMENTS, ALL_EXCHANGES, type Peer } from '../messages/exchanges.ts';
import { LEG_NAMES, LEGS } from '../messages/legs.ts';
import { ANY, filled, heard, type Names } from '../messages/patterns.ts';
import { answersTo, inboxOf } from '../messages/subjects.ts';

/** Who connects to the NATS server. */
export type Principal =
  /** @see inboxOf */
  | { readonly kind: 'server'; readonly inbox: string }
  | { readonly kind: 'gateway'; readonly gatewayId: string }
  /** One PNE, or the several of one process. */
  | { readonly kind: 'pnes'; readonly deviceIds: readonly string[] }
  /** An application of the operator: it talks to the CPNS Server and to nobody else. */
  | { readonly kind: 'service'; readonly serviceId: string; readonly inbox: string }
  /** Decides who is let into a PN, and asks who waits. */
  | { readonly kind: 'operator'; readonly operatorId: string; readonly inbox: string }
  /** Asks for inventories, with what is personal, and charging records. */
  | { readonly kind: 'inquirer'; readonly inbox: string }
  /** Asks for the same but what is personal, and sees copies of all events. */
  | { readonly kind: 'observer'; readonly inbox: string };

/** Subjects and patterns that are allowed; everything else is not. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Whoever may answer a question may send to each inbox, but only below the name of that question. */
const answering = (question: string): string => `${answersTo(inboxOf(ANY), question)}.>`;

/**
 * The least that each principal needs.
 *
 * Allow lists only: the deny lists of nats-server had advisories of their own. No `allow_responses` either: it lets a user
 * publish once to whatever reply subject a message names, so a PN GW with a device as its accomplice could write anywhere.
 *
 * A PNE may speak to each PN GW: whether it is admitted is decided there and at the server. The subjects of the copies for
 * observers name the role and not who sent them, so within one role they can be forged: the journals are the record.
 */
export function permissionsOf(principal: Principal): Permissions {
  const { peer, own } = whoIs(principal);
  const legs = LEG_NAMES.map((leg) => LEGS[leg]);
  const asked = ALL_EXCHANGES.filter(({ asks }) => asks.includes(peer));
  const answered = ALL_EXCHANGES.filter(({ answers }) => answers === peer);
  const told = ALL_ANNOUNCEMENTS.filter(({ sources }) => sources.some((source) => source === peer));
  const spoken = legs.filter(({ source }) => source === peer);
  const publish = own.flatMap((names) => [
    ...[...spoken, ...told, ...asked].map(({ pattern }) => filled(pattern, { ...names, role: peer })),
    ...answered.map(({ pattern }) => answering(filled(pattern, names))),
  ]);
  const subscribe = own.flatMap((names) => [
    ...legs.filter(({ target }) => target === peer).map(({ pattern }) => heard(pattern, names)),
    ...ALL_ANNOUNCEMENTS.filter(({ target }) => target === peer).map(({ heardAs }) => heardAs),
    ...answered.map(({ pattern }) => filled(pattern, names)),
  ]);
  const inbox = 'inbox' in principal ? [`${principal.inbox}.>`] : [];
  return { publish: [...new Set(publish)], subscribe: [...new Set(subscribe), ...inbox] };
}

/** What a principal is, and the names that are its own in subjects: one of several PNEs has its own each. */
function whoIs(principal: Principal): { readonly peer: Peer; readonly own: readonly Names[] } {
  switch (principal.kind) {
    case 'server':
      return { peer: 'cpns-server', own: [{}] };
    case 'gateway':
      return { peer: 'pn-gateway', own: [{ gatewayId: principal.gatewayId }] };
    case 'pnes':
      return { peer: 'pne', own: principal.deviceIds.map((deviceId) => ({ deviceId })) };
    case 'service':
      return { peer: 'service', own: [{ serviceId: principal.serviceId }] };
    case 'operator':
      return { peer: 'operator', own: [{ operatorId: principal.operatorId }] };
    case 'inquirer':
    case 'observer':
      return { peer: principal.kind, own: [{}] };
  }
}
