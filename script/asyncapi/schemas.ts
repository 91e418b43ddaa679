import { z } from 'zod';
import { ALL_EXCHANGES } from '../../messages/exchanges.ts';
import { MESSAGES } from '../../messages/catalogue.ts';
import { ChargingRow, InventoryMember, PersonalState, QueryRefusal, RecordKey } from '../../messages/queries.ts';
import { SealedMessage } from '../../actors/sessions/wan/sealed-wire.ts';
import { CHART_IDS, rowOf } from '../../machines/catalogue.ts';
import { RESPONSE_CODES } from '../../events/codes.ts';
import {
  Code,
  CpnsId,
  HandshakeMessage,
  Id,
  InventoryChange,
  InventoryChanges,
  JoinPolicy,
  KeyId,
  MemberStatus,
  Revision,
  UsageSum,
} from '../../events/fields.ts';
import { RecordedEvent } from './observed.ts';
import { Envelope } from '../../messages/envelope.ts';

/** Every schema of the document: the zod schemas that the program itself decodes with, as JSON Schema. */

export const schemaRef = (name: string): { readonly $ref: string } => ({ $ref: `#/components/schemas/${name}` });

/** Charts of a role by the name of their channel: `<role>.<chart>`. What happens to keys at rest stays in the journal. */
export const charts = CHART_IDS.flatMap((id) => {
  const { role, vocabulary } = rowOf(id);
  const events = Object.entries(vocabulary).map(([type, definition]) => ({ type, ...definition }));
  return role === 'journal' ? [] : [{ id, role, name: `events.${id.replace('/', '.')}`, events }];
});

const codeTable = Object.entries(RESPONSE_CODES)
  .map(([code, { reason, lasting }]) => `${code} ${reason} (${lasting})`)
  .join('; ');

const FIELDS: readonly (readonly [name: string, schema: z.ZodType, description: string])[] = [
  ['Id', Id, 'Id of a device, gateway, PN, request or message: one token of a subject.'],
  ['CpnsId', CpnsId, 'CPNS ID: allocated by the server, stable for a device, never given to another.'],
  ['KeyId', KeyId, 'Public name of a session key: base64url of 16 bytes.'],
  [
    'Code',
    Code,
    `Response code: ${codeTable}. After a temporary one the same question may be answered otherwise later.`,
  ],
  ['HandshakeMessage', HandshakeMessage, 'A Noise handshake message, base64url (docs/security-bytes.md).'],
  ['Revision', Revision, 'Revision of a PN Inventory: grows with every change; 0 is before any.'],
  ['JoinPolicy', JoinPolicy, 'What happens to a stranger that asks.'],
  ['MemberStatus', MemberStatus, 'provisional: added, and not yet authenticated.'],
  ['InventoryChange', InventoryChange, 'One change of a PN Inventory; `previous` is the revision it applies to.'],
  ['InventoryChanges', InventoryChanges, 'Changes of one PN Inventory.'],
  ['UsageSum', UsageSum, 'What went over one session for one service in one direction, as the sender counted it.'],
  [
    'SealedMessage',
    SealedMessage,
    'What stands on the wire in the place of a message between PN GW and CPNS Server (docs/security-bytes.md).',
  ],
  ['RecordedEvent', RecordedEvent, 'A committed event as the journal has it.'],
  ['query.inventory-member', InventoryMember, 'A PNE in a PN Inventory, and the revision of its last change.'],
  [
    'query.personal-state',
    PersonalState,
    '`sealed`: told, and no key that opens it is there. `none`: nobody told anything.',
  ],
  ['query.record-key', RecordKey, 'What one charging record is about.'],
  [
    'query.charging-record',
    ChargingRow,
    'Both counts of one thing. `difference`: what the PN GW counted more; `settled`: nothing is outstanding.',
  ],
  ['query.refusal', QueryRefusal, 'Why the question was not answered.'],
];

const HEADERS = z.looseObject({
  'Nats-Msg-Id': Id.optional(),
  'Cpns-Correlation-Id': Id.optional(),
});

const SEALED_HEADERS = z.looseObject({
  'Nats-Msg-Id': z
    .string()
    .regex(/^[A-Za-z0-9_-]{22}-\d{1,8}-\d{1,13}$/)
    .optional(),
});

type JsonSchema = { readonly [key: string]: unknown };

/** By name, in JSON Schema draft 7, which AsyncAPI 3's schema object is a superset of. */
export function schemas(): { readonly [name: string]: JsonSchema } {
  const registry = z.registry<{ readonly id: string; readonly description: string }>();
  for (const [id, schema, description] of FIELDS) registry.add(schema, { id, description });
  const parts = ALL_EXCHANGES.flatMap(({ request, reply }) => [request, reply]);
  for (const { name, schema, description } of new Set(parts)) registry.add(schema, { id: name, description });
  registry.add(HEADERS, { id: 'Headers', description: 'Repeat two fields of the payload for NATS tools. Optional.' });
  registry.add(SEALED_HEADERS, {
    id: 'SealedHeaders',
    description: 'For NATS tools: `keyId`, `start` and `counter` of the frame, with `-` between. Optional.',
  });
  for (const { leg, type, description, body } of MESSAGES) {
    const payload = Envelope.extend({ type: z.literal(type), body });
    registry.add(payload, { id: `${leg}.${type}`, description });
  }
  for (const { name, events } of charts) {
    for (const { type, description, upcasters, data } of events) {
      const shape = { type: z.literal(type), schemaVersion: z.literal(upcasters.length + 1), data };
      registry.add(z.looseObject(shape), { id: `${name}.${type}`, description });
    }
  }
  const { schemas: found } = z.toJSONSchema(registry, {
    target: 'draft-7',
    uri: (id) => schemaRef(id).$ref,
    override: ({ zodSchema, jsonSchema }) => {
      // Nobody counts to 2^53 here: the bound that zod adds to every integer says nothing.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      // The format says it, and the pattern of zod is 200 characters long.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
      const known = registry.get(zodSchema);
      if (known !== undefined) jsonSchema.description = known.description;
    },
  });
  const named = Object.entries(found).map(([name, { $schema: _dialect, $id: _id, ...schema }]) => {
    return [name, schema] as const;
  });
  const unions = charts.map(({ name, events }) => {
    const oneOf = events.map(({ type }) => schemaRef(`${name}.${type}`));
    return [name, { allOf: [schemaRef('RecordedEvent'), { oneOf }] }] as const;
  });
  return Object.fromEntries([...named, ...unions]);
}
