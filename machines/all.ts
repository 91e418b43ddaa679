import type { ChartId } from '../events/charts.ts';
import type { Chart } from './chart.ts';
import { charging } from './cpns-server/charging.ts';
import { gatewayRegistration } from './cpns-server/gateway-registration.ts';
import { personalNetwork } from './cpns-server/personal-network.ts';
import { registration } from './cpns-server/registration.ts';
import { subject } from './cpns-server/subject.ts';
import { keyring } from './journal/keyring.ts';
import { record } from './journal/record.ts';
import { admission } from './pn-gateway/admission.ts';
import { pnGateway } from './pn-gateway/gateway.ts';
import { gatewayUsage } from './pn-gateway/usage.ts';
import { pneRegistration } from './pne/registration.ts';

/** Every chart, by its id. */
export const CHARTS: { readonly [Id in ChartId]: Chart<Id> } = {
  'pne/registration': pneRegistration,
  'pn-gateway/gateway': pnGateway,
  'pn-gateway/admission': admission,
  'pn-gateway/usage': gatewayUsage,
  'cpns-server/gateway-registration': gatewayRegistration,
  'cpns-server/personal-network': personalNetwork,
  'cpns-server/registration': registration,
  'cpns-server/charging': charging,
  'cpns-server/subject': subject,
  'journal/keyring': keyring,
  'journal/record': record,
};
