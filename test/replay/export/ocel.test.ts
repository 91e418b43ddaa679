import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { OcelFile } from '../../../cli/replay/ocel-file.ts';
import { CSV_COLUMNS, CSV_HEADER, csvLine } from '../../../replay/export/csv.ts';
import { OCEL_JSON_BEGIN, ocelJsonEnd, ocelJsonEvent } from '../../../replay/export/ocel-json.ts';
import { OBJECT_TYPES, OcelLog, type OcelEvent } from '../../../replay/export/ocel.ts';
import type { Recorded } from '../../../replay/trace/messages.ts';
import { device, GATEWAY, NODES, secretOf, World } from '../../simulation/world.ts';
import { recorded } from '../event.ts';

/** A household in which one device is refused, over the journals of all roles. */
async function household(): Promise<readonly Recorded[]> {
  const devices = [device('pne1', 'home'), device('pne2', 'home'), device('pne3', 'home', 'needed')];
  const world = await World.start({
    seed: 'an object-centric log',
    pns: [{ id: 'home', gatewayId: GATEWAY, joinPolicy: 'open', members: ['pne1', 'pne2'] }],
    devices,
    secrets: new Map(devices.map(({ deviceId }) => [deviceId, secretOf(deviceId === 'pne2' ? 'another' : deviceId)])),
  });
  await world.drain();
  for (const { deviceId } of devices) await world.register(deviceId);
  await world.calm();
  const told: Recorded[] = [];
  for (const node of NODES) for (const event of await world.events(node)) told.push({ journal: node, event });
  for (const node of NODES) await world.kill(node);
  return told;
}

let told: readonly Recorded[] = [];
let folder = '';
beforeAll(async () => {
  told = await household();
  folder = mkdtempSync(join(tmpdir(), 'cpns-ocel-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function takeAll(): { readonly log: OcelLog; readonly events: readonly OcelEvent[] } {
  const log = new OcelLog();
  return { log, events: told.flatMap((one) => log.take(one) ?? []) };
}

/** The rules of the published JSON schema (https://www.ocel-standard.org/2.0/ocel20-schema-json.json), in our words. */
const Value = z.union([z.string(), z.number(), z.boolean()]);
const Attributes = z.array(
  z.object({ name: z.string(), type: z.enum(['string', 'time', 'integer', 'float', 'boolean']) }),
);
const Relations = z.array(z.object({ objectId: z.string(), qualifier: z.string() }));
const Time = z.iso.datetime();
const Ocel = z.object({
  eventTypes: z.array(z.object({ name: z.string(), attributes: Attributes })),
  objectTypes: z.array(z.object({ name: z.string(), attributes: Attributes })),
  events: z.array(
    z.object({
      id: z.string(),
      type: z.string(),
      time: Time,
      attributes: z.array(z.object({ name: z.string(), value: Value })),
      relationships: Relations,
    }),
  ),
  objects: z.array(
    z.object({
      id: z.string(),
      type: z.string(),
      attributes: z.array(z.object({ name: z.string(), value: Value, time: Time })),
      relationships: Relations,
    }),
  ),
});

function jsonLog(): z.infer<typeof Ocel> {
  const { log, events } = takeAll();
  return Ocel.parse(JSON.parse([OCEL_JSON_BEGIN, ...events.map(ocelJsonEvent), ...ocelJsonEnd(log)].join('')));
}

describe('an OCEL 2.0 log in JSON', () => {
  it('has every event of every journal once, and the objects that they concern', () => {
    const { events, objects } = jsonLog();
    expect(new Set(events.map(({ id }) => id)).size).toBe(told.length);
    const count = (type: string): number => objects.filter((object) => object.type === type).length;
    expect(OBJECT_TYPES.map(count)).toEqual([3, 1, 1, 3, 3]);
  });

  it('declares each type and attribute that it uses, with values of the declared type', () => {
    const { events, objects, eventTypes, objectTypes } = jsonLog();
    const declared = (types: typeof eventTypes, type: string, name: string) =>
      types.find((each) => each.name === type)?.attributes.find((each) => each.name === name)?.type;
    for (const { type, attributes } of events)
      for (const { name, value } of attributes)
        expect(declared(eventTypes, type, name)).toBe(typeof value === 'number' ? 'integer' : 'string');
    for (const { type, attributes } of objects)
      for (const { name, value } of attributes)
        expect(declared(objectTypes, type, name)).toBe(typeof value === 'number' ? 'integer' : 'string');
  });

  it('names only objects that it has, in relations of events and of objects', () => {
    const { events, objects } = jsonLog();
    const ids = new Set(objects.map(({ id }) => id));
    expect(ids.size).toBe(objects.length);
    for (const { relationships } of [...events, ...objects])
      for (const { objectId, qualifier } of relationships) {
        expect(ids.has(objectId)).toBe(true);
        expect(qualifier).not.toBe('');
      }
  });

  it('joins a registration with its PNE, PN, PN GW and session by qualified relations', () => {
    const { objects } = jsonLog();
    const registration = objects.find(
      ({ type, relationships }) =>
        type === 'registration' && relationships.some(({ objectId }) => objectId === 'PNE:pne3'),
    );
    const relations = registration?.relationships.map(({ objectId, qualifier }) => [qualifier, objectId.split(':')[0]]);
    expect(relations?.toSorted()).toEqual([
      ['goes through', 'PN GW'],
      ['makes', 'session'],
      ['registers in', 'PN'],
      ['registers', 'PNE'],
    ]);
    expect(registration?.attributes).toMatchObject([
      { name: 'flow', value: '1.4.2' },
      { name: 'code', value: 200 },
    ]);
  });

  it('tells of each registration how it ended', () => {
    const codes = jsonLog().objects.flatMap(({ type, attributes }) =>
      type === 'registration' ? [attributes.findLast(({ name }) => name === 'code')?.value] : [],
    );
    expect(codes.toSorted()).toEqual([200, 200, 401]);
  });
});

describe('an event', () => {
  const objectsOf = (...event: Parameters<typeof recorded>): readonly string[] => {
    const taken = new OcelLog().take({ journal: 'server', event: recorded(...event) });
    return (taken?.relationships ?? []).map(({ objectId }) => objectId);
  };

  it('concerns what the name of its stream names, and what its data does', () => {
    expect(objectsOf('cpns-server/charging', 'charging/home/lamp', 'UsageRecorded')).toEqual(['PNE:lamp', 'PN:home']);
    expect(objectsOf('cpns-server/personal-network', 'pn/home', 'Some', { gatewayId: 'hub' })).toEqual([
      'PN:home',
      'PN GW:hub',
    ]);
    expect(objectsOf('cpns-server/registration', 'typo/home/lamp', 'Some', { pnId: 'home' })).toEqual(['PN:home']);
  });

  it('of a data subject concerns its device; the key of what was told is no session', () => {
    const keyId = 'subject/lamp/AAAAAAAAAAAAAAAAAAAAAA';
    expect(objectsOf('cpns-server/subject', 'subject/lamp', 'SubjectErased', { keyId })).toEqual(['PNE:lamp']);
  });
});

describe('an OCEL 2.0 log in SQLite', () => {
  it('has the tables, columns and keys of the specification, and no relation into the void', () => {
    const path = join(folder, 'log.sqlite');
    const { log, events } = takeAll();
    const file = new OcelFile(path);
    for (const event of events) file.event(event);
    file.finish(log.objects());

    const db = new DatabaseSync(path, { readOnly: true });
    const Column = z.object({ name: z.string(), pk: z.int() });
    const columns = (table: string) => z.array(Column).parse(db.prepare(`pragma table_info("${table}")`).all());
    const named = (table: string) => columns(table).map(({ name }) => name);
    const keys = (table: string) => columns(table).flatMap(({ name, pk }) => (pk > 0 ? [name] : []));
    const Maps = z.array(z.object({ ocel_type: z.string(), ocel_type_map: z.string() }));
    const maps = (table: string) => Maps.parse(db.prepare(`select ocel_type, ocel_type_map from ${table}`).all());

    expect(keys('event')).toEqual(['ocel_id']);
    expect(keys('object')).toEqual(['ocel_id']);
    expect(keys('event_object')).toEqual(['ocel_event_id', 'ocel_object_id', 'ocel_qualifier']);
    expect(keys('object_object')).toEqual(['ocel_source_id', 'ocel_target_id', 'ocel_qualifier']);
    for (const table of ['event', 'object']) expect(named(table)).toEqual(['ocel_id', 'ocel_type']);
    expect(maps('object_map_type').map((map) => map.ocel_type)).toEqual([...OBJECT_TYPES]);
    expect(maps('event_map_type').map((map) => map.ocel_type)).toEqual(
      [...log.eventTypes].toSorted(byFirstUse(events)),
    );
    for (const map of maps('object_map_type'))
      expect(named(`object_${map.ocel_type_map}`).slice(0, 3)).toEqual(['ocel_id', 'ocel_time', 'ocel_changed_field']);
    for (const { ocel_type, ocel_type_map } of maps('event_map_type')) {
      const table = `event_${ocel_type_map}`;
      expect(named(table).slice(0, 2)).toEqual(['ocel_id', 'ocel_time']);
      const rows = db.prepare(`select count(*) as n from "${table}" natural join event where ocel_type = ?`);
      expect(rows.get(ocel_type)).toEqual({ n: events.filter(({ type }) => type === ocel_type).length });
    }
    expect(db.prepare('pragma foreign_key_check').all()).toEqual([]);
    expect(db.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    db.close();
  });

  it('says the same as the log in JSON', () => {
    const path = join(folder, 'same.sqlite');
    const { log, events } = takeAll();
    const file = new OcelFile(path);
    for (const event of events) file.event(event);
    file.finish(log.objects());
    const db = new DatabaseSync(path, { readOnly: true });
    const { events: told2, objects } = jsonLog();
    const pairs = (rows: readonly (readonly string[])[]) => rows.map((row) => row.join(' | ')).toSorted();
    const stored = (query: string) =>
      pairs(
        db
          .prepare(query)
          .all()
          .map((row) => Object.values(row).map(String)),
      );
    expect(stored('select * from event_object')).toEqual(
      pairs(told2.flatMap(({ id, relationships }) => relationships.map((r) => [id, r.objectId, r.qualifier]))),
    );
    expect(stored('select * from object_object')).toEqual(
      pairs(objects.flatMap(({ id, relationships }) => relationships.map((r) => [id, r.objectId, r.qualifier]))),
    );
    expect(stored('select ocel_id, ocel_type from object')).toEqual(pairs(objects.map(({ id, type }) => [id, type])));
    db.close();
  });

  it('leaves nothing behind when it is given up', () => {
    const path = join(folder, 'given-up.sqlite');
    const file = new OcelFile(path);
    file.abandon();
    expect(() => new DatabaseSync(path, { readOnly: true })).toThrow();
    expect(() => new DatabaseSync(`${path}.new`, { readOnly: true })).toThrow();
  });
});

function byFirstUse(events: readonly OcelEvent[]): (a: string, b: string) => number {
  const first = (type: string): number => events.findIndex((event) => event.type === type);
  return (a, b) => first(a) - first(b);
}

describe('the events as CSV', () => {
  it('are one record each, with quotes where RFC 4180 wants them', () => {
    const lines = told.map(csvLine);
    expect(CSV_HEADER.trimEnd().split(',')).toEqual([...CSV_COLUMNS]);
    for (const [index, line] of lines.entries()) {
      const fields = fieldsOf(line.slice(0, -2));
      expect(fields).toHaveLength(CSV_COLUMNS.length);
      expect(JSON.parse(fields.at(-1) ?? '')).toEqual(told[index]?.event.data);
    }
  });

  it('hold nothing that a spreadsheet would run', () => {
    const [one] = told;
    if (one === undefined) throw new Error('no event');
    const line = csvLine({ ...one, event: { ...one.event, type: '=cmd|x' } });
    expect(fieldsOf(line.slice(0, -2))[6]).toBe("'=cmd|x");
  });
});

/** RFC 4180, read the plain way. */
function fieldsOf(line: string): readonly string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(([, quoted, bare]) =>
    quoted === undefined ? (bare ?? '') : quoted.replaceAll('""', '"'),
  );
}
