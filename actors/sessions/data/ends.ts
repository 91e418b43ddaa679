import type { ChartId } from '../../../machines/catalogue.ts';
import { isClosing, liveSession } from '../../../machines/session.ts';
import { personalNetwork } from '../../../machines/cpns-server/personal-network.ts';
import { registration } from '../../../machines/cpns-server/registration.ts';
import type { Epochs } from '../../../machines/epochs.ts';
import { pneRegistration } from '../../../machines/pne/registration.ts';
import type { Direction } from '../../../security/epochs.ts';
import type { Scope } from '../../loop/role.ts';
import { linkUp, wanDown } from '../../../messages/subjects.ts';
import { streamOf } from '../../../machines/streams.ts';
import type { Incoming } from '../../../messages/incoming.ts';

/** How each end finds its sessions, and what its data frames look like on the wire. */

/** A session that carries data now. */
export interface Standing {
  readonly keyId: string;
  readonly pnId: string;
  readonly deviceId: string;
  /** The PN GW that it goes by. */
  readonly gatewayId: string;
  readonly epochs: Epochs;
}

export interface DataBody {
  readonly keyId: string;
  readonly epoch: number;
  readonly counter: number;
  readonly serviceId: string | null;
  readonly frame: string;
}

/** A data frame as it came, with the stream of its actor. */
export interface ArrivedData {
  readonly stream: string;
  readonly body: DataBody;
}

export interface End {
  readonly sends: Direction;
  /** The chart of the actors that have its sessions. */
  readonly chart: ChartId;
  streamOf(of: { readonly pnId: string; readonly deviceId: string }): string;
  /** The session that carries data, or null. */
  standing(scope: Scope, stream: string): Promise<Standing | null>;
  isClosing(scope: Scope, stream: string): Promise<boolean>;
  arrived(message: Incoming): ArrivedData | null;
  outbound(to: Standing, body: DataBody): { readonly subject: string; readonly body: object };
}

export const pneEnd: End = {
  sends: 'up',
  chart: 'pne/registration',
  streamOf: ({ deviceId }) => streamOf('pne/registration', { deviceId }),
  async standing(scope, stream) {
    const state = await scope.state(pneRegistration, stream);
    const session = liveSession(state);
    const { pnId, deviceId, gatewayId } = state.context;
    return session === null ? null : { ...session, pnId, deviceId, gatewayId };
  },
  isClosing: async (scope, stream) => isClosing(await scope.state(pneRegistration, stream)),
  arrived({ content, deviceId }) {
    if (content.leg !== 'link.down' || content.type !== 'data' || deviceId === null) return null;
    return { stream: streamOf('pne/registration', { deviceId }), body: content.body };
  },
  outbound: ({ gatewayId, deviceId, pnId }, body) => ({
    subject: linkUp(gatewayId, deviceId, 'data'),
    body: { pnId, ...body },
  }),
};

export const serverEnd: End = {
  sends: 'down',
  chart: 'cpns-server/registration',
  streamOf: ({ pnId, deviceId }) => streamOf('cpns-server/registration', { pnId, deviceId }),
  async standing(scope, stream) {
    const state = await scope.state(registration, stream);
    const session = liveSession(state);
    if (session === null) return null;
    const { pnId, deviceId } = state.context;
    const { gatewayId } = (await scope.state(personalNetwork, streamOf('cpns-server/personal-network', { pnId })))
      .context;
    return { ...session, pnId, deviceId, gatewayId };
  },
  isClosing: async (scope, stream) => isClosing(await scope.state(registration, stream)),
  arrived({ content }) {
    if (content.leg !== 'wan.up' || content.type !== 'data') return null;
    const { pnId, deviceId, ...body } = content.body;
    return { stream: streamOf('cpns-server/registration', { pnId, deviceId }), body };
  },
  outbound: ({ gatewayId, deviceId, pnId }, body) => ({
    subject: wanDown(gatewayId, 'data'),
    body: { pnId, deviceId, ...body },
  }),
};
