import { defineChart } from '../chart.ts';
import { initialContext, terms } from './admission-terms.ts';

const BUSY = { refusal: 429 } as const;

const machine = terms.createMachine({
  id: 'pn-gateway/admission',
  description: 'A PN GW lets one PNE in: checks membership, has a stranger added, forwards request and response.',
  context: initialContext,
  initial: 'idle',
  on: {
    MessageRefused: { actions: 'countRefusal', description: 'A message that this state cannot take.' },
    PairingFormed: {
      actions: ['keepPairing', 'answerPairing'],
      description: '1.4.2/1: paired again; the registration under way goes on as it was.',
    },
  },
  states: {
    idle: {
      description: 'No registration of this PNE is under way.',
      initial: 'new',
      on: {
        PairingFormed: { actions: ['keepPairing', 'asStranger', 'answerPairing'], description: '1.4.2/1' },
        RegistrationRequestReceived: {
          target: 'checkingMembership',
          actions: 'keepRequest',
          description: '1.4.1/1, 1.4.2/2',
        },
        LateAnswerReceived: {
          guard: 'isCurrentRequest',
          actions: 'askLocalUpdate',
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
      entry: 'askMembership',
      on: {
        MembershipConfirmed: { target: 'forwarding', actions: 'asMember', description: '1.4.1/2, 1.4.2/3' },
        MembershipMissing: [
          { guard: 'isPaired', target: 'requestingUpdate', actions: 'asStranger', description: '1.4.2/3' },
          { actions: 'askRefusal', description: 'A stranger that is not paired may not ask.' },
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
      entry: ['firstAttempt', 'askUpdate'],
      exit: ['disarmAnswer', 'settleUpdate'],
      on: {
        PnUpdateRequested: { actions: ['keepUpdate', 'sendUpdate', 'armAnswer'], description: '1.4.2/4' },
        PnUpdateAnswered: [
          {
            guard: 'isAdded',
            target: 'forwarding',
            actions: 'askLocalUpdate',
            description: '1.4.2/4, then 5: first the local inventory, then the registration.',
          },
          {
            guard: 'isCurrentUpdate',
            target: 'answering',
            actions: ['keepCode', 'askLocalUpdate'],
            description: '1.4.2/4',
          },
        ],
        AnswerOverdue: [
          {
            guard: 'attemptsLeft',
            actions: ['nextAttempt', 'resendUpdate', 'armAnswer'],
            description: 'No answer yet: sends the same request again.',
          },
          { actions: 'askTimedOut', description: 'The last attempt had no answer either.' },
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
      entry: 'askForward',
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
      entry: ['firstAttempt', 'sendRegistration', 'armAnswer'],
      exit: ['disarmAnswer', 'settleRegistration'],
      on: {
        RegistrationAnswered: {
          guard: 'isCurrentRequest',
          target: 'answering',
          actions: ['keepReply', 'askLocalUpdate'],
          description: '1.4.1/3, 1.4.2/5',
        },
        AnswerOverdue: [
          {
            guard: 'attemptsLeft',
            actions: ['nextAttempt', 'resendRegistration', 'armAnswer'],
            description: 'No answer yet: sends the same request again.',
          },
          { actions: 'askTimedOut', description: 'The last attempt had no answer either.' },
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
      entry: 'askResponse',
      on: {
        ResponseForwarded: [
          {
            guard: 'isAcceptance',
            target: 'idle.registered',
            actions: 'answerRequest',
            description: '1.4.1/4, 1.4.2/6',
          },
          { guard: 'isWithdrawalDue', target: 'withdrawing', actions: 'answerRequest', description: '1.4.2/6' },
          {
            guard: 'isUnreachable',
            target: 'idle.unreachable',
            actions: 'answerRequest',
            description: '1.4.1/4: the member may ask anew.',
          },
          {
            guard: 'isRefusal',
            target: 'idle.refused',
            actions: 'answerRequest',
            description: '1.4.1/4, 1.4.2/6',
          },
        ],
      },
    },
    withdrawing: {
      description:
        'The server was silent about a stranger: it may stand there provisionally, so it is taken out again.',
      meta: BUSY,
      entry: ['firstAttempt', 'askWithdrawal'],
      exit: ['disarmAnswer', 'settleUpdate'],
      on: {
        PnUpdateRequested: {
          actions: ['keepUpdate', 'leaveFlow', 'sendUpdate', 'armAnswer'],
          description: 'Asks to remove it: no step of the change request.',
        },
        PnUpdateAnswered: {
          guard: 'isCurrentUpdate',
          target: 'idle.unreachable',
          actions: 'askLocalUpdate',
          description: 'Removed, or never there, or registered after all.',
        },
        LateAnswerReceived: {
          guard: 'isCurrentRequest',
          actions: 'askLocalUpdate',
          description: 'The PNE was told otherwise; only the inventory follows.',
        },
        AnswerOverdue: [
          {
            guard: 'attemptsLeft',
            actions: ['nextAttempt', 'resendUpdate', 'armAnswer'],
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

/** Chart of one PNE at a PN GW: `admission/<gatewayId>/<deviceId>`. */
export const admission = defineChart('pn-gateway/admission', machine);
