import fc from 'fast-check';
import type { ResponseCode } from '../../events/codes.ts';
import { device, GATEWAY, secretOf, type WorldOptions } from '../simulation/world.ts';
import type { PneDevice } from '../../actors/roles/pne/device.ts';

/** A generated household: what the operator provisioned, and the code that each device must end with. */
export interface Household {
  readonly pns: readonly { readonly policy: 'open' | 'approval' | 'closed' }[];
  readonly pairing: 'permitted' | 'forbidden';
  readonly kin: readonly Kin[];
}

export interface Kin {
  /** `paired`: a member that pairs all the same; `unpaired`: a stranger that does not. */
  readonly kind: 'member' | 'paired' | 'stranger' | 'unpaired';
  /** `unknown`: the server has no secret for it. */
  readonly secret: 'right' | 'wrong' | 'unknown';
  /** Index of its PN; `nowhere` no one knows, `ghost` only the PN GW. */
  readonly pn: number | 'nowhere' | 'ghost';
}

const some = <T>(weight: number, value: T) => ({ weight, arbitrary: fc.constant(value) });

const kin: fc.Arbitrary<Kin> = fc.record({
  kind: fc.oneof(
    some(4, 'member' as const),
    some(1, 'paired' as const),
    some(4, 'stranger' as const),
    some(1, 'unpaired' as const),
  ),
  secret: fc.oneof(some(6, 'right' as const), some(2, 'wrong' as const), some(1, 'unknown' as const)),
  pn: fc.oneof({ weight: 12, arbitrary: fc.nat(2) }, some(1, 'nowhere' as const), some(1, 'ghost' as const)),
});

export const household: fc.Arbitrary<Household> = fc.record({
  pns: fc.array(
    fc.record({
      policy: fc.oneof(some(5, 'open' as const), some(2, 'approval' as const), some(1, 'closed' as const)),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  pairing: fc.oneof(some(9, 'permitted' as const), some(1, 'forbidden' as const)),
  kin: fc.array(kin, { minLength: 1, maxLength: 6 }),
});

const deviceId = (index: number): string => `pne-${index}`;
const isInside = ({ kind }: Kin): boolean => kind === 'member' || kind === 'paired';
const needsPairing = ({ kind }: Kin): boolean => kind === 'stranger' || kind === 'paired';

function pnOf({ pns }: Household, { pn }: Kin): string {
  return typeof pn === 'number' ? `pn-${pn % pns.length}` : pn;
}

export function devicesOf(home: Household): readonly PneDevice[] {
  return home.kin.map((one, index) => ({
    ...device(deviceId(index), pnOf(home, one), needsPairing(one) ? 'needed' : 'none'),
    about: { user: 'who uses it', name: `what ${deviceId(index)} calls itself`, mac: null },
  }));
}

export function worldOf(home: Household, seed: string): WorldOptions {
  const devices = devicesOf(home);
  const ids = home.pns.map((_, index) => `pn-${index}`);
  return {
    seed,
    devices,
    pairing: home.pairing,
    identity: {
      personal: new Map(
        home.kin.flatMap((one, index) =>
          isInside(one)
            ? [[deviceId(index), { user: null, name: `what ${deviceId(index)} is listed as`, mac: null }] as const]
            : [],
        ),
      ),
    },
    usage: { intervalMs: 3_000, maxMessages: 3, maxBytes: 100_000 },
    gatewayPns: [...ids, 'ghost'],
    pns: home.pns.map(({ policy }, index) => ({
      id: `pn-${index}`,
      gatewayId: GATEWAY,
      joinPolicy: policy,
      members: home.kin.flatMap((one, at) =>
        isInside(one) && pnOf(home, one) === `pn-${index}` ? [deviceId(at)] : [],
      ),
    })),
    secrets: new Map(
      home.kin.flatMap(({ secret }, index): [string, Uint8Array][] => {
        if (secret === 'unknown') return [];
        return [[deviceId(index), secretOf(secret === 'right' ? deviceId(index) : `not of ${deviceId(index)}`)]];
      }),
    ),
  };
}

/**
 * What the provisioning says, whatever happens on the way.
 * @param decision event that says what an operator decided about it; null where none did
 */
export function outcomeOf(home: Household, index: number, decision: string | null): ResponseCode {
  const one = home.kin[index];
  if (one === undefined) throw new RangeError(`no device ${index}`);
  if (needsPairing(one) && home.pairing === 'forbidden') return 403;
  if (typeof one.pn !== 'number') return 404;
  if (!isInside(one)) {
    if (one.kind === 'unpaired') return 403;
    const policy = home.pns[one.pn % home.pns.length]?.policy;
    if (policy === 'closed') return 403;
    if (policy === 'approval' && decision === null) return 202;
    if (policy === 'approval' && decision === 'PneRejected') return 403;
  }
  return one.secret === 'right' ? 200 : 401;
}
