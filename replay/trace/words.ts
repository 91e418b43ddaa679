import { reasonPhrase, RESPONSE_CODE_VALUES } from '../../events/codes.ts';
import type { RecordedEvent } from '../../journal/port.ts';

/** What an event means, in the words of the change request. Events that are not here speak for themselves. */
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
  'cpns-server/personal-network PneApproved': 'PN Inventory: a member, as an operator decided',
  'cpns-server/personal-network PneRejected': 'turned away by an operator',
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

/** The same in every chart. */
const SAYS_ANYWHERE: Readonly<Record<string, string>> = {
  RegistrationWanted: 'is told to register',
  AnswerOverdue: 'no answer in time',
  RegistrationTimedOut: 'no answer after the last attempt',
  PairingTimedOut: 'no pairing after the last attempt',
  PairingRefused: 'pairing refused',
  LateAnswerReceived: 'an answer, too late',
  MessageRefused: 'refuses a message',
};

/** What an event says, with its code, CPNS ID, key id and reason where it has them. Nothing of it is secret. */
export function wordsOf(event: RecordedEvent): string {
  const says = SAYS[`${event.meta.chart.id} ${event.type}`] ?? SAYS_ANYWHERE[event.type] ?? event.type;
  return `${says}${detailsOf(event)}`;
}

function detailsOf({ data }: RecordedEvent): string {
  const code = RESPONSE_CODE_VALUES.find((known) => known === data['code']);
  const parts = [
    code === undefined ? null : code === 200 ? '200' : `${code} ${reasonPhrase(code)}`,
    typeof data['cpnsId'] === 'string' && data['handshake'] === undefined ? data['cpnsId'] : null,
    typeof data['keyId'] === 'string' && code === undefined ? `key ${data['keyId']}` : null,
    typeof data['reason'] === 'string' ? data['reason'] : null,
    typeof data['by'] === 'string' ? `by ${data['by']}` : null,
    typeof data['message'] === 'string' && typeof data['from'] === 'string'
      ? `${data['message']} of ${data['from']}`
      : null,
    typeof data['count'] === 'number' && data['count'] > 1 ? `${data['count']} times` : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`;
}
