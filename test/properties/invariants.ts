import type { ChartState } from '../../machines/state.ts';
import { z } from 'zod';
import { InventoryChanges, type InventoryChange } from '../../events/fields.ts';
import type { RecordedEvent } from '../../journal/port.ts';
import type { Chart } from '../../machines/chart.ts';
import { applyChanges, type Members } from '../../machines/inventory.ts';
import { MemoryInventoryStore } from '../../projections/memory.ts';
import { InventoryProjection } from '../../projections/projection.ts';
import { sessionFromBytes, type Session } from '../../security/session.ts';
import type { NodeName } from '../simulation/world.ts';
import { cpnsIdAfterAuthentication as i1 } from '../../replay/rules/cpns-id-after-authentication.ts';
import { cpnsIdOfOneDevice } from '../../replay/rules/cpns-id-of-one-device.ts';
import { forwardsOnlyMembers as i5 } from '../../replay/rules/forwards-only-members.ts';
import { inventoryAndRegistration } from '../../replay/rules/inventory-and-registration.ts';
import { noProvisionalAfterRefusal as i11 } from '../../replay/rules/no-provisional-after-refusal.ts';
import { oneOutcome, OUTCOMES } from '../../replay/rules/one-outcome.ts';
import { CHARTS } from '../../machines/catalogue.ts';
import { readEvent } from '../../fold/decode.ts';
import { byRule } from '../replay/rules/by-rule.ts';
import type { Checker, Evidence } from './evidence.ts';
import { placed, text, where } from './reading.ts';
import { readerOf } from '../journal/recorded.ts';

const changesOf = (event: RecordedEvent): InventoryChanges | null =>
  InventoryChanges.safeParse(event.data['inventory']).data ?? null;

/** I1, I2 and I3 are those of an auditor. */
export const cpnsIdAfterAuthentication = byRule(i1);
export const cpnsIdBelongsToOneDevice = byRule(cpnsIdOfOneDevice);
export const inventoryAgreesWithRegistration = byRule(inventoryAndRegistration);

/** Inventories as the events of one node made them. */
class Inventories {
  readonly members = new Map<string, Members>();
  readonly changes = new Map<string, InventoryChange[]>();
  apply(event: RecordedEvent): void {
    const inventory = changesOf(event);
    if (inventory === null) return;
    const { pnId, changes } = inventory;
    this.members.set(pnId, applyChanges(this.members.get(pnId) ?? {}, changes));
    this.changes.set(pnId, [...(this.changes.get(pnId) ?? []), ...changes]);
  }
  status(pnId: string, deviceId: string): string | null {
    const members = this.members.get(pnId) ?? {};
    return Object.hasOwn(members, deviceId) ? (members[deviceId]?.status ?? null) : null;
  }
}

/** I4: the PN GW's inventory is at every moment a prefix of the server's history. */
export const localInventoryIsPrefix: Checker = (evidence) => {
  const found: string[] = [];
  const server = new Inventories();
  const gateway = new Inventories();
  for (const one of placed(evidence)) {
    const inventory = changesOf(one.event);
    if (inventory === null) continue;
    if (one.node === 'server') server.apply(one.event);
    else gateway.apply(one.event);
    if (one.node !== 'gateway') continue;
    const whole = server.changes.get(inventory.pnId) ?? [];
    const local = gateway.changes.get(inventory.pnId) ?? [];
    const wrong = local.findIndex((change, index) => JSON.stringify(change) !== JSON.stringify(whole[index]));
    const cut = whole[local.length];
    if (wrong >= 0) found.push(`${where(one)}: change ${wrong} of ${inventory.pnId} is not the server's`);
    else if (cut !== undefined && cut.revision === local.at(-1)?.revision) {
      found.push(`${where(one)}: revision ${cut.revision} of ${inventory.pnId} is taken in part`);
    }
  }
  return found;
};

/** I5: the PN GW forwards a registration only for a PNE that is in its inventory at that moment, and after saying so. */
export const forwardsOnlyMembers: Checker = async (evidence) => {
  const found = [...(await byRule(i5)(evidence))];
  const forwarded = new Map<string, number>();
  for (const [moment, { node, events }] of evidence.timeline.entries()) {
    for (const event of node === 'gateway' ? events : [])
      if (event.type === 'RegistrationForwarded') forwarded.set(text(event, 'requestId') ?? '', moment);
  }
  for (const { subject, payload, after } of evidence.sent) {
    if (!/^cpns\.wan\.up\.[^.]+\.registration-request$/.test(subject)) continue;
    const { messageId } = headOf(payload);
    const moment = forwarded.get(messageId);
    if (moment === undefined) found.push(`${subject} ${messageId}: no event says that it was forwarded`);
    else if (after !== undefined && moment >= after) found.push(`${subject} ${messageId}: left before its commit`);
  }
  return found;
};

function headOf(payload: string): { readonly messageId: string; readonly inReplyTo: string | null } {
  const message: unknown = JSON.parse(payload);
  if (typeof message !== 'object' || message === null) return { messageId: '', inReplyTo: null };
  const field = (name: string): unknown => Reflect.get(message, name);
  const [messageId, inReplyTo] = [field('messageId'), field('inReplyTo')];
  return {
    messageId: typeof messageId === 'string' ? messageId : '',
    inReplyTo: typeof inReplyTo === 'string' ? inReplyTo : null,
  };
}

/** I6: each `requestId` gets exactly one outcome, and every copy of the answer is the same bytes. */
export const oneOutcomePerRequest: Checker = async (evidence) => {
  const found = [...(await byRule(oneOutcome)(evidence))];
  if (evidence.phase === 'calm') found.push(...withoutOutcome(evidence));
  const answers = new Map<string, string>();
  for (const { subject, payload } of evidence.sent) {
    if (!subject.endsWith('-response')) continue;
    const { inReplyTo } = headOf(payload);
    const request = `${subject} ${inReplyTo}`;
    const before = answers.get(request) ?? payload;
    if (before !== payload) found.push(`${subject}: two answers to ${inReplyTo}: ${before} and ${payload}`);
    answers.set(request, before);
  }
  return found;
};

/** Requests of PNEs that never had an outcome. */
function withoutOutcome(evidence: Evidence): readonly string[] {
  const asked = new Map<string, string>();
  const chart = 'pne/registration';
  for (const one of placed(evidence)) {
    const { event } = one;
    if (event.meta.chart.id !== chart) continue;
    const request = `${event.stream} ${text(event, 'requestId')}`;
    if (event.type === 'RegistrationRequested') asked.set(request, where(one));
    else if (OUTCOMES[chart]?.[event.type] !== undefined) asked.delete(request);
  }
  return [...asked].map(([request, at]) => `${at}: ${request} never had an outcome`);
}

/** I7: no secret in any event, message, log line or error. */
export const noSecretLeaks: Checker = ({ timeline, sent, log, secrets }) => {
  const arose = timeline.flatMap(({ keys }) => keys.put.flatMap(({ id, secret }) => partsOf(id, secret)));
  const places = [
    ...timeline.flatMap(({ node, events }) =>
      events.map((event) => [`event of ${node}`, JSON.stringify(event)] as const),
    ),
    ...sent.map(({ subject, payload }) => [subject, `${subject} ${payload}`] as const),
    ...log.map((line) => ['log', line] as const),
  ];
  const all = places.map(([, content]) => content).join('\n');
  const leaked = [...secrets, ...arose].flatMap(writingsOf).filter((writing) => all.includes(writing));
  return leaked.map((writing) => {
    const place = places.find(([, content]) => content.includes(writing))?.[0] ?? 'somewhere';
    return `${place}: a secret, written as ${writing.slice(0, 6)}...`;
  });
};

/**
 * Keys in what a keyring holds: four of a session; of a handshake the chaining key, cipher key and ephemeral
 * key. Numbers of frames (`wan/`) stand there so that nobody turns them back; they travel in the clear.
 */
function partsOf(id: string, secret: Uint8Array): readonly Uint8Array[] {
  const session = sessionFromBytes(secret);
  if (session !== null) {
    const { sendKey, receiveKey, chains } = session;
    return [sendKey, receiveKey, chains.up.key, chains.down.key];
  }
  if (id.startsWith('wan/')) return [];
  if (!id.startsWith('handshake/')) return [secret];
  return [secret.slice(5, 37), secret.slice(73, 105), secret.slice(105, 137)].filter((part) => part.length === 32);
}

/** Hex, base64 and base64url at each alignment within a longer text, and a JSON array of numbers. */
function writingsOf(secret: Uint8Array): readonly string[] {
  const bytes = Buffer.from(secret);
  const shifted = [0, 1, 2].flatMap((shift) => {
    const coded = Buffer.concat([Buffer.alloc(shift), bytes]);
    const inner = (encoding: 'base64' | 'base64url') =>
      coded
        .toString(encoding)
        .replace(/=+$/, '')
        .slice(shift === 0 ? 0 : shift + 1, -1);
    return [inner('base64'), inner('base64url')];
  });
  return [...new Set([bytes.toString('hex'), [...secret].join(','), ...shifted])];
}

const shape = ({ value, context }: ChartState<unknown>): string => JSON.stringify({ value, context });
const at = (node: NodeName, stream: string, version: number): string => `${node} ${stream} ${version}`;

/** I8: the state of every actor equals the fold of its stream, at every prefix; kept as JSON between commits as well. */
export const stateIsFold: Checker = ({ timeline, inMemory }) => {
  const found: string[] = [];
  const states = new Map<string, ChartState<unknown>>();
  const kept = new Map<string, ChartState<unknown>>();
  const shapes = new Map<string, string>();
  for (const { node, events } of timeline) {
    const moved = new Map<string, { readonly chart: Chart; readonly actor: string }>();
    for (const event of events) {
      const actor = `${node} ${event.stream}`;
      try {
        const fact = readEvent(event);
        const chart = CHARTS[fact.chart];
        const state = chart.transition(states.get(actor) ?? chart.initial(), fact).state;
        const again = chart.transition(kept.get(actor) ?? chart.initial(), fact).state;
        states.set(actor, state);
        kept.set(actor, again);
        shapes.set(at(node, event.stream, event.version), shape(state));
        moved.set(actor, { chart, actor });
        if (shape(state) !== shape(again)) found.push(`${where({ node, event })}: the restored state went elsewhere`);
      } catch (error) {
        found.push(`${where({ node, event })}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    for (const { chart, actor } of moved.values()) {
      const state = states.get(actor);
      if (state !== undefined) kept.set(actor, chart.restore(JSON.parse(shape(state))));
    }
  }
  for (const { node, stream, version, state } of inMemory) {
    const folded = version === 0 ? undefined : shapes.get(at(node, stream, version));
    if (version > 0 && folded !== shape(state)) {
      found.push(`${node} ${stream} ${version}: in memory ${shape(state)}, by its events ${folded}`);
    }
  }
  return found;
};

/** I9: a projection that is maintained equals one that is rebuilt, and both equal the fold. */
export const projectionEqualsRebuilt: Checker = async ({ timeline }) => {
  const found: string[] = [];
  for (const node of ['server', 'gateway'] as const) {
    const events: RecordedEvent[] = [];
    const inventories = new Inventories();
    const maintained = new InventoryProjection(readerOf(events), new MemoryInventoryStore());
    try {
      for (const moment of timeline) {
        if (moment.node !== node) continue;
        for (const event of moment.events) {
          events.push(event);
          inventories.apply(event);
        }
        await maintained.catchUp();
      }
      const rebuilt = new InventoryProjection(readerOf(events), new MemoryInventoryStore());
      await rebuilt.rebuild();
      const [ours, theirs] = [await maintained.inventory(), await rebuilt.inventory()];
      if (JSON.stringify(ours) !== JSON.stringify(theirs)) found.push(`${node}: maintained and rebuilt differ`);
      for (const { pnId, members } of ours) {
        const folded = inventories.members.get(pnId) ?? {};
        const same =
          members.length === Object.keys(folded).length &&
          members.every(({ deviceId, status, cpnsId }) => {
            const member = folded[deviceId];
            return member !== undefined && member.status === status && member.cpnsId === cpnsId;
          });
        if (!same) found.push(`${node}: the projection of ${pnId} is not the fold of its events`);
      }
    } catch (error) {
      found.push(`${node}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return found;
};

/**
 * I10: both ends hold a session with the same `keyId` and keys, or the one that does not will time out and try again. That is:
 * a session that the PNE holds as confirmed is held by the server too, at every moment, unless the server has closed it and
 * the PNE has not heard of it; in the calm no PNE waits any more.
 */
export const sessionsAgree: Checker = ({ timeline, phase }) => {
  const found: string[] = [];
  const vaults = {
    server: new Map<string, Session>(),
    gateway: new Map<string, Session>(),
    pnes: new Map<string, Session>(),
  };
  const confirmed = new Map<string, string>();
  const waiting = new Map<string, string>();
  const ended = new Set<string>();
  for (const { node, events, keys } of timeline) {
    const vault = vaults[node];
    for (const id of keys.drop) vault.delete(id);
    for (const { id, secret } of keys.put) {
      const session = sessionFromBytes(secret);
      if (session !== null) vault.set(id, session);
    }
    if (node === 'pnes') {
      for (const event of events) noteSession(event, confirmed, waiting);
    }
    for (const event of node === 'server' ? events : []) {
      if (event.type === 'SecureSessionClosed' && event.data['reason'] === 'ended')
        ended.add(text(event, 'keyId') ?? '');
    }
    for (const [stream, keyId] of confirmed) {
      if (ended.has(keyId)) continue;
      const [ours, theirs] = [vaults.pnes.get(`session/${keyId}`), vaults.server.get(`session/${keyId}`)];
      const what = `after ${node} ${events.at(-1)?.position}: ${stream} holds ${keyId} as confirmed`;
      if (ours === undefined) found.push(`${what}, and has no keys`);
      else if (theirs === undefined) found.push(`${what}, the server does not hold it`);
      else if (!areMirrored(ours, theirs)) found.push(`${what}, the server has other keys`);
    }
  }
  if (phase === 'calm')
    for (const [stream, keyId] of waiting) found.push(`${stream} still waits for its session ${keyId}`);
  return found;
};

function noteSession(event: RecordedEvent, confirmed: Map<string, string>, waiting: Map<string, string>): void {
  const keyId = text(event, 'keyId') ?? '';
  if (event.type === 'SecureSessionEstablished') waiting.set(event.stream, keyId);
  if (event.type === 'SecureSessionConfirmed') {
    waiting.delete(event.stream);
    confirmed.set(event.stream, keyId);
  }
  if (event.type === 'SecureSessionClosed') {
    if (waiting.get(event.stream) === keyId) waiting.delete(event.stream);
    if (confirmed.get(event.stream) === keyId) confirmed.delete(event.stream);
  }
}

const areEqual = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
const areMirrored = (a: Session, b: Session): boolean =>
  a.keyId === b.keyId && areEqual(a.sendKey, b.receiveKey) && areEqual(a.receiveKey, b.sendKey);

/** I11: after a refusal no provisional PNE stays; in the calm there is none at either end. */
export const noProvisionalAfterRefusal: Checker = async (evidence) => {
  const found = [...(await byRule(i11)(evidence))];
  if (evidence.phase === 'chaos') return found;
  for (const node of ['server', 'gateway'] as const) {
    const end = new Inventories();
    for (const one of placed(evidence)) if (one.node === node) end.apply(one.event);
    for (const [pnId, members] of end.members) {
      for (const [deviceId, { status }] of Object.entries(members)) {
        if (status === 'provisional') found.push(`${node}: ${deviceId} stays provisional in ${pnId}`);
      }
    }
  }
  return found;
};

/** Ends of a handshake: its request is over, or another one takes its place. */
const HANDSHAKE_ENDS =
  /^(RegistrationAccepted|RegistrationRefused|RegistrationTimedOut|SecureSessionEstablished|RegistrationRequested|Gateway(Registered|RegistrationRefused|RegistrationTimedOut|RegistrationRequested))$/;

/** I13: no key leaves a keyring but in a commit with the event that ends it; that of a session names it. */
export const keysEndByEvents: Checker = ({ timeline }) =>
  timeline.flatMap(({ node, events, keys }) => {
    const closed = new Set(
      events
        .filter(({ type }) => /^(SecureSessionClosed|GatewaySessionClosed|KeyDestroyed)$/.test(type))
        .map((event) => text(event, 'keyId') ?? ''),
    );
    const ended = events.some(({ type }) => HANDSHAKE_ENDS.test(type));
    return keys.drop.flatMap((id) => {
      const [kind = '', ...rest] = id.split('/');
      const isCovered = kind === 'handshake' ? ended : closed.has(id) || closed.has(rest.at(-1) ?? '');
      return isCovered ? [] : [`${node}: ${id} is gone without an event that says so`];
    });
  });

/** I12: of the requests that a sender made, one after the other, none is authenticated after itself or a later one. */
export const newestRequestOnly: Checker = (evidence) => {
  const found: string[] = [];
  const made = new Map<string, number>();
  const current = new Map<string, string>();
  const newest = new Map<string, string>();
  for (const one of placed(evidence)) {
    const { type, stream } = one.event;
    const requestId = text(one.event, 'requestId') ?? '';
    if (/^(Gateway)?RegistrationRequested$/.test(type)) made.set(requestId, made.size);
    if (one.node !== 'server') continue;
    if (/^(Registration|GatewayRegistration)(Request)?Received$/.test(type)) current.set(stream, requestId);
    if (type !== 'PneAuthenticated' && type !== 'GatewayAuthenticated') continue;
    const accepted = current.get(stream) ?? '';
    const before = newest.get(stream);
    if (before !== undefined && (made.get(accepted) ?? 0) <= (made.get(before) ?? 0)) {
      found.push(`${where(one)}: ${accepted} is accepted after ${before}`);
    }
    newest.set(stream, accepted);
  }
  return found;
};

/**
 * I14: no epoch of a session's keys is claimed twice at one end, none after a later one, and with the claim its keys are gone;
 * a data frame leaves only after the claim of its epoch, and under no number there are ever two.
 */
export const epochsAreClaimedOnce: Checker = ({ timeline, sent }) => {
  const found: string[] = [];
  const claims = new Map<string, { readonly epoch: number; readonly moment: number }[]>();
  for (const [moment, { node, events, keys }] of timeline.entries()) {
    for (const event of events) {
      if (event.type !== 'SecureSessionRekeyed') continue;
      const [keyId, direction, epoch] = [text(event, 'keyId'), text(event, 'direction'), Number(event.data['epoch'])];
      const id = [node, keyId, direction].join(' ');
      const before = claims.get(id) ?? [];
      if ((before.at(-1)?.epoch ?? -1) >= epoch)
        found.push(`${where({ node, event })}: epoch ${epoch} was claimed before`);
      claims.set(id, [...before, { epoch, moment }]);
      const kept = keys.put.find(({ id: name }) => name === `session/${keyId}`);
      const session = kept === undefined ? null : sessionFromBytes(kept.secret);
      if ((session?.chains[direction === 'up' ? 'up' : 'down'].epoch ?? -1) <= epoch) {
        found.push(`${where({ node, event })}: the keys of epoch ${epoch} are kept`);
      }
    }
  }
  const frames = new Map<string, string>();
  for (const { subject, payload, source, after } of sent) {
    if (!subject.endsWith('.data')) continue;
    const { keyId, epoch, counter, frame } = dataOf(payload);
    const direction = subject.includes('.up.') ? 'up' : 'down';
    const id = [direction, keyId, epoch, counter].join(' ');
    if ((frames.get(id) ?? frame) !== frame) found.push(`${subject} ${id}: two frames under one number`);
    frames.set(id, frame);
    if (after === undefined || source === 'gateway') continue;
    const isClaimed = claims
      .get([source, keyId, direction].join(' '))
      ?.some((claim) => claim.epoch === epoch && claim.moment < after);
    if (isClaimed !== true) found.push(`${subject} ${id}: left before its epoch was claimed`);
  }
  return found;
};

const DataMessage = z.object({
  body: z.object({ keyId: z.string(), epoch: z.number(), counter: z.number(), frame: z.string() }),
});
const dataOf = (payload: string) => DataMessage.parse(JSON.parse(payload)).body;

/** I15: what an application is given was sent, and is given once; what its sender was told of it is so. */
export const givenAtMostOnce: Checker = ({ said, given }) => {
  const found: string[] = [];
  const times = new Map<string, number>();
  for (const one of given) times.set(one, (times.get(one) ?? 0) + 1);
  const known = new Set(said.map(({ text: one }) => one));
  for (const [one, count] of times) {
    if (count > 1) found.push(`'${one}' was given ${count} times`);
    if (!known.has(one)) found.push(`'${one}' was given, and nobody sent it`);
  }
  for (const { text: one, outcome } of said) {
    const isGiven = times.has(one);
    if (outcome?.kind === 'delivered' && !isGiven) found.push(`'${one}' is said to be delivered, and is not`);
    if ((outcome?.kind === 'refused' || outcome?.kind === 'noSession') && isGiven) {
      found.push(`'${one}' is said not to be delivered, and is`);
    }
  }
  return found;
};
