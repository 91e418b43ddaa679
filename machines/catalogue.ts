import type { RoleName } from '../events/parties.ts';
import { admissionEvents } from '../events/vocabulary/pn-gateway/admission.ts';
import { chargingEvents } from '../events/vocabulary/cpns-server/charging.ts';
import type { Vocabulary } from '../events/vocabulary/define.ts';
import { gatewayRegistrationEvents } from '../events/vocabulary/cpns-server/gateway-registration.ts';
import { gatewayUsageEvents } from '../events/vocabulary/pn-gateway/usage.ts';
import { keyringEvents } from '../events/vocabulary/journal/keyring.ts';
import { personalNetworkEvents } from '../events/vocabulary/cpns-server/personal-network.ts';
import { pnGatewayEvents } from '../events/vocabulary/pn-gateway/gateway.ts';
import { pneRegistrationEvents } from '../events/vocabulary/pne/registration.ts';
import { recordEvents } from '../events/vocabulary/journal/record.ts';
import { registrationEvents } from '../events/vocabulary/cpns-server/registration.ts';
import { subjectEvents } from '../events/vocabulary/cpns-server/subject.ts';
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

/** One chart. */
interface Row {
  readonly chart: Chart<string>;
  readonly vocabulary: Vocabulary;
  /** Whose chart it is; `journal`: every journal has one, whatever role it is of. */
  readonly role: RoleName | 'journal';
  /** Pattern of the names of its streams: a word, then the ids of the actor. No two charts have the same word. */
  readonly stream: string;
  /** Pattern of its unit of serialisation: actors of one unit take their messages one at a time, and change together. */
  readonly unit: string;
  /** What its actors are called. */
  readonly title: string;
}

/** Every chart, by its id. What else is to be known of streams, units and vocabularies is derived from it (`streams.ts`). */
export const CATALOGUE = {
  'pne/registration': {
    chart: pneRegistration,
    vocabulary: pneRegistrationEvents,
    role: 'pne',
    stream: 'pne/{deviceId}',
    unit: 'pne/{deviceId}',
    title: 'registration of a PNE, at the PNE',
  },
  'pn-gateway/gateway': {
    chart: pnGateway,
    vocabulary: pnGatewayEvents,
    role: 'pn-gateway',
    stream: 'gateway/{gatewayId}',
    unit: 'gateway/{gatewayId}',
    title: 'PN GW',
  },
  'pn-gateway/admission': {
    chart: admission,
    vocabulary: admissionEvents,
    role: 'pn-gateway',
    stream: 'admission/{gatewayId}/{deviceId}',
    unit: 'gateway/{gatewayId}',
    title: 'admission of a PNE',
  },
  'pn-gateway/usage': {
    chart: gatewayUsage,
    vocabulary: gatewayUsageEvents,
    role: 'pn-gateway',
    stream: 'usage/{gatewayId}/{deviceId}',
    unit: 'gateway/{gatewayId}',
    title: 'usage of a PNE, as the PN GW counts it',
  },
  'cpns-server/gateway-registration': {
    chart: gatewayRegistration,
    vocabulary: gatewayRegistrationEvents,
    role: 'cpns-server',
    stream: 'gateway-registration/{gatewayId}',
    unit: 'gateway-registration/{gatewayId}',
    title: 'registration of a PN GW',
  },
  'cpns-server/personal-network': {
    chart: personalNetwork,
    vocabulary: personalNetworkEvents,
    role: 'cpns-server',
    stream: 'pn/{pnId}',
    unit: 'pn/{pnId}',
    title: 'PN',
  },
  'cpns-server/registration': {
    chart: registration,
    vocabulary: registrationEvents,
    role: 'cpns-server',
    stream: 'registration/{pnId}/{deviceId}',
    unit: 'pn/{pnId}',
    title: 'registration of a PNE, at the CPNS Server',
  },
  'cpns-server/charging': {
    chart: charging,
    vocabulary: chargingEvents,
    role: 'cpns-server',
    stream: 'charging/{pnId}/{deviceId}',
    unit: 'pn/{pnId}',
    title: 'usage of a PNE, as both count it',
  },
  'cpns-server/subject': {
    chart: subject,
    vocabulary: subjectEvents,
    role: 'cpns-server',
    stream: 'subject/{deviceId}',
    unit: 'subject/{deviceId}',
    title: 'data subject',
  },
  'journal/keyring': {
    chart: keyring,
    vocabulary: keyringEvents,
    role: 'journal',
    stream: 'keyring',
    unit: 'keyring',
    title: 'keys at rest of a journal',
  },
  'journal/record': {
    chart: record,
    vocabulary: recordEvents,
    role: 'journal',
    stream: 'record',
    unit: 'record',
    title: 'record of a journal',
  },
} as const satisfies { readonly [id: string]: Row };

export type ChartId = keyof typeof CATALOGUE;

/** The ids of all charts, in the order of the catalogue. */
export const CHART_IDS: readonly ChartId[] = Object.keys(CATALOGUE).filter(isChartId);

export function isChartId(id: string): id is ChartId {
  return Object.hasOwn(CATALOGUE, id);
}

export function rowOf(id: ChartId): Row & { readonly chart: Chart<ChartId> } {
  return CATALOGUE[id];
}

export function vocabularyOf(id: ChartId): Vocabulary {
  return CATALOGUE[id].vocabulary;
}

/** The charts of this program. */
export const CHARTS: { readonly [Id in ChartId]: (typeof CATALOGUE)[Id]['chart'] } = chartsOf();

function chartsOf(): typeof CHARTS;
function chartsOf(): object {
  return Object.fromEntries(CHART_IDS.map((id) => [id, CATALOGUE[id].chart]));
}
