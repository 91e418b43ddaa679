import { personalNetwork } from '../../../machines/cpns-server/personal-network.ts';
import type { PersonalNetworkContext } from '../../../machines/cpns-server/personal-network-terms.ts';
import type { ChartState } from '../../../machines/state.ts';
import { streamOf } from '../../../machines/streams.ts';
import { idsIn, type Incoming } from '../../../messages/incoming.ts';
import type { Scope } from '../../loop/role.ts';

export type Pn = ChartState<PersonalNetworkContext>;

/** The PN that a message is about. */
export const pnOf = (message: Incoming, scope: Scope): Promise<Pn> =>
  scope.state(personalNetwork, streamOf('cpns-server/personal-network', { pnId: idsIn(message).pnId }));
