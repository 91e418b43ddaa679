import { defineChart } from '../chart.ts';
import { initialContext, terms } from './personal-network-terms.ts';

/** Chart of one PN: `pn/<pnId>`. */
export const personalNetwork = defineChart('cpns-server/personal-network', terms, {
  description: 'A PN at the CPNS Server: its PN GW, who may join, and its PN Inventory.',
  context: initialContext,
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
          actions: ['keepOverdue', 'ask removePne'],
          description: 'Its time is over whatever became of the PN.',
        },
        PneRemoved: {
          guard: 'changesProvisional',
          actions: ['applyInventory', 'disarm provisional'],
          description: 'The provisional PNE leaves; the PN GW learns it when it establishes the PN.',
        },
        PnReleased: { target: 'released', description: 'Given up.' },
      },
    },
    establishing: {
      description: 'Its PN GW asks for it for the first time.',
      entry: 'ask establishPn',
      on: { PnEstablished: { target: 'answeringEstablishment', description: 'The PN is established.' } },
    },
    answeringEstablishment: {
      description: 'Tells the PN GW the join policy and what its inventory lacks.',
      entry: 'ask answerPnEstablishment',
      on: {
        PnEstablishmentAnswered: {
          target: 'established',
          actions: 'answer pn-establishment-response',
          description: '200, join policy and changes.',
        },
      },
    },
    established: {
      description: 'PNEs can be added and registered.',
      on: {
        PnProvisioned: { actions: 'keepPn', description: 'Another PN GW or join policy.' },
        MembersProvisioned: {
          actions: ['applyInventory', 'notify inventory-notice'],
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
            description: 'Taken back: the PN GW had given up.',
          },
          {
            guard: 'isRemovalOfMember',
            target: 'answeringUpdate',
            actions: ['keepUpdate', 'asConflict'],
            description: 'Taken back too late: it is a member, or registered.',
          },
          {
            guard: 'isRemoval',
            target: 'answeringUpdate',
            actions: ['keepUpdate', 'forgetWaiting'],
            description: 'Taken back: it is not there, and does not wait any longer.',
          },
          {
            guard: 'isInInventory',
            target: 'answeringUpdate',
            actions: 'keepUpdate',
            description: '1.4.2/4: it is there already.',
          },
          { guard: 'joinIsOpen', target: 'adding', actions: 'keepUpdate', description: '1.4.2/4' },
          {
            guard: 'wasRejected',
            target: 'answeringUpdate',
            actions: ['keepUpdate', 'asRefused'],
            description: '1.4.2/4: an operator said no.',
          },
          {
            guard: 'joinNeedsApproval',
            target: 'answeringUpdate',
            actions: ['keepUpdate', 'asAwaitingApproval', 'keepWaiting'],
            description: '1.4.2/4: an operator has to say yes first.',
          },
          { target: 'answeringUpdate', actions: ['keepUpdate', 'asRefused'], description: '1.4.2/4: PN is closed.' },
        ],
        PneApproved: {
          guard: 'asked',
          actions: ['applyInventory', 'notify inventory-notice'],
          description: 'An operator said yes: a member; the PN GW is told.',
        },
        PneRejected: {
          guard: 'isWaiting',
          actions: 'keepRejected',
          description: 'An operator said no: it gets 403 when it asks again.',
        },
        InventoryUpdated: {
          guard: 'changesMember',
          actions: ['applyInventory', 'disarm provisional'],
          description: '1.4.1/3, 1.4.2/5: together with the registration, in one append.',
        },
        PneRemoved: {
          guard: 'changesProvisional',
          actions: ['applyInventory', 'disarm provisional'],
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
      entry: 'ask addPne',
      on: {
        PneAdded: {
          target: 'answeringUpdate',
          actions: ['applyInventory', 'arm provisional'],
          description: '1.4.2/4',
        },
      },
    },
    removing: {
      description: 'The PN GW takes a provisional PNE back.',
      entry: 'ask removePne',
      on: {
        PneRemoved: {
          target: 'answeringUpdate',
          actions: ['applyInventory', 'disarm provisional'],
          description: 'The provisional PNE leaves.',
        },
      },
    },
    expiring: {
      description: 'A provisional PNE was not registered in time.',
      entry: 'ask removePne',
      on: {
        PneRemoved: {
          target: 'established',
          actions: ['applyInventory', 'disarm provisional', 'notify inventory-notice'],
          description: 'The provisional PNE leaves; the PN GW is told.',
        },
      },
    },
    answeringUpdate: {
      description: '1.4.2/4: responds to the PN GW.',
      entry: 'ask answerPnUpdate',
      on: { PnUpdateAnswered: { target: 'established', actions: 'answer pn-update-response', description: '1.4.2/4' } },
    },
    released: {
      description: 'Given up by the operator.',
      meta: { refusal: 410 },
      on: {
        PnProvisioned: { target: 'provisioned', actions: 'keepPn', description: 'Set up anew.' },
        ProvisionalOverdue: {
          guard: 'isProvisional',
          actions: ['keepOverdue', 'ask removePne'],
          description: 'Its time is over whatever became of the PN.',
        },
        PneRemoved: {
          guard: 'changesProvisional',
          actions: ['applyInventory', 'disarm provisional'],
          description: 'The provisional PNE leaves; the PN GW learns it when it establishes the PN.',
        },
      },
    },
  },
});
