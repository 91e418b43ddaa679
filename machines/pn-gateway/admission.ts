import { assign, emit, setup } from 'xstate';
import type { ResponseCode } from '../../events/codes.ts';
import type { Flow } from '../../events/fields.ts';
import type { AdmissionEvent } from '../../events/vocabulary/admission.ts';
import { defineChart } from '../chart.ts';
import type { Effect } from '../effect.ts';
import { delayMs, WAN_RETRY } from '../timing.ts';

export interface AdmissionContext {
  readonly flow: Flow | null;
  readonly deviceId: string;
  readonly pnId: string;
  readonly paired: 'paired' | 'unpaired';
  readonly pairingId: string;
  readonly requestId: string;
  readonly handshake: string;
  readonly updateId: string;
  readonly action: 'add' | 'remove';
  readonly attempt: number;
  readonly code: ResponseCode | null;
  readonly reply: string | null;
  readonly refusals: number;
}

const initial: AdmissionContext = {
  flow: null,
  deviceId: '',
  pnId: '',
  paired: 'unpaired',
  pairingId: '',
  requestId: '',
  handshake: '',
  updateId: '',
  action: 'add',
  attempt: 0,
  code: null,
  reply: null,
  refusals: 0,
};

const effect = (what: Effect) => what;
const BUSY = { refusal: 429 } as const;

const machine = setup({
  types: { context: {} as AdmissionContext, events: {} as AdmissionEvent, emitted: {} as Effect },
  guards: {
    isPaired: ({ context }) => context.paired === 'paired',
    isCurrentRequest: ({ context, event }) => 'requestId' in event.data && event.data.requestId === context.requestId,
    isCurrentUpdate: ({ context, event }) => 'updateId' in event.data && event.data.updateId === context.updateId,
    isAdded: ({ context, event }) =>
      event.type === 'PnUpdateAnswered' && event.data.updateId === context.updateId && event.data.code === 200,
    isAcceptance: ({ context }) => context.code === 200,
    isUnreachable: ({ context }) => context.code === 503,
    isWithdrawalDue: ({ context }) => context.code === 503 && context.flow === '1.4.2',
    attemptsLeft: ({ context }) => context.attempt < WAN_RETRY.attempts,
  },
  actions: {
    keepPairing: assign(({ event }) =>
      event.type === 'PairingFormed'
        ? { paired: 'paired' as const, deviceId: event.data.deviceId, pairingId: event.data.requestId }
        : {},
    ),
    keepRequest: assign(({ context, event }) =>
      event.type !== 'RegistrationRequestReceived'
        ? {}
        : {
            deviceId: event.data.deviceId,
            pnId: event.data.pnId,
            requestId: event.data.requestId,
            handshake: event.data.handshake,
            flow: context.paired === 'paired' ? ('1.4.2' as const) : ('1.4.1' as const),
            code: null,
            reply: null,
          },
    ),
    asMember: assign(({ event }) =>
      event.type === 'MembershipConfirmed'
        ? { flow: event.data.status === 'provisional' ? ('1.4.2' as const) : ('1.4.1' as const) }
        : {},
    ),
    asStranger: assign({ flow: '1.4.2' as const }),
    keepUpdate: assign(({ event }) =>
      event.type === 'PnUpdateRequested' ? { updateId: event.data.updateId, action: event.data.action } : {},
    ),
    keepCode: assign(({ event }) => ('code' in event.data ? { code: event.data.code } : {})),
    keepReply: assign(({ event }) =>
      event.type === 'RegistrationAnswered' ? { code: event.data.code, reply: event.data.handshake } : {},
    ),
    asUnreachable: assign({ code: 503 as const }),
    countRefusal: assign(({ context, event }) =>
      event.type === 'MessageRefused' ? { refusals: context.refusals + event.data.count } : {},
    ),
    firstAttempt: assign({ attempt: 1 }),
    nextAttempt: assign(({ context }) => ({ attempt: context.attempt + 1 })),
    armAnswer: emit(({ context }) =>
      effect({
        type: 'arm',
        timer: 'answer',
        delayMs: delayMs(WAN_RETRY, context.attempt),
        event: { type: 'AnswerOverdue', data: { timer: 'answer', attempt: context.attempt } },
      }),
    ),
    disarmAnswer: emit(effect({ type: 'disarm', timer: 'answer' })),
    askMembership: emit(effect({ type: 'ask', fact: 'checkMembership' })),
    askUpdate: emit(effect({ type: 'ask', fact: 'requestPnUpdate' })),
    askLocalUpdate: emit(effect({ type: 'ask', fact: 'updateLocalInventory' })),
    askForward: emit(effect({ type: 'ask', fact: 'forwardRegistration' })),
    askWithdrawal: emit(effect({ type: 'ask', fact: 'requestWithdrawal' })),
    askTimedOut: emit(effect({ type: 'ask', fact: 'serverTimedOut' })),
    askRefusal: emit(effect({ type: 'ask', fact: 'refuseUnpaired' })),
    askResponse: emit(effect({ type: 'ask', fact: 'forwardResponse' })),
    answerPairing: emit(effect({ type: 'answer', message: 'pairing-response' })),
    answerRequest: emit(effect({ type: 'answer', message: 'registration-response' })),
    sendUpdate: emit(effect({ type: 'send', message: 'pn-update-request' })),
    resendUpdate: emit(effect({ type: 'resend', message: 'pn-update-request' })),
    settleUpdate: emit(effect({ type: 'settle', message: 'pn-update-request' })),
    sendRegistration: emit(effect({ type: 'send', message: 'registration-request' })),
    resendRegistration: emit(effect({ type: 'resend', message: 'registration-request' })),
    settleRegistration: emit(effect({ type: 'settle', message: 'registration-request' })),
  },
}).createMachine({
  id: 'pn-gateway/admission',
  description: 'A PN GW lets one PNE in: checks membership, has a stranger added, forwards request and response.',
  context: initial,
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
          { target: 'idle.refused', actions: 'answerRequest', description: '1.4.1/4, 1.4.2/6' },
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
        PnUpdateRequested: { actions: ['keepUpdate', 'sendUpdate', 'armAnswer'], description: 'Asks to remove it.' },
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
