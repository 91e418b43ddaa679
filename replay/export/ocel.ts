/**
 * The record as an object-centric event log, OCEL 2.0 (https://www.ocel-standard.org/2.0/ocel20_specification.pdf): one
 * registration touches a PNE, a PN GW, a PN and a session at once, and process-mining tools that read OCEL see it from each.
 */
import type { JsonObject, RecordedEvent } from '../../journal/port.ts';
import { InventoryChanges, KeyId, UsageSums } from '../../events/fields.ts';
import { ID_NAMES, idInStream, KINDS, type Kind } from '../../machines/streams.ts';
import { partyOf, type Recorded } from '../trace/messages.ts';

export type ObjectType = Kind | 'registration' | 'session';
export const OBJECT_TYPES: readonly ObjectType[] = [...ID_NAMES.map((name) => KINDS[name]), 'registration', 'session'];

export type OcelValue = string | number;
export type OcelValueType = 'string' | 'integer';

export interface OcelAttribute {
  readonly name: string;
  readonly type: OcelValueType;
}

/** What each event has, whatever its type; those without a value are left out. */
export const EVENT_ATTRIBUTES = [
  { name: 'journal', type: 'string' },
  { name: 'position', type: 'integer' },
  { name: 'stream', type: 'string' },
  { name: 'version', type: 'integer' },
  { name: 'step', type: 'string' },
  { name: 'code', type: 'integer' },
  { name: 'reason', type: 'string' },
  { name: 'correlationId', type: 'string' },
  { name: 'messageId', type: 'string' },
] as const satisfies readonly OcelAttribute[];

export const OBJECT_ATTRIBUTES: { readonly [T in ObjectType]: readonly OcelAttribute[] } = {
  PNE: [{ name: 'cpnsId', type: 'string' }],
  'PN GW': [],
  PN: [{ name: 'joinPolicy', type: 'string' }],
  registration: [
    { name: 'flow', type: 'string' },
    { name: 'code', type: 'integer' },
  ],
  session: [],
};

/** `qualifier`: what the object is to the event, or to the other object. */
export interface OcelRelation {
  readonly objectId: string;
  readonly qualifier: string;
}

export interface OcelEvent {
  readonly id: string;
  readonly type: string;
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly attributes: readonly { readonly name: string; readonly value: OcelValue }[];
  readonly relationships: readonly OcelRelation[];
}

export interface OcelObject {
  readonly id: string;
  readonly type: ObjectType;
  /** Values as they changed, each with the time from which it holds. */
  readonly attributes: readonly { readonly name: string; readonly value: OcelValue; readonly time: string }[];
  readonly relationships: readonly OcelRelation[];
}

interface Known {
  readonly type: ObjectType;
  readonly attributes: { readonly name: string; readonly value: OcelValue; readonly time: string }[];
  readonly relations: Map<string, OcelRelation>;
}

interface Concerned {
  readonly type: ObjectType;
  readonly name: string;
}

const idOf = ({ type, name }: Concerned): string => `${type}:${name}`;

/**
 * Turns events into those of the log, one at a time, and remembers the objects that they concern: what it keeps grows with
 * the number of objects, not with that of events.
 */
export class OcelLog {
  readonly #objects = new Map<string, Known>();
  readonly #eventTypes = new Set<string>();

  /** @returns null for an event of no role, which concerns no object of the log */
  take({ journal, event }: Recorded): OcelEvent | null {
    const party = partyOf(event);
    if (party === null) return null;
    const type = `${party} ${event.type}`;
    const concerned = concernedBy(event);
    for (const one of concerned) this.#know(one);
    this.#relate(concerned);
    this.#attribute(event, concerned);
    this.#eventTypes.add(type);
    return {
      id: `${journal}:${event.position}`,
      type,
      time: event.meta.recordedAt,
      attributes: attributesOf(journal, event),
      relationships: concerned.map((one) => ({ objectId: idOf(one), qualifier: one.type })),
    };
  }

  /** Types of the events so far, in the order of their names. */
  get eventTypes(): readonly string[] {
    return [...this.#eventTypes].toSorted();
  }

  /** The objects of the events so far, in the order in which they came up. */
  *objects(): Iterable<OcelObject> {
    for (const [id, { type, attributes, relations }] of this.#objects)
      yield { id, type, attributes, relationships: [...relations.values()] };
  }

  #know(one: Concerned): Known {
    const id = idOf(one);
    const known = this.#objects.get(id) ?? { type: one.type, attributes: [], relations: new Map() };
    this.#objects.set(id, known);
    return known;
  }

  /** Which object is what to which: by the kinds of those that one event concerns. */
  #relate(concerned: readonly Concerned[]): void {
    for (const { from, to, qualifier } of RELATIONS) {
      const sources = concerned.filter(({ type }) => type === from);
      const targets = concerned.filter(({ type }) => type === to);
      // Of several devices in one event of an inventory, nobody can say which registration is whose.
      if (sources.length !== 1 && targets.length !== 1) continue;
      for (const source of sources)
        for (const target of targets) {
          const objectId = idOf(target);
          this.#know(source).relations.set(`${objectId} ${qualifier}`, { objectId, qualifier });
        }
    }
  }

  #attribute(event: RecordedEvent, concerned: readonly Concerned[]): void {
    const { data, meta, type } = event;
    for (const one of concerned) {
      if (one.type === 'PN' && type === 'PnProvisioned') this.#set(one, 'joinPolicy', data['joinPolicy'], meta);
      if (one.type === 'registration') {
        this.#set(one, 'flow', meta.crStep?.split('/')[0], meta);
        if (OUTCOMES.has(type)) this.#set(one, 'code', data['code'], meta);
      }
      if (one.type === 'PNE' && ownsCpnsId(event, one.name)) this.#set(one, 'cpnsId', data['cpnsId'], meta);
    }
  }

  #set(one: Concerned, name: string, value: unknown, { recordedAt: time }: RecordedEvent['meta']): void {
    if (typeof value !== 'string' && typeof value !== 'number') return;
    const { attributes } = this.#know(one);
    if (attributes.findLast((each) => each.name === name)?.value !== value) attributes.push({ name, value, time });
  }
}

const RELATIONS: readonly { readonly from: ObjectType; readonly to: ObjectType; readonly qualifier: string }[] = [
  { from: 'registration', to: 'PNE', qualifier: 'registers' },
  { from: 'registration', to: 'PN', qualifier: 'registers in' },
  { from: 'registration', to: 'PN GW', qualifier: 'goes through' },
  { from: 'registration', to: 'session', qualifier: 'makes' },
  { from: 'session', to: 'PNE', qualifier: 'is secured with' },
  { from: 'PNE', to: 'PN', qualifier: 'asks to be in' },
  { from: 'PN', to: 'PN GW', qualifier: 'is established through' },
];

/** Events that say how a registration ended. */
const OUTCOMES: ReadonlySet<string> = new Set(['RegistrationAnswered', 'RegistrationAccepted', 'RegistrationRefused']);

function ownsCpnsId({ stream, data }: RecordedEvent, deviceId: string): boolean {
  return typeof data['cpnsId'] === 'string' && idInStream(stream, 'deviceId') === deviceId;
}

/** Events of a registration that are no step of the change request. */
const OF_A_REGISTRATION: ReadonlySet<string> = new Set([
  'RegistrationWanted',
  'RegistrationTimedOut',
  'PairingRefused',
  'PairingTimedOut',
  'LateAnswerReceived',
]);

function concernedBy({ stream, data, meta, type }: RecordedEvent): readonly Concerned[] {
  const found = new Map<string, Concerned>();
  const add = (kind: ObjectType, name: unknown): void => {
    if (typeof name === 'string' && name !== '') found.set(`${kind} ${name}`, { type: kind, name });
  };
  for (const name of ID_NAMES) add(KINDS[name], idInStream(stream, name));
  for (const name of ID_NAMES) add(KINDS[name], data[name]);
  const inventory = InventoryChanges.safeParse(data['inventory']).data;
  add('PN', inventory?.pnId);
  for (const { deviceId } of inventory?.changes ?? []) add('PNE', deviceId);
  // Other keys have longer names: of the keyring, of a data subject.
  add('session', KeyId.safeParse(data['keyId']).data);
  for (const { keyId } of UsageSums.safeParse(data['usage']).data ?? []) add('session', keyId);
  if (meta.crStep !== null || OF_A_REGISTRATION.has(type)) add('registration', meta.correlationId);
  return [...found.values()];
}

function attributesOf(journal: string, event: RecordedEvent): OcelEvent['attributes'] {
  const { position, stream, version, data, meta } = event;
  const values: { readonly [name in (typeof EVENT_ATTRIBUTES)[number]['name']]: OcelValue | null } = {
    journal,
    position,
    stream,
    version,
    step: meta.crStep,
    code: numberIn(data, 'code'),
    reason: textIn(data, 'reason'),
    correlationId: meta.correlationId,
    messageId: meta.messageId,
  };
  return EVENT_ATTRIBUTES.flatMap(({ name }) => {
    const value = values[name];
    return value === null ? [] : [{ name, value }];
  });
}

const textIn = (data: JsonObject, field: string): string | null => {
  const value = data[field];
  return typeof value === 'string' ? value : null;
};
const numberIn = (data: JsonObject, field: string): number | null => {
  const value = data[field];
  return typeof value === 'number' ? value : null;
};
