import { reasonPhrase, RESPONSE_CODE_VALUES } from '../../events/codes.ts';
import type { RecordedEvent } from '../../events/journal/port.ts';
import type { Household } from '../config/household.ts';

/** What stands in the first column: who did it. */
const ACTORS: Readonly<Record<string, string>> = {
  pne: 'PNE',
  'pn-gateway': 'PN GW',
  'cpns-server': 'CPNS Server',
};

/** What a step means, in the words of the change request. Steps that are not here speak for themselves. */
const SAYS: Readonly<Record<string, string>> = {
  'pne/registration PairingRequested': 'asks the PN GW to pair',
  'pn-gateway/admission PairingFormed': 'pairing formed',
  'pne/registration PairingFormed': 'pairing formed',
  'pne/registration RegistrationRequested': 'PNE Registration Request, with the ID of its PN',
  'pn-gateway/admission RegistrationRequestReceived': 'received',
  'pn-gateway/admission MembershipConfirmed': 'is a member of the established PN',
  'pn-gateway/admission MembershipMissing': 'is not a member of the established PN',
  'pn-gateway/admission AdmissionRefused': 'refused by the PN GW',
  'pn-gateway/admission PnUpdateRequested': 'PN Update Request: add the PNE',
  'cpns-server/personal-network PnUpdateReceived': 'received',
  'cpns-server/personal-network PneAdded': 'PN Inventory: provisional',
  'cpns-server/personal-network PnUpdateAnswered': 'PN Update Response',
  'pn-gateway/admission PnUpdateAnswered': 'received',
  'pn-gateway/gateway LocalInventoryUpdated': 'local PN Inventory follows',
  'pn-gateway/admission RegistrationForwarded': 'PNE Registration Request, forwarded',
  'cpns-server/registration RegistrationRequestReceived': 'received',
  'cpns-server/registration PneAuthenticated': 'the PNE is authenticated',
  'cpns-server/registration PneAuthenticationFailed': 'the PNE is not authenticated',
  'cpns-server/registration RegistrationDenied': 'denied',
  'cpns-server/registration CpnsIdAllocated': 'CPNS ID allocated',
  'cpns-server/personal-network InventoryUpdated': 'PN Inventory: registered',
  'cpns-server/personal-network PneRemoved': 'PN Inventory: provisional PNE removed',
  'cpns-server/registration RegistrationAnswered': 'PNE Registration Response',
  'pn-gateway/admission RegistrationAnswered': 'received',
  'pn-gateway/admission ResponseForwarded': 'PNE Registration Response, forwarded',
  'pne/registration RegistrationAccepted': 'registered',
  'pne/registration RegistrationRefused': 'refused',
  'pne/registration SecureSessionEstablished': 'secure session with the CPNS Server',
  'cpns-server/registration SecureSessionEstablished': 'opened the first sealed message of the PNE',
  'pne/registration SecureSessionConfirmed': 'opened the sealed answer: both ends hold the same keys',
};

/** Steps of the flows as they are committed, told apart by their correlation id. */
export class FlowReader {
  readonly #devices = new Map<string, string>();
  readonly #household: Household;

  constructor(household: Household) {
    this.#household = household;
  }

  /** The device whose registration the event belongs to, or null. */
  deviceOf(event: RecordedEvent): string | null {
    if (event.meta.chart.id === 'pne/registration') {
      this.#devices.set(event.meta.correlationId, event.stream.slice('pne/'.length));
    }
    return this.#devices.get(event.meta.correlationId) ?? null;
  }

  /** The line over a device's steps. */
  title(deviceId: string): string {
    const pne = this.#household.pnes.find(({ id }) => id === deviceId);
    if (pne === undefined) return deviceId;
    const { vendor, model, type, mac, pn, membership, demo } = pne;
    const secret = demo.secret === 'wrong' ? ', with a wrong secret' : '';
    const asks = membership === 'member' ? `PN member of '${pn}'` : `stranger, asks for '${pn}'`;
    return `${deviceId}: ${vendor} ${model}, ${type}, ${mac}; ${asks}${secret}`;
  }

  /** One step, or null for an event that is none. */
  line(event: RecordedEvent): string | null {
    const { crStep, role, chart } = event.meta;
    if (crStep === null) return null;
    const says = SAYS[`${chart.id} ${event.type}`] ?? event.type;
    return `  ${crStep}  ${(ACTORS[role] ?? role).padEnd(11)}  ${`${says}${details(event)}`}`;
  }
}

function details({ data }: RecordedEvent): string {
  const code = RESPONSE_CODE_VALUES.find((known) => known === data['code']);
  const parts = [
    code === undefined ? null : code === 200 ? '200' : `${code} ${reasonPhrase(code)}`,
    typeof data['cpnsId'] === 'string' && data['handshake'] === undefined ? data['cpnsId'] : null,
    typeof data['keyId'] === 'string' && code === undefined ? `key ${data['keyId']}` : null,
    typeof data['reason'] === 'string' ? data['reason'] : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`;
}
