/**
 * OCEL 2.0 as tables (https://www.ocel-standard.org/specification/formats/sqlite/): what is created and what is inserted, for
 * whoever has the database.
 */
import {
  EVENT_ATTRIBUTES,
  OBJECT_ATTRIBUTES,
  OBJECT_TYPES,
  type OcelAttribute,
  type OcelEvent,
  type OcelObject,
  type OcelValue,
} from './ocel.ts';

/** One row for a table, its values in the order of the columns. */
export interface OcelRow {
  readonly table: string;
  readonly values: readonly (OcelValue | null)[];
}

/** The specification: attributes that never change hold from here on. */
const EPOCH = '1970-01-01T00:00:00.000Z';

/** The part of a table's name that stands for a type: letters, digits and `_`. */
export function mapOf(type: string): string {
  return type.replaceAll(/[^A-Za-z0-9]+/g, '_');
}

const SQL_TYPES: { readonly [T in OcelAttribute['type']]: string } = { string: 'TEXT', integer: 'INTEGER' };
const columnsOf = (attributes: readonly OcelAttribute[]): string =>
  attributes.map(({ name, type }) => `, "${name}" ${SQL_TYPES[type]}`).join('');

/** The tables that every log has, and those of the object types. */
export const OCEL_TABLES: readonly string[] = [
  `CREATE TABLE "event_map_type" ("ocel_type" TEXT PRIMARY KEY, "ocel_type_map" TEXT UNIQUE NOT NULL)`,
  `CREATE TABLE "object_map_type" ("ocel_type" TEXT PRIMARY KEY, "ocel_type_map" TEXT UNIQUE NOT NULL)`,
  `CREATE TABLE "event" ("ocel_id" TEXT PRIMARY KEY, "ocel_type" TEXT NOT NULL REFERENCES "event_map_type" ("ocel_type"))`,
  `CREATE TABLE "object" ("ocel_id" TEXT PRIMARY KEY, "ocel_type" TEXT NOT NULL REFERENCES "object_map_type" ("ocel_type"))`,
  `CREATE TABLE "event_object" ("ocel_event_id" TEXT NOT NULL REFERENCES "event" ("ocel_id"),
    "ocel_object_id" TEXT NOT NULL REFERENCES "object" ("ocel_id"), "ocel_qualifier" TEXT NOT NULL,
    PRIMARY KEY ("ocel_event_id", "ocel_object_id", "ocel_qualifier"))`,
  `CREATE TABLE "object_object" ("ocel_source_id" TEXT NOT NULL REFERENCES "object" ("ocel_id"),
    "ocel_target_id" TEXT NOT NULL REFERENCES "object" ("ocel_id"), "ocel_qualifier" TEXT NOT NULL,
    PRIMARY KEY ("ocel_source_id", "ocel_target_id", "ocel_qualifier"))`,
  ...OBJECT_TYPES.map(
    (type) =>
      `CREATE TABLE "object_${mapOf(type)}" ("ocel_id" TEXT NOT NULL REFERENCES "object" ("ocel_id"),
    "ocel_time" TIMESTAMP NOT NULL, "ocel_changed_field" TEXT${columnsOf(OBJECT_ATTRIBUTES[type])})`,
  ),
];

/** Rows that every log has: the object types. */
export const OCEL_TYPE_ROWS: readonly OcelRow[] = OBJECT_TYPES.map((type) => ({
  table: 'object_map_type',
  values: [type, mapOf(type)],
}));

/** What an event type that comes up for the first time needs: its table, and its row. */
export function ocelEventType(type: string): { readonly table: string; readonly row: OcelRow } {
  const table = `CREATE TABLE "event_${mapOf(type)}" ("ocel_id" TEXT PRIMARY KEY REFERENCES "event" ("ocel_id"),
    "ocel_time" TIMESTAMP NOT NULL${columnsOf(EVENT_ATTRIBUTES)})`;
  return { table, row: { table: 'event_map_type', values: [type, mapOf(type)] } };
}

export function ocelEventRows({ id, type, time, attributes, relationships }: OcelEvent): readonly OcelRow[] {
  const valueOf = (name: string): OcelValue | null => attributes.find((each) => each.name === name)?.value ?? null;
  return [
    { table: 'event', values: [id, type] },
    { table: `event_${mapOf(type)}`, values: [id, time, ...EVENT_ATTRIBUTES.map(({ name }) => valueOf(name))] },
    ...relationships.map(({ objectId, qualifier }) => ({ table: 'event_object', values: [id, objectId, qualifier] })),
  ];
}

/** The first value of each attribute in one row without a changed field, each later one in a row that names the field. */
export function ocelObjectRows({ id, type, attributes, relationships }: OcelObject): readonly OcelRow[] {
  const table = `object_${mapOf(type)}`;
  const fields = OBJECT_ATTRIBUTES[type];
  const first = (name: string) => attributes.find((each) => each.name === name);
  const later = attributes.filter((each) => each !== first(each.name));
  const rowOf = (time: string, changed: string | null, value: (name: string) => OcelValue | null): OcelRow => ({
    table,
    values: [id, time, changed, ...fields.map(({ name }) => value(name))],
  });
  return [
    { table: 'object', values: [id, type] },
    rowOf(EPOCH, null, (name) => first(name)?.value ?? null),
    ...later.map(({ name, value, time }) => rowOf(time, name, (field) => (field === name ? value : null))),
    ...relationships.map(({ objectId, qualifier }) => ({
      table: 'object_object',
      values: [id, objectId, qualifier],
    })),
  ];
}
