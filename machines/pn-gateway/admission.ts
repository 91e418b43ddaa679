import { defineChart } from '../chart.ts';
import { initialContext, terms } from './admission-terms.ts';

const BUSY = { refusal: 429 } as const;

/** Chart of one PNE at a PN GW: `admission/<gatewayId>/<deviceId>`. */
export const admission = defineChart('pn-gateway/admission', terms, {
  description: 'A PN GW lets one PNE in: checks membership, has a stranger added, forwards request and response.',
  context: initialContext,
  initial: 'idle',
  on: {
    MessageRefused: { actions: 'countRefusal', description: 'A message that this state cannot take.' },
    PairingFormed: {
      actions: ['keepPairing', 'answer pairing-response'],
      description: '1.4.2/1: paired again; the registration under way goes on as it was.',
    },
  },
  states: {
    idle: {
      description: 'No registration of this PNE is under way.',
      initial: 'new',
      on: {
        PairingFormed: { actions: ['keepPairing', 'asStranger', 'answer pairing-response'], description: '1.4.2/1' },
        RegistrationRequestReceived: {
          target: 'checkingMembership',
          actions: 'keepRequest',
          description: '1.4.1/1, 1.4.2/2',
        },
        LateAnswerReceived: {
          guard: 'isCurrentRequest',
          actions: 'ask updateLocalInventory',
          description: 'The PNE was told otherwise and asks anew; only the inventory follows.',
        },
      },
      states: {
        new: { description: 'Nothing has been decided about this PNE.' },
        registered: { description: 'The server registered it; the response was passed on.' },
        refused: { description: 'It was refused; the response was passed on.' },
        unreachable: { description: 'The server did not answer; the PNE was told so.' },
      },
    },
    checkingMembership: {
      description: '1.4.1/2, 1.4.2/3: is the PNE in the local inventory of an established PN?',
      entry: 'ask checkMembership',
      on: {
        MembershipConfirmed: { target: 'forwarding', actions: 'asMember', description: '1.4.1/2, 1.4.2/3' },
        MembershipMissing: [
          { guard: 'isPaired', target: 'requestingUpdate', actions: 'asStranger', description: '1.4.2/3' },
          { actions: 'ask refuseAdmission', description: 'A stranger that is not paired may not ask.' },
        ],
        AdmissionRefused: {
          guard: 'isCurrentRequest',
          target: 'answering',
          actions: 'keepCode',
          description: '1.4.1/2, 1.4.2/3: no established PN, or a stranger that is not paired.',
        },
      },
    },
    requestingUpdate: {
      description: '1.4.2/4: a PN Update Request asks the server to add the PNE.',
      meta: BUSY,
      entry: ['first answer', 'asAddition', 'ask requestPnUpdate'],
      exit: ['disarm answer', 'settle pn-update-request'],
      on: {
        PnUpdateRequested: { actions: ['keepUpdate', 'send pn-update-request', 'arm answer'], description: '1.4.2/4' },
        PnUpdateAnswered: [
          {
            guard: 'isAdded',
            target: 'forwarding',
            actions: 'ask updateLocalInventory',
            description: '1.4.2/4, then 5: first the local inventory, then the registration.',
          },
          {
            guard: 'isCurrentUpdate',
            target: 'answering',
            actions: ['keepCode', 'ask updateLocalInventory'],
            description: '1.4.2/4',
          },
        ],
        AnswerOverdue: [
          {
            guard: 'attemptsLeft',
            actions: ['next answer', 'resend pn-update-request', 'arm answer'],
            description: 'No answer yet: sends the same request again.',
          },
          { actions: 'ask timeOutRegistration', description: 'The last attempt had no answer either.' },
        ],
        RegistrationTimedOut: {
          guard: 'isCurrentRequest',
          target: 'answering',
          actions: 'asUnreachable',
          description: 'The PNE is told 503.',
        },
      },
    },
    forwarding: {
      description:
        '1.4.1/3, 1.4.2/5: forwards the registration of a PNE that is in the local inventory at this moment.',
      entry: 'ask forwardRegistration',
      on: {
        RegistrationForwarded: { guard: 'isCurrentRequest', target: 'awaitingServer', description: '1.4.1/3, 1.4.2/5' },
        AdmissionRefused: {
          guard: 'isCurrentRequest',
          target: 'answering',
          actions: 'keepCode',
          description: 'It left the local inventory in between.',
        },
      },
    },
    awaitingServer: {
      description: '1.4.1/3, 1.4.2/5: the server authenticates, allocates, updates and answers.',
      meta: BUSY,
      entry: ['first answer', 'send registration-request', 'arm answer'],
      exit: ['disarm answer', 'settle registration-request'],
      on: {
        RegistrationAnswered: {
          guard: 'isCurrentRequest',
          target: 'answering',
          actions: ['keepReply', 'ask updateLocalInventory'],
          description: '1.4.1/3, 1.4.2/5',
        },
        AnswerOverdue: [
          {
            guard: 'attemptsLeft',
            actions: ['next answer', 'resend registration-request', 'arm answer'],
            description: 'No answer yet: sends the same request again.',
          },
          { actions: 'ask timeOutRegistration', description: 'The last attempt had no answer either.' },
        ],
        RegistrationTimedOut: {
          guard: 'isCurrentRequest',
          target: 'answering',
          actions: 'asUnreachable',
          description: 'The PNE is told 503.',
        },
      },
    },
    answering: {
      description: '1.4.1/4, 1.4.2/6: passes the response on to the PNE.',
      entry: 'ask forwardResponse',
      on: {
        ResponseForwarded: [
          {
            guard: 'isAcceptance',
            target: 'idle.registered',
            actions: 'answer registration-response',
            description: '1.4.1/4, 1.4.2/6',
          },
          {
            guard: 'isWithdrawalDue',
            target: 'withdrawing',
            actions: 'answer registration-response',
            description: '1.4.2/6',
          },
          {
            guard: 'isUnreachable',
            target: 'idle.unreachable',
            actions: 'answer registration-response',
            description: '1.4.1/4: the member may ask anew.',
          },
          {
            guard: 'isRefusal',
            target: 'idle.refused',
            actions: 'answer registration-response',
            description: '1.4.1/4, 1.4.2/6',
          },
        ],
      },
    },
    withdrawing: {
      description:
        'The server was silent about a stranger: it may stand there provisionally, so it is taken out again.',
      meta: BUSY,
      entry: ['first answer', 'asRemoval', 'ask requestPnUpdate'],
      exit: ['disarm answer', 'settle pn-update-request'],
      on: {
        PnUpdateRequested: {
          actions: ['keepUpdate', 'leaveFlow', 'send pn-update-request', 'arm answer'],
          description: 'Asks to remove it: no step of the change request.',
        },
        PnUpdateAnswered: {
          guard: 'isCurrentUpdate',
          target: 'idle.unreachable',
          actions: 'ask updateLocalInventory',
          description: 'Removed, or never there, or registered after all.',
        },
        LateAnswerReceived: {
          guard: 'isCurrentRequest',
          actions: 'ask updateLocalInventory',
          description: 'The PNE was told otherwise; only the inventory follows.',
        },
        AnswerOverdue: [
          {
            guard: 'attemptsLeft',
            actions: ['next answer', 'resend pn-update-request', 'arm answer'],
            description: 'No answer yet: sends the same request again.',
          },
          {
            target: 'idle.unreachable',
            description: 'The server removes a provisional PNE by itself after PROVISIONAL_MS.',
          },
        ],
      },
    },
  },
});
