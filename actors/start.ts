import type { JoinPolicy, PersonalFields } from '../events/fields.ts';
import { MAX_CHANGES } from '../events/fields.ts';
import type { PersonalNetworkEvent } from '../events/vocabulary/cpns-server/personal-network.ts';
import { personalNetwork } from '../machines/cpns-server/personal-network.ts';
import { subject } from '../machines/cpns-server/subject.ts';
import { memberOf } from '../machines/cpns-server/personal-network-terms.ts';
import type { Scope, StreamEvent } from './loop/role.ts';
import type { Log } from '../seams/log.ts';
import { describe } from './roles/cpns-server/subject/describe.ts';
import { Runtime, type RuntimeOptions } from './loop/runtime.ts';
import { Channels } from './sessions/data/channels.ts';
import { pneEnd, serverEnd, type End } from './sessions/data/ends.ts';
import { NO_APPLICATIONS, type Applications, type SessionEnd } from './sessions/data/port.ts';
import { RelayCounter } from './sessions/data/relay-counter.ts';
import { DEFAULT_USAGE_SETTINGS, NO_USAGE_METER, type UsageMeter, type UsageSettings } from './sessions/data/usage.ts';
import { serverRole } from './roles/cpns-server/role.ts';
import type { ServerIdentity } from './roles/cpns-server/identity.ts';
import { Review } from './roles/cpns-server/review.ts';
import type { Sharing } from './roles/cpns-server/sharing.ts';
import { gatewayRole } from './roles/pn-gateway/role.ts';
import type { GatewayIdentity } from './roles/pn-gateway/identity.ts';
import { pneRole } from './roles/pne/role.ts';
import { gatewayMeter, ServerMeter } from './roles/meters.ts';
import { EVERYTHING } from './loop/share.ts';
import { gatewayWan, serverWan } from './sessions/wan/ends.ts';
import { streamOf } from '../machines/streams.ts';
import type { PneDevice } from './roles/pne/device.ts';
import { standingOf } from './sessions/standing.ts';

/** Roles in a process, ready to run: what `cli/` starts, and what the simulation starts. */

export type Seams = Omit<RuntimeOptions, 'role' | 'share' | 'data' | 'beforeStop'>;

export interface ProvisionedPn {
  readonly id: string;
  readonly gatewayId: string;
  readonly joinPolicy: JoinPolicy;
  readonly members: readonly string[];
}

const aboutPn = (stream: string, event: PersonalNetworkEvent): StreamEvent => ({ stream, ...event });

/** Brings the journal up to what the operator provisioned; nothing is written when it is there already. */
async function provisionPn(runtime: Runtime, pn: ProvisionedPn): Promise<void> {
  const stream = streamOf('cpns-server/personal-network', { pnId: pn.id });
  await runtime.tell(stream, async (scope) => {
    const { context, value } = await scope.state(personalNetwork, stream);
    const { id: pnId, gatewayId, joinPolicy } = pn;
    const same =
      value !== 'released' &&
      context.pnId === pnId &&
      context.gatewayId === gatewayId &&
      context.joinPolicy === joinPolicy;
    return same ? [] : [aboutPn(stream, { type: 'PnProvisioned', data: { pnId, gatewayId, joinPolicy } })];
  });
  for (let first = 0; first < pn.members.length; first += MAX_CHANGES) {
    const some = pn.members.slice(first, first + MAX_CHANGES);
    await runtime.tell(stream, (scope) => provisionMembers(scope, pn.id, some));
  }
}

async function provisionMembers(
  scope: Scope,
  pnId: string,
  members: readonly string[],
): Promise<readonly StreamEvent[]> {
  const stream = streamOf('cpns-server/personal-network', { pnId });
  const { context } = await scope.state(personalNetwork, stream);
  const previous = context.revision;
  const revision = await scope.nextVersion(stream);
  const changes = members
    .filter((deviceId) => [undefined, 'provisional'].includes(memberOf(context, deviceId)?.status))
    .map((deviceId) => ({
      revision,
      previous,
      deviceId,
      kind: 'added' as const,
      status: 'member' as const,
      cpnsId: null,
    }));
  if (changes.length === 0) return [];
  return [aboutPn(stream, { type: 'MembersProvisioned', data: { inventory: { pnId, changes } } })];
}

/** Devices whose personal fields are compared at once: as many commits share a transaction. */
const COMPARED_AT_ONCE = 256;

/** What the operator lists of devices and their users. What was erased stays so. */
async function provisionPersonal(
  runtime: Runtime,
  personal: ReadonlyMap<string, PersonalFields>,
  log: Log,
): Promise<void> {
  const all = [...personal];
  for (let first = 0; first < all.length; first += COMPARED_AT_ONCE) {
    const some = all.slice(first, first + COMPARED_AT_ONCE);
    await Promise.all(
      some.map(([deviceId, fields]) => {
        const stream = streamOf('cpns-server/subject', { deviceId });
        return runtime.tell(stream, async (scope) => {
          if ((await scope.state(subject, stream)).value !== 'erased')
            return describe(scope, deviceId, 'operator', fields);
          log.warn('a device that was erased is still listed with personal fields; they are not taken', { deviceId });
          return [];
        });
      }),
    );
  }
}

/** A role whose sessions carry data, and its end of them. To stop the runtime stops both. */
export interface WithSessions {
  readonly runtime: Runtime;
  readonly session: SessionEnd;
}

/** A runtime and, beside its loop, the channels of its sessions. */
function withSessions(options: RuntimeOptions, end: End, applications: Applications, meter: UsageMeter): WithSessions {
  const runtime = new Runtime({
    ...options,
    data: (message) => session.receive(message),
    beforeStop: () => session.stop().then(() => meter.stop()),
  });
  const session = new Channels({ end, runtime, wire: options.wire, applications, meter });
  return { runtime, session };
}

/** A runtime that cannot be brought up is stopped: its timers would keep the process alive. */
async function bringUp(runtime: Runtime, steps: () => Promise<void>): Promise<Runtime> {
  try {
    await steps();
    return runtime;
  } catch (error) {
    await runtime.stop();
    throw error;
  }
}

/**
 * The CPNS Server. PNs that the operator no longer lists are released.
 * @param known ids of the PNs that the journal has, from the PN Inventory
 * @param sharing with the other servers of this journal; null where it is the only one
 */
export async function startServer(
  identity: ServerIdentity,
  pns: readonly ProvisionedPn[],
  known: readonly string[],
  seams: Seams,
  applications: Applications = NO_APPLICATIONS,
  usage: UsageSettings = DEFAULT_USAGE_SETTINGS,
  sharing: Sharing | null = null,
): Promise<WithSessions> {
  const share = sharing ?? EVERYTHING;
  const shared = sharing === null ? seams.wire : sharing.over(seams.wire, seams);
  const { wire, book } = await serverWan(
    { ...seams, wire: shared },
    {
      standing: (gatewayId, chain) => standingOf(identity.gatewayCredential(gatewayId, seams.clock.now()), chain),
      onOver: (gatewayId) => sessions.gateway(gatewayId),
    },
  );
  const meter = new ServerMeter(seams, usage, (...told) => runtime.tell(...told));
  const options = { ...seams, wire, share, role: serverRole(identity) };
  const both = withSessions(options, serverEnd, applications, meter);
  const { runtime } = both;
  const sessions = new Review({ runtime, identity, share, pns: pns.map(({ id }) => id), log: seams.log });
  identity.onRevocation?.(() => {
    book.review();
    sessions.pnes();
  });
  await bringUp(runtime, async () => {
    for (const pn of pns) await provisionPn(runtime, pn);
    for (const pnId of known.filter((id) => pns.every((pn) => pn.id !== id))) {
      await runtime.tell(streamOf('cpns-server/personal-network', { pnId }), () => [
        aboutPn(streamOf('cpns-server/personal-network', { pnId }), { type: 'PnReleased', data: { pnId } }),
      ]);
    }
    await provisionPersonal(runtime, identity.personal ?? new Map(), seams.log);
    await sharing?.join({ ...both, book, sessions, log: seams.log });
    await runtime.start();
    sharing?.membership.announce();
    sessions.pnes();
  });
  return both;
}

/** A PN GW: registers itself, establishes its PNs, and admits PNEs from then on. It counts what it relays. */
export async function startGateway(
  identity: GatewayIdentity,
  pns: readonly string[],
  seams: Seams,
  usage: UsageSettings = DEFAULT_USAGE_SETTINGS,
): Promise<Runtime> {
  const { gatewayId } = identity;
  const meter = gatewayMeter(gatewayId, seams, usage, (...told) => runtime.tell(...told));
  const role = gatewayRole(identity, new RelayCounter(meter, pns));
  const beforeStop = (): Promise<void> => meter.stop();
  const runtime = new Runtime({ ...seams, wire: await gatewayWan(seams), role, beforeStop });
  const stream = streamOf('pn-gateway/gateway', { gatewayId });
  return bringUp(runtime, async () => {
    await runtime.start();
    await runtime.tell(stream, () => [
      { stream, type: 'GatewayRegistrationWanted', data: { gatewayId, pns: [...pns] } },
    ]);
  });
}

/** PNEs. A device whose registration is under way in the journal goes on with it. */
export async function startPnes(
  devices: readonly PneDevice[],
  seams: Seams,
  applications: Applications = NO_APPLICATIONS,
): Promise<WithSessions> {
  const both = withSessions({ ...seams, role: pneRole(devices) }, pneEnd, applications, NO_USAGE_METER);
  await bringUp(both.runtime, () => both.runtime.start());
  return both;
}

/** Tells a device to register. @returns `refused` while it is about to already */
export function register(runtime: Runtime, device: PneDevice): Promise<'taken' | 'refused'> {
  const { deviceId, pnId, gatewayId, pairing } = device;
  const stream = streamOf('pne/registration', { deviceId });
  return runtime.tell(stream, () => [
    { stream, type: 'RegistrationWanted', data: { deviceId, pnId, gatewayId, pairing } },
  ]);
}
