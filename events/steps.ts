import type { ChartId } from './charts.ts';
import type { Flow } from './fields.ts';

type Steps = { readonly [type: string]: { readonly [F in Flow]?: number } };

/**
 * Which numbered step of the change request an event realises, by chart. An event that is in neither flow (retries,
 * refusals on the way, provisioning) has no entry. Section 1.4.1 is the PN member case, 1.4.2 the non-member case.
 */
export const CHANGE_REQUEST_STEPS: { readonly [chart in ChartId]: Steps } = {
  'pne/registration': {
    PairingRequested: { '1.4.2': 1 },
    PairingFormed: { '1.4.2': 1 },
    RegistrationRequested: { '1.4.1': 1, '1.4.2': 2 },
    RegistrationAccepted: { '1.4.1': 4, '1.4.2': 6 },
    RegistrationRefused: { '1.4.1': 4, '1.4.2': 6 },
    SecureSessionEstablished: { '1.4.1': 4, '1.4.2': 6 },
    SecureSessionConfirmed: { '1.4.1': 4, '1.4.2': 6 },
  },
  'pn-gateway/gateway': {
    LocalInventoryUpdated: { '1.4.1': 3, '1.4.2': 5 },
  },
  'pn-gateway/admission': {
    PairingFormed: { '1.4.2': 1 },
    RegistrationRequestReceived: { '1.4.1': 1, '1.4.2': 2 },
    MembershipConfirmed: { '1.4.1': 2, '1.4.2': 3 },
    MembershipMissing: { '1.4.2': 3 },
    AdmissionRefused: { '1.4.1': 2, '1.4.2': 3 },
    PnUpdateRequested: { '1.4.2': 4 },
    PnUpdateAnswered: { '1.4.2': 4 },
    RegistrationForwarded: { '1.4.1': 3, '1.4.2': 5 },
    RegistrationAnswered: { '1.4.1': 3, '1.4.2': 5 },
    ResponseForwarded: { '1.4.1': 4, '1.4.2': 6 },
  },
  'pn-gateway/usage': {},
  'cpns-server/gateway-registration': {},
  'cpns-server/personal-network': {
    PnUpdateReceived: { '1.4.2': 4 },
    PneAdded: { '1.4.2': 4 },
    PnUpdateAnswered: { '1.4.2': 4 },
    InventoryUpdated: { '1.4.1': 3, '1.4.2': 5 },
    PneRemoved: { '1.4.2': 5 },
  },
  'cpns-server/registration': {
    RegistrationRequestReceived: { '1.4.1': 3, '1.4.2': 5 },
    PneAuthenticated: { '1.4.1': 3, '1.4.2': 5 },
    PneAuthenticationFailed: { '1.4.1': 3, '1.4.2': 5 },
    RegistrationDenied: { '1.4.1': 3, '1.4.2': 5 },
    CpnsIdAllocated: { '1.4.1': 3, '1.4.2': 5 },
    RegistrationAnswered: { '1.4.1': 3, '1.4.2': 5 },
    SecureSessionEstablished: { '1.4.1': 4, '1.4.2': 6 },
  },
  'cpns-server/charging': {},
  'cpns-server/subject': {},
  'journal/record': {},
  'journal/keyring': {},
};

const AHEAD: { readonly [chart: string]: { readonly [type: string]: Flow } } = {
  'pn-gateway/admission': { PairingFormed: '1.4.2' },
};

/**
 * Flow of an event that belongs to an attempt yet to come: it is a step of it whatever its actor is doing meanwhile, be it a
 * registration of before or a withdrawal. Null for all others, which belong to what their actor is doing.
 */
export function flowAhead(chart: string, type: string): Flow | null {
  return AHEAD[chart]?.[type] ?? null;
}

/** @returns e.g. `1.4.1/3`, or null for an event that is no step of the flow that the actor is in. */
export function changeRequestStep(chart: ChartId, type: string, flow: Flow | null): string | null {
  const steps = CHANGE_REQUEST_STEPS[chart][type];
  if (steps === undefined || flow === null) return null;
  const step = steps[flow];
  return step === undefined ? null : `${flow}/${step}`;
}
