import type { JoinPolicy } from '../../events/fields.ts';

/** A small household of the tests' own: one PN GW `hub`, the PN `home`. */

export interface Device {
  readonly id: string;
  readonly member: boolean;
  readonly secret?: 'wrong';
  readonly credential?: 'pki';
  readonly expect?: number;
  readonly pn?: string;
}

/** Who uses every device, and what people call one. */
export const USER = 'Ottilie Morgenrot';
export const nameOf = (id: string): string => `Ottilie's ${id}`;

export const GATEWAY = 'hub';
export const PN = 'home';

export const members = (count: number): readonly Device[] =>
  Array.from({ length: count }, (_, index) => ({ id: `member-${index + 1}`, member: true }));
export const strangers = (count: number): readonly Device[] =>
  Array.from({ length: count }, (_, index) => ({ id: `stranger-${index + 1}`, member: false }));

const thing = (index: number) => ({
  vendor: 'Example',
  model: 'One',
  mac: `02:00:00:00:00:${index.toString(16).padStart(2, '0')}`,
});

export interface More {
  readonly gatewayCredential?: 'psk' | 'pki';
  readonly services?: readonly string[];
  readonly operators?: readonly string[];
  readonly joinPolicy?: JoinPolicy;
}

/** The text of its file; JSON is YAML. */
export function householdText(
  devices: readonly Device[],
  { gatewayCredential = 'psk', services = [], operators = [], joinPolicy = 'open' }: More = {},
): string {
  return JSON.stringify({
    services,
    operators,
    gateways: [{ id: GATEWAY, ...thing(0), credential: gatewayCredential }],
    pns: [{ id: PN, name: 'Home', gateway: GATEWAY, joinPolicy }],
    pnes: devices.map(({ id, member, secret, credential, expect, pn }, index) => ({
      id,
      name: nameOf(id),
      user: USER,
      type: 'Thing',
      ...thing(index + 1),
      pn: pn ?? PN,
      gateway: GATEWAY,
      member,
      ...(credential === undefined ? {} : { credential }),
      demo: { ...(secret === undefined ? {} : { secret }), ...(expect === undefined ? {} : { expect }) },
    })),
  });
}
