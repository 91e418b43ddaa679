import {
  CHARGING_QUERY,
  gatewayInventoryQuery,
  INVENTORY_QUERY,
  PERSONAL_QUERY,
  WAITING_QUERY,
} from '../messages/queries.ts';
import {
  answersTo,
  ANY,
  deviceHears,
  eventsOf,
  gatewayHears,
  handOver,
  handOverOperate,
  handOverSend,
  inboxOf,
  linkDown,
  linkUp,
  LOOK_AT_THE_RING,
  OBSERVERS_HEAR,
  operate,
  SERVER_HEARS,
  serviceDeliver,
  serviceSend,
  wanDown,
  wanUp,
} from '../messages/subjects.ts';

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

/** Among the servers of one operator, which share one user: each may hand over to each. */
const SERVERS = [handOver(ANY, ANY, ANY), handOverSend(ANY, ANY), handOverOperate(ANY, ANY), LOOK_AT_THE_RING];

const QUERIES = [INVENTORY_QUERY, gatewayInventoryQuery(ANY), CHARGING_QUERY, WAITING_QUERY];

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
  switch (principal.kind) {
    case 'server':
      return {
        publish: [
          wanDown(ANY, ANY),
          eventsOf('cpns-server/*'),
          serviceDeliver(ANY),
          answering(INVENTORY_QUERY),
          answering(PERSONAL_QUERY),
          answering(CHARGING_QUERY),
          answering(WAITING_QUERY),
          answering(serviceSend(ANY)),
          answering(operate(ANY)),
          answering(handOverSend(ANY, ANY)),
          answering(handOverOperate(ANY, ANY)),
          ...SERVERS,
        ],
        subscribe: [
          ...SERVER_HEARS,
          INVENTORY_QUERY,
          PERSONAL_QUERY,
          CHARGING_QUERY,
          WAITING_QUERY,
          serviceSend(ANY),
          operate(ANY),
          ...SERVERS,
          `${principal.inbox}.>`,
        ],
      };
    case 'gateway': {
      const { gatewayId } = principal;
      const question = gatewayInventoryQuery(gatewayId);
      return {
        publish: [wanUp(gatewayId, ANY), linkDown(gatewayId, ANY, ANY), eventsOf('pn-gateway/*'), answering(question)],
        subscribe: [...gatewayHears(gatewayId), question],
      };
    }
    case 'pnes': {
      const { deviceIds } = principal;
      return {
        publish: [...deviceIds.map((deviceId) => linkUp(ANY, deviceId, ANY)), eventsOf('pne/*')],
        subscribe: deviceIds.flatMap((deviceId) => deviceHears(deviceId)),
      };
    }
    case 'service': {
      const { serviceId, inbox } = principal;
      return {
        publish: [serviceSend(serviceId), answering(serviceDeliver(serviceId))],
        subscribe: [serviceDeliver(serviceId), `${inbox}.>`],
      };
    }
    case 'operator': {
      const { operatorId, inbox } = principal;
      return { publish: [operate(operatorId), WAITING_QUERY], subscribe: [`${inbox}.>`] };
    }
    case 'inquirer':
      return { publish: [...QUERIES, PERSONAL_QUERY], subscribe: [`${principal.inbox}.>`] };
    case 'observer':
      return { publish: QUERIES, subscribe: [...OBSERVERS_HEAR, `${principal.inbox}.>`] };
  }
}
