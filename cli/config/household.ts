import { z } from 'zod';
import { check } from './check.ts';
import { readDocument, type ConfigDocument } from './document.ts';
import { id, joinPolicy, mac, personalText, text } from './fields.ts';
import { pathText, type Problem } from './problems.ts';
import { dangling, duplicates, type Named } from './references.ts';
import type { JoinPolicy } from './types.ts';

/** How it proves itself: by a pre-shared secret or by a certificate. */
export type CredentialKind = 'psk' | 'pki';

export interface HouseholdGateway {
  readonly id: string;
  readonly vendor: string;
  readonly model: string;
  readonly mac: string;
  readonly credential: CredentialKind;
}

export interface HouseholdPn {
  readonly id: string;
  readonly name: string;
  /** Gateway id. */
  readonly gateway: string;
  readonly joinPolicy: JoinPolicy;
}

/** What the demo does with a device, and the response code that it must get. */
export interface DemoExpectation {
  readonly secret: 'right' | 'wrong';
  readonly expect: 200 | 202 | 401 | 403 | 404;
}

export interface HouseholdPne {
  readonly id: string;
  readonly name: string;
  /** Who uses it. */
  readonly user?: string | undefined;
  readonly vendor: string;
  readonly model: string;
  readonly type: string;
  readonly mac: string;
  /** PN id; one that is not in the household only where 404 is expected. */
  readonly pn: string;
  readonly gateway: string;
  readonly membership: 'member' | 'stranger';
  readonly credential: CredentialKind;
  readonly demo: DemoExpectation;
}

/** The people's side of provisioning: their gateways, PNs and devices, and the services for them. No secrets. */
export interface Household {
  readonly gateways: readonly HouseholdGateway[];
  readonly pns: readonly HouseholdPn[];
  readonly pnes: readonly HouseholdPne[];
  /** Ids of the operator's services that the devices may talk to. */
  readonly services: readonly string[];
  /** Ids of those who decide for the operator while servers run. */
  readonly operators: readonly string[];
}

const credentialKind = z.enum(['psk', 'pki']).default('psk');

const HouseholdFile = z.strictObject({
  gateways: z.array(z.strictObject({ id, vendor: text, model: text, mac, credential: credentialKind })),
  pns: z.array(z.strictObject({ id, name: text, gateway: id, joinPolicy })),
  services: z.array(id).optional(),
  operators: z.array(id).optional(),
  pnes: z.array(
    z.strictObject({
      id,
      name: personalText,
      user: personalText.optional(),
      vendor: text,
      model: text,
      type: text,
      mac,
      pn: id,
      gateway: id.optional(),
      member: z.boolean(),
      credential: credentialKind,
      demo: z
        .strictObject({
          secret: z.enum(['right', 'wrong']).optional(),
          expect: z.literal([200, 202, 401, 403, 404]).optional(),
        })
        .optional(),
    }),
  ),
});

/** The names in the file, whatever else is wrong with it. */
const name = z.string().optional().catch(undefined);
const list = <T extends z.ZodType>(entry: T) => z.array(entry).catch([]);
const Names = z
  .object({
    gateways: list(z.object({ id: name, mac: name }).catch({ id: undefined, mac: undefined })),
    pns: list(z.object({ id: name, gateway: name }).catch({ id: undefined, gateway: undefined })),
    pnes: list(
      z
        .object({
          id: name,
          mac: name,
          pn: name,
          gateway: name,
          demo: z.object({ expect: z.number().optional().catch(undefined) }).catch({ expect: undefined }),
        })
        .catch({ id: undefined, mac: undefined, pn: undefined, gateway: undefined, demo: { expect: undefined } }),
    ),
    services: list(name),
    operators: list(name),
  })
  .catch({ gateways: [], pns: [], pnes: [], services: [], operators: [] });

function crossCheck(document: ConfigDocument): readonly Problem[] {
  const { gateways, pns, pnes, services, operators } = Names.parse(document.value);
  const column = (list: string, names: readonly (string | undefined)[], field: string): readonly Named[] =>
    names.map((value, index) => ({ name: value, path: [list, index, field] }));
  const ids = (entries: readonly { readonly id?: string | undefined }[]) => entries.map((entry) => entry.id);
  const macs = (entries: readonly { readonly mac?: string | undefined }[]) =>
    entries.map((entry) => entry.mac?.toLowerCase());
  const gatewayOf = (entries: readonly { readonly gateway?: string | undefined }[]) =>
    entries.map((entry) => entry.gateway);
  const knownPn = new Set(ids(pns));
  const outside = pnes.map((pne) => pne.pn !== undefined && !knownPn.has(pne.pn) && pne.demo.expect === 404);

  return [
    ...duplicates(document, 'gateway id', column('gateways', ids(gateways), 'id')),
    ...duplicates(document, 'PN id', column('pns', ids(pns), 'id')),
    ...duplicates(document, 'PNE id', column('pnes', ids(pnes), 'id')),
    ...duplicates(
      document,
      'service id',
      services.map((value, index) => ({ name: value, path: ['services', index] })),
    ),
    ...duplicates(
      document,
      'operator id',
      operators.map((value, index) => ({ name: value, path: ['operators', index] })),
    ),
    ...duplicates(document, 'MAC address', [
      ...column('gateways', macs(gateways), 'mac'),
      ...column('pnes', macs(pnes), 'mac'),
    ]),
    ...dangling(document, 'gateway', column('pns', gatewayOf(pns), 'gateway'), ids(gateways)),
    ...dangling(document, 'gateway', column('pnes', gatewayOf(pnes), 'gateway'), ids(gateways)),
    ...dangling(
      document,
      'PN',
      column(
        'pnes',
        pnes.map((pne, index) => (outside[index] === true ? undefined : pne.pn)),
        'pn',
      ),
      ids(pns),
    ),
    ...pnes.flatMap((pne, index) =>
      outside[index] === true && pne.gateway === undefined
        ? [
            {
              position: document.at(['pnes', index]),
              path: pathText(['pnes', index, 'gateway']),
              message: `is missing: PN ${JSON.stringify(pne.pn)} is not in this household, so it names no gateway`,
              remedy: 'Add the id of the gateway that the device asks.',
            },
          ]
        : [],
    ),
  ];
}

/** @throws ConfigError with every problem of the file */
export function householdOf(document: ConfigDocument): Household {
  const file = check(document, HouseholdFile, crossCheck);
  const gatewayOf = new Map(file.pns.map((pn) => [pn.id, pn.gateway]));
  return {
    gateways: file.gateways,
    pns: file.pns,
    services: file.services ?? [],
    operators: file.operators ?? [],
    pnes: file.pnes.map(({ member, demo, gateway, ...pne }) => ({
      ...pne,
      gateway: gateway ?? gatewayOf.get(pne.pn) ?? '',
      membership: member ? 'member' : 'stranger',
      demo: { secret: demo?.secret ?? 'right', expect: demo?.expect ?? 200 },
    })),
  };
}

/** @throws ConfigError with every problem of the file */
export function loadHousehold(file: string): Household {
  return householdOf(readDocument(file, 'public'));
}
