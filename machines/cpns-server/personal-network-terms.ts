import { assign, emit, setup } from 'xstate';
import type { ResponseCode } from '../../events/codes.ts';
import type { Flow, InventoryChange, JoinPolicy } from '../../events/fields.ts';
import type { PersonalNetworkEvent } from '../../events/vocabulary/cpns-server/personal-network.ts';
import { refusalCount, type Effects } from '../actions.ts';
import type { Effect } from '../effect.ts';
import { applyChanges, type Member, type Members } from '../inventory.ts';
import { PROVISIONAL_MS } from '../timing.ts';

/**
 * Strangers of one PN that wait for an operator, and as many that one turned away: at most 13 KiB of ids each. With one more
 * the first is forgotten; it waits, at the end, when it asks again.
 */
export const MAX_ASKED = 200;

export interface PersonalNetworkContext {
  readonly flow: Flow | null;
  readonly pnId: string;
  readonly gatewayId: string;
  readonly joinPolicy: JoinPolicy;
  /** The PN Inventory, and the version of this stream that changed it last. */
  readonly members: Members;
  readonly revision: number;
  /** The request that is being worked on. */
  readonly requestId: string;
  readonly deviceId: string;
  readonly code: ResponseCode;
  readonly fromRevision: number;
  /** What this request changed. */
  readonly changes: readonly InventoryChange[];
  readonly reason: 'refused' | 'timedOut' | 'withdrawn';
  /** Strangers that asked, under the join policy `approval`; in the order in which they did. */
  readonly waiting: readonly string[];
  readonly rejected: readonly string[];
  readonly refusals: number;
}

export const initialContext: PersonalNetworkContext = {
  flow: null,
  pnId: '',
  gatewayId: '',
  joinPolicy: 'closed',
  members: {},
  revision: 0,
  requestId: '',
  deviceId: '',
  code: 200,
  fromRevision: 0,
  changes: [],
  reason: 'withdrawn',
  waiting: [],
  rejected: [],
  refusals: 0,
};

export function memberOf(context: PersonalNetworkContext, deviceId: string): Member | null {
  return Object.hasOwn(context.members, deviceId) ? (context.members[deviceId] ?? null) : null;
}

const without = (ids: readonly string[], leaving: readonly string[]): readonly string[] =>
  ids.some((id) => leaving.includes(id)) ? ids.filter((id) => !leaving.includes(id)) : ids;

function changed(event: PersonalNetworkEvent): InventoryChange | null {
  return 'inventory' in event.data ? (event.data.inventory.changes[0] ?? null) : null;
}

const effect = (what: Effect) => what;

/** What the chart's words mean: its guards and its actions, by name. */
export const terms = setup({
  types: { context: {} as PersonalNetworkContext, events: {} as PersonalNetworkEvent, emitted: {} as Effect },
  guards: {
    isRemovalOfProvisional: ({ context, event }) =>
      event.type === 'PnUpdateReceived' &&
      event.data.action === 'remove' &&
      memberOf(context, event.data.deviceId)?.status === 'provisional',
    isRemovalOfMember: ({ context, event }) =>
      event.type === 'PnUpdateReceived' &&
      event.data.action === 'remove' &&
      memberOf(context, event.data.deviceId) !== null,
    isRemoval: ({ event }) => event.type === 'PnUpdateReceived' && event.data.action === 'remove',
    isInInventory: ({ context, event }) =>
      event.type === 'PnUpdateReceived' && memberOf(context, event.data.deviceId) !== null,
    joinIsOpen: ({ context }) => context.joinPolicy === 'open',
    wasRejected: ({ context, event }) =>
      event.type === 'PnUpdateReceived' && context.rejected.includes(event.data.deviceId),
    joinNeedsApproval: ({ context }) => context.joinPolicy === 'approval',
    asked: ({ context, event }) =>
      event.type === 'PneApproved' &&
      event.data.inventory.changes.every(
        ({ deviceId, status }) => status === 'member' && [...context.waiting, ...context.rejected].includes(deviceId),
      ),
    isWaiting: ({ context, event }) => event.type === 'PneRejected' && context.waiting.includes(event.data.deviceId),
    changesMember: ({ context, event }) => memberOf(context, changed(event)?.deviceId ?? '') !== null,
    changesProvisional: ({ context, event }) =>
      memberOf(context, changed(event)?.deviceId ?? '')?.status === 'provisional',
    isProvisional: ({ context, event }) =>
      event.type === 'ProvisionalOverdue' && memberOf(context, event.data.deviceId)?.status === 'provisional',
  },
  actions: {
    ...refusalCount(),
    keepPn: assign(({ event }) =>
      event.type === 'PnProvisioned'
        ? {
            pnId: event.data.pnId,
            gatewayId: event.data.gatewayId,
            joinPolicy: event.data.joinPolicy,
            ...(event.data.joinPolicy === 'approval' ? {} : { waiting: [], rejected: [] }),
          }
        : {},
    ),
    keepWaiting: assign(({ context, event }) =>
      event.type === 'PnUpdateReceived' && !context.waiting.includes(event.data.deviceId)
        ? { waiting: [...context.waiting, event.data.deviceId].slice(-MAX_ASKED) }
        : {},
    ),
    forgetWaiting: assign(({ context, event }) =>
      event.type === 'PnUpdateReceived' ? { waiting: without(context.waiting, [event.data.deviceId]) } : {},
    ),
    keepRejected: assign(({ context, event }) =>
      event.type === 'PneRejected'
        ? {
            waiting: without(context.waiting, [event.data.deviceId]),
            rejected: [...context.rejected, event.data.deviceId].slice(-MAX_ASKED),
          }
        : {},
    ),
    applyInventory: assign(({ context, event }) => {
      if (!('inventory' in event.data)) return context;
      const { changes } = event.data.inventory;
      const decided = changes.map(({ deviceId }) => deviceId);
      return {
        ...context,
        waiting: without(context.waiting, decided),
        rejected: without(context.rejected, decided),
        members: applyChanges(context.members, changes),
        revision: changes.at(-1)?.revision ?? context.revision,
        changes,
      };
    }),
    keepEstablishment: assign(({ event }) =>
      event.type === 'PnEstablishmentReceived'
        ? { flow: null, requestId: event.data.requestId, fromRevision: event.data.revision, code: 200 as const }
        : {},
    ),
    keepUpdate: assign(({ event }) =>
      event.type === 'PnUpdateReceived'
        ? {
            requestId: event.data.updateId,
            flow: event.data.action === 'add' ? ('1.4.2' as const) : null,
            deviceId: event.data.deviceId,
            reason: 'withdrawn' as const,
            code: 200 as const,
            changes: [],
          }
        : {},
    ),
    keepOverdue: assign(({ event }) =>
      event.type === 'ProvisionalOverdue'
        ? { flow: null, deviceId: event.data.deviceId, reason: 'timedOut' as const }
        : {},
    ),
    asConflict: assign({ code: 409 as const }),
    asAwaitingApproval: assign({ code: 202 as const }),
    asRefused: assign({ code: 403 as const }),
    'arm provisional': emit(({ context }) =>
      effect({
        type: 'arm',
        timer: `provisional/${context.deviceId}`,
        delayMs: PROVISIONAL_MS,
        event: { type: 'ProvisionalOverdue', data: { deviceId: context.deviceId } },
      }),
    ),
    'disarm provisional': emit(({ event }) =>
      effect({ type: 'disarm', timer: `provisional/${changed(event)?.deviceId ?? ''}` }),
    ),
  },
}).extend<Effects>({});
