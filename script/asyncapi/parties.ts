import type { RoleName } from '../../events/parties.ts';
import type { Peer } from '../../messages/exchanges.ts';

/** Applications of the document. Whoever may ask about the state is one kind of them, a client. */
export type Application = RoleName | Extract<Peer, 'service' | 'operator' | 'observer'> | 'client';

export const APPLICATIONS: { readonly [A in Application]: string } = {
  pne: 'a PNE (device)',
  'pn-gateway': 'a PN GW',
  'cpns-server': 'the CPNS Server',
  service: 'a service of the operator',
  operator: 'whoever decides for the operator',
  client: 'whoever asks about the state',
  observer: 'whoever watches what happens',
};

/** The application that a peer is in the document. */
export const applicationOf = (peer: Peer): Application => (peer === 'inquirer' ? 'client' : peer);
