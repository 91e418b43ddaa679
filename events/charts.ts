import { admissionEvents } from './vocabulary/admission.ts';
import { chargingEvents } from './vocabulary/charging.ts';
import { gatewayRegistrationEvents } from './vocabulary/gateway-registration.ts';
import { gatewayUsageEvents } from './vocabulary/gateway-usage.ts';
import { keyringEvents } from './vocabulary/keyring.ts';
import { personalNetworkEvents } from './vocabulary/personal-network.ts';
import { pnGatewayEvents } from './vocabulary/pn-gateway.ts';
import { pneRegistrationEvents } from './vocabulary/pne-registration.ts';
import { recordEvents } from './vocabulary/record.ts';
import { registrationEvents } from './vocabulary/registration.ts';
import { subjectEvents } from './vocabulary/subject.ts';
import type { Vocabulary } from './vocabulary/define.ts';

/** Every chart by its id, with the events that it takes. */
export const VOCABULARIES = {
  'pne/registration': pneRegistrationEvents,
  'pn-gateway/gateway': pnGatewayEvents,
  'pn-gateway/admission': admissionEvents,
  'pn-gateway/usage': gatewayUsageEvents,
  'cpns-server/gateway-registration': gatewayRegistrationEvents,
  'cpns-server/personal-network': personalNetworkEvents,
  'cpns-server/registration': registrationEvents,
  'cpns-server/charging': chargingEvents,
  'cpns-server/subject': subjectEvents,
  'journal/keyring': keyringEvents,
  'journal/record': recordEvents,
} as const satisfies { readonly [chart: string]: Vocabulary };

export type ChartId = keyof typeof VOCABULARIES;

export function isChartId(id: string): id is ChartId {
  return Object.hasOwn(VOCABULARIES, id);
}

export function vocabularyOf(chart: ChartId): Vocabulary {
  return VOCABULARIES[chart];
}
