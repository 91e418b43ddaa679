import type { RoleName } from '../events/parties.ts';
import type { NamesIn } from './patterns.ts';

interface LegRow {
  /** Pattern of its subjects. On the WAN the device is named in the body. */
  readonly pattern: string;
  readonly source: RoleName;
  readonly target: RoleName;
  /** The leg that answers come on, and notices. */
  readonly back: string;
}

/** Who says something to whom (design, section 8). The version travels in the message, not in the subject. */
export const LEGS = {
  'link.up': {
    pattern: 'cpns.link.{gatewayId}.up.{deviceId}.{type}',
    source: 'pne',
    target: 'pn-gateway',
    back: 'link.down',
  },
  'link.down': {
    pattern: 'cpns.link.{gatewayId}.down.{deviceId}.{type}',
    source: 'pn-gateway',
    target: 'pne',
    back: 'link.up',
  },
  'wan.up': {
    pattern: 'cpns.wan.up.{gatewayId}.{type}',
    source: 'pn-gateway',
    target: 'cpns-server',
    back: 'wan.down',
  },
  'wan.down': {
    pattern: 'cpns.wan.down.{gatewayId}.{type}',
    source: 'cpns-server',
    target: 'pn-gateway',
    back: 'wan.up',
  },
} as const satisfies { readonly [leg: string]: LegRow };

export type Leg = keyof typeof LEGS;
export const LEG_NAMES: readonly Leg[] = Object.keys(LEGS).filter(isLeg);

export function isLeg(name: string): name is Leg {
  return Object.hasOwn(LEGS, name);
}

/** The ids in the subjects of a leg. */
export type IdsOf<L extends Leg> = {
  readonly [Name in Exclude<NamesIn<(typeof LEGS)[L]['pattern']>, 'type'>]: string;
};
