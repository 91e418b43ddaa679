import { assign, emit, setup } from 'xstate';
import type { ResponseCode } from '../../events/codes.ts';
import type { InventoryChange, JoinPolicy, MemberStatus, Flow } from '../../events/fields.ts';
import type { PnGatewayEvent } from '../../events/vocabulary/pn-gateway/gateway.ts';
import { attempts, refusalCount, type Effects } from '../actions.ts';
import type { Effect } from '../effect.ts';
import { applyChanges, type Members } from '../inventory.ts';
import { delayMs, GATEWAY_BACK_OFF_CAP_MS, WAN_RETRY } from '../timing.ts';

/** What the PN GW knows of one of its PNs: the server's inventory as of `revision`. */
export interface LocalPn {
  readonly status: 'unknown' | 'established' | 'refused';
  readonly joinPolicy: JoinPolicy | null;
  /** Why the server refused the PN. */
  readonly code: ResponseCode | null;
  readonly revision: number;
  readonly members: Members;
  /** Id of the request about this PN that is under way, and which attempt it is. */
  readonly requestId: string | null;
  readonly attempt: number;
}

export interface GatewayContext {
  readonly flow: Flow | null;
  readonly gatewayId: string;
  readonly requestId: string;
  /** First handshake message of that request. */
  readonly handshake: string;
  /** Timestamp in it; the next one is later, whatever the clock does. */
  readonly timestamp: string | null;
  readonly attempt: number;
  readonly backOffs: number;
  readonly keyId: string | null;
  readonly pns: { readonly [pnId: string]: LocalPn };
  readonly refusals: number;
}

export const initialContext: GatewayContext = {
  flow: null,
  gatewayId: '',
  requestId: '',
  handshake: '',
  timestamp: null,
  attempt: 0,
  backOffs: 0,
  keyId: null,
  pns: {},
  refusals: 0,
};

const unknownPn: LocalPn = {
  status: 'unknown',
  joinPolicy: null,
  code: null,
  revision: 0,
  members: {},
  requestId: null,
  attempt: 0,
};

export function localPn(context: GatewayContext, pnId: string): LocalPn | null {
  return Object.hasOwn(context.pns, pnId) ? (context.pns[pnId] ?? null) : null;
}

/** Status of a device in the local inventory, or null. */
export function localMember(context: GatewayContext, pnId: string, deviceId: string): MemberStatus | null {
  const members = localPn(context, pnId)?.members ?? {};
  return Object.hasOwn(members, deviceId) ? (members[deviceId]?.status ?? null) : null;
}

/** The changes of a message that come right after what the local inventory holds; the rest is known, or a gap. */
export function changesAfter(revision: number, changes: readonly InventoryChange[]): readonly InventoryChange[] {
  const next: InventoryChange[] = [];
  let have = revision;
  let taking = 0;
  for (const change of changes) {
    if (change.revision === taking) next.push(change);
    else if (change.previous === have) {
      next.push(change);
      have = change.revision;
      taking = change.revision;
    }
  }
  return next;
}

function withPn(context: GatewayContext, pnId: string, change: (pn: LocalPn) => Partial<LocalPn>): GatewayContext {
  const pn = localPn(context, pnId) ?? unknownPn;
  return { ...context, pns: { ...context.pns, [pnId]: { ...pn, ...change(pn) } } };
}

const ofPn = (event: PnGatewayEvent): string => ('pnId' in event.data ? event.data.pnId : '');
const effect = (what: Effect) => what;

/** What the chart's words mean: its guards and its actions, by name. */
export const terms = setup({
  types: { context: {} as GatewayContext, events: {} as PnGatewayEvent, emitted: {} as Effect },
  guards: {
    isCurrentRequest: ({ context, event }) => 'requestId' in event.data && event.data.requestId === context.requestId,
    isCurrentKey: ({ context, event }) => 'keyId' in event.data && event.data.keyId === context.keyId,
    attemptsLeft: ({ context }) => context.attempt < WAN_RETRY.attempts,
    isOwnPn: ({ context, event }) => localPn(context, ofPn(event)) !== null,
    isPending: ({ context, event }) => typeof localPn(context, ofPn(event))?.requestId === 'string',
    followsLocal: ({ context, event }) => {
      if (event.type !== 'LocalInventoryUpdated') return false;
      const { pnId, changes } = event.data.inventory;
      const pn = localPn(context, pnId);
      return pn !== null && changes[0]?.previous === pn.revision;
    },
  },
  actions: {
    ...refusalCount(),
    ...attempts('answer', 'attempt', WAN_RETRY),
    keepPns: assign(({ context, event }) => {
      if (event.type !== 'GatewayRegistrationWanted') return context;
      const pns: Record<string, LocalPn> = {};
      for (const pnId of event.data.pns) pns[pnId] = localPn(context, pnId) ?? unknownPn;
      return { ...context, gatewayId: event.data.gatewayId, pns };
    }),
    keepRequest: assign(({ event }) => ({
      ...('requestId' in event.data ? { requestId: event.data.requestId } : {}),
      ...('handshake' in event.data ? { handshake: event.data.handshake, timestamp: event.data.timestamp } : {}),
    })),
    forgetKey: assign({ keyId: null }),
    keepKey: assign(({ event }) =>
      event.type === 'GatewayRegistered' ? { keyId: event.data.keyId, backOffs: 0 } : {},
    ),
    countBackOff: assign(({ context }) => ({ backOffs: context.backOffs + 1 })),
    keepEstablishmentRequest: assign(({ context, event }) =>
      event.type !== 'PnEstablishmentRequested'
        ? context
        : withPn(context, event.data.pnId, () => ({ requestId: event.data.requestId, attempt: 1 })),
    ),
    nextEstablishmentAttempt: assign(({ context, event }) =>
      withPn(context, ofPn(event), (pn) => ({ attempt: pn.attempt + 1 })),
    ),
    keepEstablished: assign(({ context, event }) =>
      event.type !== 'PnEstablished'
        ? context
        : withPn(context, event.data.pnId, () => ({
            status: 'established',
            code: null,
            joinPolicy: event.data.joinPolicy,
            requestId: null,
          })),
    ),
    keepRefused: assign(({ context, event }) =>
      event.type !== 'PnEstablishmentRefused'
        ? context
        : withPn(context, event.data.pnId, () => ({ status: 'refused', code: event.data.code, requestId: null })),
    ),
    applyInventory: assign(({ context, event }) => {
      if (event.type !== 'LocalInventoryUpdated') return context;
      const { pnId, changes } = event.data.inventory;
      return withPn(context, pnId, (pn) => ({
        members: applyChanges(pn.members, changes),
        revision: changes.at(-1)?.revision ?? pn.revision,
      }));
    }),
    'arm backOff': emit(({ context }) =>
      effect({
        type: 'arm',
        timer: 'backOff',
        delayMs: Math.min(delayMs(WAN_RETRY, context.backOffs), GATEWAY_BACK_OFF_CAP_MS),
        event: { type: 'BackOffEnded', data: {} },
      }),
    ),
    'disarm backOff': emit(effect({ type: 'disarm', timer: 'backOff' })),
    'send pn-establishment-request': emit(({ event }) =>
      effect({ type: 'send', message: 'pn-establishment-request', about: ofPn(event) }),
    ),
    'resend pn-establishment-request': emit(({ event }) =>
      effect({ type: 'resend', message: 'pn-establishment-request', about: ofPn(event) }),
    ),
    'settle pn-establishment-request': emit(({ event }) =>
      effect({ type: 'settle', message: 'pn-establishment-request', about: ofPn(event) }),
    ),
    'arm establishment': emit(({ context, event }) => {
      const pnId = ofPn(event);
      const attempt = localPn(context, pnId)?.attempt ?? 1;
      return effect({
        type: 'arm',
        timer: `establishment/${pnId}`,
        delayMs: Math.min(delayMs(WAN_RETRY, attempt), GATEWAY_BACK_OFF_CAP_MS),
        event: { type: 'PnEstablishmentOverdue', data: { pnId, attempt } },
      });
    }),
    'disarm establishment': emit(({ event }) => effect({ type: 'disarm', timer: `establishment/${ofPn(event)}` })),
  },
}).extend<Effects>({});
