import { personalNetwork } from '../../../machines/cpns-server/personal-network.ts';
import type { PersonalNetworkContext } from '../../../machines/cpns-server/personal-network-terms.ts';
import type { ChartState } from '../../../machines/state.ts';
import { streamOf } from '../../../machines/streams.ts';
import type { TakenByType } from '../../../messages/incoming.ts';
import type { Scope, Decider } from '../../loop/role.ts';

type Messages = TakenByType<'cpns-server'>;

/** What the server decides about messages of one type. */
export type ServerDecider<T extends keyof Messages> = Decider<Messages[T]>;

export type Pn = ChartState<PersonalNetworkContext>;

/** The PN that a message is about. */
export const pnOf = (
  { content }: Messages[Exclude<keyof Messages, 'gateway-registration-request'>],
  scope: Scope,
): Promise<Pn> => scope.state(personalNetwork, streamOf('cpns-server/personal-network', { pnId: content.body.pnId }));
