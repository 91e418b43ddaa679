import { assign, emit, setup } from 'xstate';
import type { ResponseCode } from '../../events/codes.ts';
import type { Flow, InventoryChange, JoinPolicy } from '../../events/fields.ts';
import type { PersonalNetworkEvent } from '../../events/vocabulary/personal-network.ts';
import { defineChart } from '../chart.ts';
import type { Effect } from '../effect.ts';
import { applyChanges, type Member, type Members } from '../inventory.ts';
import { PROVISIONAL_MS } from '../timing.ts';

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
  readonly refusals: number;
}

const initial: PersonalNetworkContext = {
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
  refusals: 0,
};

export function memberOf(context: PersonalNetworkContext, deviceId: string): Member | null {
  return Object.hasOwn(context.members, deviceId) ? (context.members[deviceId] ?? null) : null;
}

function changed(event: PersonalNetworkEvent): InventoryChange | null {
  return 'inventory' in event.data ? (event.data.inventory.changes[0] ?? null) : null;
}

const effect = (what: Effect) => what;

const machine = setup({
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
    joinNeedsApproval: ({ context }) => context.joinPolicy === 'approval',
    changesMember: ({ context, event }) => memberOf(context, changed(event)?.deviceId ?? '') !== null,
    changesProvisional: ({ context, event }) =>
      memberOf(context, changed(event)?.deviceId ?? '')?.status === 'provisional',
    isProvisional: ({ context, event }) =>
      event.type === 'ProvisionalOverdue' && memberOf(context, event.data.deviceId)?.status === 'provisional',
  },
  actions: {
    keepPn: assign(({ event }) =>
      event.type === 'PnProvisioned'
        ? { pnId: event.data.pnId, gatewayId: event.data.gatewayId, joinPolicy: event.data.joinPolicy }
        : {},
    ),
    applyInventory: assign(({ context, event }) => {
      if (!('inventory' in event.data)) return context;
      const { changes } = event.data.inventory;
      return {
        ...context,
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
            flow: '1.4.2' as const,
            deviceId: event.data.deviceId,
            reason: 'withdrawn' as const,
            code: 200 as const,
            changes: [],
          }
        : {},
    ),
    keepOverdue: assign(({ event }) =>
      event.type === 'ProvisionalOverdue'
        ? { flow: '1.4.2' as const, deviceId: event.data.deviceId, reason: 'timedOut' as const }
        : {},
    ),
    asConflict: assign({ code: 409 as const }),
    asAwaitingApproval: assign({ code: 202 as const }),
    asRefused: assign({ code: 403 as const }),
    countRefusal: assign(({ context, event }) =>
      event.type === 'MessageRefused' ? { refusals: context.refusals + event.data.count } : {},
    ),
    armProvisional: emit(({ context }) =>
      effect({
        type: 'arm',
        timer: `provisional/${context.deviceId}`,
        delayMs: PROVISIONAL_MS,
        event: { type: 'ProvisionalOverdue', data: { deviceId: context.deviceId } },
      }),
    ),
    disarmProvisional: emit(({ event }) =>
      effect({ type: 'disarm', timer: `provisional/${changed(event)?.deviceId ?? ''}` }),
    ),
    askEstablishment: emit(effect({ type: 'ask', fact: 'establishPn' })),
    askEstablishmentAnswer: emit(effect({ type: 'ask', fact: 'answerEstablishment' })),
    askAddition: emit(effect({ type: 'ask', fact: 'addProvisional' })),
    askRemoval: emit(effect({ type: 'ask', fact: 'removeProvisional' })),
    askUpdateAnswer: emit(effect({ type: 'ask', fact: 'answerPnUpdate' })),
    answerEstablishment: emit(effect({ type: 'answer', message: 'pn-establishment-response' })),
    answerUpdate: emit(effect({ type: 'answer', message: 'pn-update-response' })),
    notifyInventory: emit(effect({ type: 'notify', message: 'inventory-notice' })),
  },
}).createMachine({
  id: 'cpns-server/personal-network',
  description: 'A PN at the CPNS Server: its PN GW, who may join, and its PN Inventory.',
  context: initial,
  initial: 'absent',
  on: {
    MessageRefused: { actions: 'countRefusal', description: 'A message that this state cannot take.' },
  },
  states: {
    absent: {
      description: 'No such PN.',
      meta: { refusal: 404 },
      on: { PnProvisioned: { target: 'provisioned', actions: 'keepPn', description: 'Set up.' } },
    },
    provisioned: {
      description: 'Set up by the operator; its PN GW has not established it yet.',
      meta: { refusal: 480 },
      on: {
        PnProvisioned: { actions: 'keepPn', description: 'Another PN GW or join policy.' },
        MembersProvisioned: { actions: 'applyInventory', description: 'Who is a member from the start.' },
        PnEstablishmentReceived: {
          target: 'establishing',
          actions: 'keepEstablishment',
          description: 'Its PN GW has registered and asks for it.',
        },
        ProvisionalOverdue: {
          guard: 'isProvisional',
          actions: ['keepOverdue', 'askRemoval'],
          description: 'Its time is over whatever became of the PN.',
        },
        PneRemoved: {
          guard: 'changesProvisional',
          actions: ['applyInventory', 'disarmProvisional'],
          description: 'The provisional PNE leaves; the PN GW learns it when it establishes the PN.',
        },
        PnReleased: { target: 'released', description: 'Given up.' },
      },
    },
    establishing: {
      description: 'Its PN GW asks for it for the first time.',
      entry: 'askEstablishment',
      on: { PnEstablished: { target: 'answeringEstablishment', description: 'The PN is established.' } },
    },
    answeringEstablishment: {
      description: 'Tells the PN GW the join policy and what its inventory lacks.',
      entry: 'askEstablishmentAnswer',
      on: {
        PnEstablishmentAnswered: {
          target: 'established',
          actions: 'answerEstablishment',
          description: '200, join policy and changes.',
        },
      },
    },
    established: {
      description: 'PNEs can be added and registered.',
      on: {
        PnProvisioned: { actions: 'keepPn', description: 'Another PN GW or join policy.' },
        MembersProvisioned: {
          actions: ['applyInventory', 'notifyInventory'],
          description: 'The operator added members; the PN GW is told.',
        },
        PnEstablishmentReceived: {
          target: 'answeringEstablishment',
          actions: 'keepEstablishment',
          description: 'Its PN GW started again, or lacks changes.',
        },
        PnUpdateReceived: [
          {
            guard: 'isRemovalOfProvisional',
            target: 'removing',
            actions: 'keepUpdate',
            description: '1.4.2/4, taken back: the PN GW had given up.',
          },
          {
            guard: 'isRemovalOfMember',
            target: 'answeringUpdate',
            actions: ['keepUpdate', 'asConflict'],
            description: '1.4.2/4, taken back too late: it is a member, or registered.',
          },
          {
            guard: 'isRemoval',
            target: 'answeringUpdate',
            actions: 'keepUpdate',
            description: '1.4.2/4, taken back: it is not there.',
          },
          {
            guard: 'isInInventory',
            target: 'answeringUpdate',
            actions: 'keepUpdate',
            description: '1.4.2/4: it is there already.',
          },
          { guard: 'joinIsOpen', target: 'adding', actions: 'keepUpdate', description: '1.4.2/4' },
          {
            guard: 'joinNeedsApproval',
            target: 'answeringUpdate',
            actions: ['keepUpdate', 'asAwaitingApproval'],
            description: '1.4.2/4: the owner has to say yes first.',
          },
          { target: 'answeringUpdate', actions: ['keepUpdate', 'asRefused'], description: '1.4.2/4: PN is closed.' },
        ],
        InventoryUpdated: {
          guard: 'changesMember',
          actions: ['applyInventory', 'disarmProvisional'],
          description: '1.4.1/3, 1.4.2/5: together with the registration, in one append.',
        },
        PneRemoved: {
          guard: 'changesProvisional',
          actions: ['applyInventory', 'disarmProvisional'],
          description: '1.4.2/5: authentication failed, the provisional PNE leaves.',
        },
        ProvisionalOverdue: {
          guard: 'isProvisional',
          target: 'expiring',
          actions: 'keepOverdue',
          description: 'It was added and then never registered.',
        },
        PnReleased: { target: 'released', description: 'Given up.' },
      },
    },
    adding: {
      description: '1.4.2/4: the stranger enters the PN Inventory, provisionally.',
      entry: 'askAddition',
      on: {
        PneAdded: {
          target: 'answeringUpdate',
          actions: ['applyInventory', 'armProvisional'],
          description: '1.4.2/4',
        },
      },
    },
    removing: {
      description: 'The PN GW takes a provisional PNE back.',
      entry: 'askRemoval',
      on: {
        PneRemoved: {
          target: 'answeringUpdate',
          actions: ['applyInventory', 'disarmProvisional'],
          description: 'The provisional PNE leaves.',
        },
      },
    },
    expiring: {
      description: 'A provisional PNE was not registered in time.',
      entry: 'askRemoval',
      on: {
        PneRemoved: {
          target: 'established',
          actions: ['applyInventory', 'disarmProvisional', 'notifyInventory'],
          description: 'The provisional PNE leaves; the PN GW is told.',
        },
      },
    },
    answeringUpdate: {
      description: '1.4.2/4: responds to the PN GW.',
      entry: 'askUpdateAnswer',
      on: { PnUpdateAnswered: { target: 'established', actions: 'answerUpdate', description: '1.4.2/4' } },
    },
    released: {
      description: 'Given up by the operator.',
      meta: { refusal: 410 },
      on: {
        PnProvisioned: { target: 'provisioned', actions: 'keepPn', description: 'Set up anew.' },
        ProvisionalOverdue: {
          guard: 'isProvisional',
          actions: ['keepOverdue', 'askRemoval'],
          description: 'Its time is over whatever became of the PN.',
        },
        PneRemoved: {
          guard: 'changesProvisional',
          actions: ['applyInventory', 'disarmProvisional'],
          description: 'The provisional PNE leaves; the PN GW learns it when it establishes the PN.',
        },
      },
    },
  },
});

/** Chart of one PN: `pn/<pnId>`. */
export const personalNetwork = defineChart('cpns-server/personal-network', machine);
