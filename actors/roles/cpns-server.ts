import type { InventoryChange, PersonalFields } from '../../events/fields.ts';
import { InventoryChanges, MAX_CHANGES } from '../../events/fields.ts';
import type { GatewayRegistrationEvent } from '../../events/vocabulary/gateway-registration.ts';
import type { PersonalNetworkEvent } from '../../events/vocabulary/personal-network.ts';
import type { RegistrationEvent } from '../../events/vocabulary/registration.ts';
import { charging } from '../../machines/cpns-server/charging.ts';
import { gatewayRegistration } from '../../machines/cpns-server/gateway-registration.ts';
import { personalNetwork } from '../../machines/cpns-server/personal-network.ts';
import { memberOf } from '../../machines/cpns-server/personal-network-terms.ts';
import { isNewer } from '../../machines/newest.ts';
import { registration } from '../../machines/cpns-server/registration.ts';
import { subject } from '../../machines/cpns-server/subject.ts';
import { fromBase64url, toBase64url } from '../../security/base64url.ts';
import { cpnsId } from '../../security/cpns-id.ts';
import {
  readRegistration,
  type Binding,
  type ExpectedCredential,
  type RegistrationFailure,
} from '../../security/registration-handshake.ts';
import { sessionToBytes } from '../../security/session.ts';
import { timestampFromBytes } from '../../security/timestamp.ts';
import type { Meaning, Role, Scope, Targeted } from '../role.ts';
import { StepError } from '../step.ts';
import { describe } from '../subject/describe.ts';
import type { Incoming, Letter } from '../wire/messages.ts';
import { SERVER_HEARS, SERVER_QUEUE, wanDown } from '../wire/subjects.ts';
import { chargingLetters, chargingStream, usageReport, usageReportAnswer } from './charging.ts';
import { NO_PN } from './pn-gateway.ts';
import { keptChain } from './standing.ts';
import { chargesOf, SERVER_LIMITS, UNKNOWN, type ServerLimits } from './rate-limits.ts';
import {
  chainKey,
  openText,
  sealText,
  seenKey,
  sessionKey,
  sessionOf,
  type SealedContent,
  type SealedText,
} from './session.ts';

/** What the operator provisioned. Secrets are 32 bytes. */
export interface ServerIdentity {
  readonly idKey: Uint8Array;
  /** @param atMs when it is asked: a certificate is judged by the revocation list and the time of that moment */
  readonly gatewayCredential: (gatewayId: string, atMs: number) => ExpectedCredential;
  readonly pneCredential: (deviceId: string, atMs: number) => ExpectedCredential;
  /** Calls back whenever the revocation lists have changed; without it nobody is revoked while the server runs. */
  readonly onRevocation?: (changed: () => void) => void;
  /** What the operator lists of devices and their users, by device id; default: nothing. */
  readonly personal?: ReadonlyMap<string, PersonalFields>;
  /** How much it hears; default: `SERVER_LIMITS`. */
  readonly limits?: ServerLimits;
}

export const pnStream = (pnId: string): string => `pn/${pnId}`;
export const registrationStream = (pnId: string, deviceId: string): string => `registration/${pnId}/${deviceId}`;
export const gatewayRegistrationStream = (gatewayId: string): string => `gateway-registration/${gatewayId}`;

const aboutGateway = (stream: string, event: GatewayRegistrationEvent): Targeted => ({ stream, ...event });
const aboutPn = (stream: string, event: PersonalNetworkEvent): Targeted => ({ stream, ...event });
const aboutPne = (stream: string, event: RegistrationEvent): Targeted => ({ stream, ...event });

type FromGateway = Extract<SealedContent, { readonly leg: 'wan.up' }>;

type Verdict =
  | { readonly kind: 'authenticated'; readonly timestamp: string }
  | { readonly kind: 'failed'; readonly reason: RegistrationFailure | 'replayed' };

const utf8 = new TextEncoder();
const json = (value: object): Uint8Array => utf8.encode(JSON.stringify(value));

/** One change of one device, made by the next event of the PN. */
async function change(
  scope: Scope,
  pnId: string,
  what: Pick<InventoryChange, 'deviceId' | 'kind' | 'status' | 'cpnsId'>,
): Promise<{ readonly pnId: string; readonly changes: InventoryChange[] }> {
  const stream = pnStream(pnId);
  const previous = (await scope.state(personalNetwork, stream)).context.revision;
  const revision = await scope.nextVersion(stream);
  const made: InventoryChange = { revision, previous, ...what };
  scope.memory.changes = [made];
  return { pnId, changes: [made] };
}

/** The role of the CPNS Server. One unit per PN, so a PN and its registrations change together. */
export function serverRole(identity: ServerIdentity): Role {
  const { idKey, gatewayCredential, pneCredential, limits = SERVER_LIMITS } = identity;
  /** PN GWs that have registered. May be remembered: without a session that stands no frame of theirs is opened. */
  const registered = new Set<string>();

  async function isRegistered(gatewayId: string, scope: Scope): Promise<boolean> {
    if (registered.has(gatewayId)) return true;
    const { context } = await scope.peek(gatewayRegistration, gatewayRegistrationStream(gatewayId));
    if (context.keyId !== null) registered.add(gatewayId);
    return context.keyId !== null;
  }

  async function fromGateway(message: Incoming, stream: string, scope: Scope): Promise<Meaning> {
    const { content, gatewayId, messageId } = message;
    if (content.leg !== 'wan.up') return { kind: 'ignore', reason: 'not for a server' };
    if (content.type === 'gateway-registration-request') {
      const data = { requestId: messageId, gatewayId, handshake: content.body.handshake };
      return { kind: 'facts', primary: aboutGateway(stream, { type: 'GatewayRegistrationReceived', data }) };
    }
    if (!(await isRegistered(gatewayId, scope))) return { kind: 'refuse', code: 480 };
    const pn = await scope.state(personalNetwork, pnStream(content.body.pnId));
    switch (content.type) {
      case 'data':
        return { kind: 'ignore', reason: 'for no actor' };
      case 'sealed':
        return sealedText(content, stream, scope);
      case 'usage-report':
        return usageReport(message, content.body, stream, pn);
      case 'registration-request': {
        if (pn.value !== 'established') return { kind: 'refuse', code: personalNetwork.refusal(pn) };
        const { pnId, deviceId, handshake } = content.body;
        const flow = memberOf(pn.context, deviceId)?.status === 'provisional' ? '1.4.2' : '1.4.1';
        const data = { requestId: messageId, gatewayId, pnId, deviceId, flow, handshake } as const;
        return { kind: 'facts', primary: aboutPne(stream, { type: 'RegistrationRequestReceived', data }) };
      }
      case 'pn-update-request': {
        if (pn.value === 'established' && pn.context.gatewayId !== gatewayId) return { kind: 'refuse', code: 403 };
        const { deviceId, action } = content.body;
        const data = { updateId: messageId, gatewayId, deviceId, action };
        return { kind: 'facts', primary: aboutPn(stream, { type: 'PnUpdateReceived', data }) };
      }
      case 'pn-establishment-request': {
        if (pn.context.pnId !== '' && pn.context.gatewayId !== gatewayId) return { kind: 'refuse', code: 403 };
        const data = { requestId: messageId, gatewayId, revision: content.body.revision };
        return { kind: 'facts', primary: aboutPn(stream, { type: 'PnEstablishmentReceived', data }) };
      }
    }
  }

  async function sealedText(content: FromGateway, stream: string, scope: Scope): Promise<Meaning> {
    const { keyId, deviceId } = content.body;
    const text = await openText(content, scope);
    switch (text?.type) {
      case 'session-confirm': {
        const primary = aboutPne(stream, { type: 'SecureSessionEstablished', data: { keyId } });
        const after = text.about === null ? [] : await describe(scope, deviceId, 'device', text.about);
        return { kind: 'facts', primary, after };
      }
      case 'session-close':
        return { kind: 'facts', primary: aboutPne(stream, { type: 'SessionCloseReceived', data: { keyId } }) };
      case 'session-closed':
        return { kind: 'facts', primary: ended(stream, keyId, scope) };
      default:
        return { kind: 'refuse', code: 401 };
    }
  }

  function ended(stream: string, keyId: string, scope: Scope): Targeted {
    for (const id of [sessionKey(keyId), chainKey(keyId)]) scope.keys.drop(id);
    return aboutPne(stream, { type: 'SecureSessionClosed', data: { keyId, reason: 'ended' } });
  }

  function read(
    scope: Scope,
    credential: ExpectedCredential,
    binding: Binding,
    { handshake, newest }: { readonly handshake: string; readonly newest: string | null },
  ): Verdict {
    const message = fromBase64url(handshake);
    if (message === null) return { kind: 'failed', reason: 'malformed' };
    const result = readRegistration({ credential, binding, message, bytes: (length) => scope.bytes(length) });
    if (result.kind === 'failed') return result;
    const timestamp = timestampFromBytes(result.payload);
    if (timestamp === null) return { kind: 'failed', reason: 'malformed' };
    if (!isNewer(timestamp, newest)) return { kind: 'failed', reason: 'replayed' };
    scope.memory.respond = result.respond;
    scope.memory.chain = result.chain;
    return { kind: 'authenticated', timestamp };
  }

  /** Writes the second handshake message and takes the session into the keyring. */
  function respond(scope: Scope, payload: object): { readonly keyId: string; readonly handshake: string } {
    const { respond: write, chain } = scope.memory;
    if (write === null) throw new StepError('Nobody was authenticated in this step.');
    const { message, session } = write(json(payload));
    scope.memory.session = session;
    scope.keys.put(sessionKey(session.keyId), sessionToBytes(session));
    if (chain !== null) scope.keys.put(chainKey(session.keyId), keptChain(chain));
    return { keyId: session.keyId, handshake: toBase64url(message) };
  }

  return {
    name: 'cpns-server',
    busy: 503,
    subscriptions: SERVER_HEARS.map((pattern) => ({ pattern, queue: SERVER_QUEUE })),
    chartOf(stream) {
      if (stream.startsWith('pn/')) return personalNetwork;
      if (stream.startsWith('charging/')) return charging;
      if (stream.startsWith('subject/')) return subject;
      return stream.startsWith('registration/') ? registration : gatewayRegistration;
    },
    unitOf(stream) {
      const [kind, id] = stream.split('/');
      return kind === 'gateway-registration' || kind === 'subject' ? stream : `pn/${id}`;
    },
    charges(message) {
      const { content, gatewayId } = message;
      if (content.leg !== 'wan.up') return [];
      const gateway = gatewayRegistrationStream(gatewayId);
      if (content.type === 'gateway-registration-request') {
        const isKnown = gatewayCredential(gatewayId, 0).kind !== 'none';
        const from = isKnown ? gatewayId : UNKNOWN;
        return [{ bucket: `registrations/${from}`, limit: limits.registrations, stream: gateway, from }];
      }
      const { pnId } = content.body;
      const device = 'deviceId' in content.body ? registrationStream(pnId, content.body.deviceId) : gateway;
      return chargesOf(message, limits, { device, gateway });
    },
    route({ content, gatewayId }) {
      if (content.leg !== 'wan.up') return { kind: 'drop', reason: 'not for a server' };
      switch (content.type) {
        case 'data':
          return { kind: 'data' };
        case 'gateway-registration-request':
          return { kind: 'actor', stream: gatewayRegistrationStream(gatewayId) };
        case 'registration-request':
        case 'sealed':
          return { kind: 'actor', stream: registrationStream(content.body.pnId, content.body.deviceId) };
        case 'usage-report':
          return { kind: 'actor', stream: chargingStream(content.body.pnId, content.body.deviceId) };
        default:
          return { kind: 'actor', stream: pnStream(content.body.pnId) };
      }
    },
    interpret: fromGateway,
    facts: {
      authenticateGateway(scope, stream) {
        const { gatewayId, requestId, handshake, newest, keyId: former } = scope.context(gatewayRegistration, stream);
        const credential = gatewayCredential(gatewayId, scope.now);
        const binding: Binding = { protocolVersion: 1, pnId: NO_PN, gatewayId, deviceId: gatewayId, requestId };
        const verdict = read(scope, credential, binding, { handshake, newest });
        if (verdict.kind === 'failed') {
          const reason = credential.kind === 'none' ? 'unknownGateway' : verdict.reason;
          scope.memory.refused = { from: credential.kind === 'none' ? UNKNOWN : gatewayId, code: 401, reason };
          return [aboutGateway(stream, { type: 'GatewayAuthenticationFailed', data: { reason } })];
        }
        const { keyId, handshake: reply } = respond(scope, { code: 200 });
        scope.memory.reply = reply;
        const facts: Targeted[] = [];
        if (former !== null) {
          for (const id of [sessionKey(former), chainKey(former), seenKey(former)]) scope.keys.drop(id);
          const data = { keyId: former, reason: 'replaced' as const };
          facts.push(aboutGateway(stream, { type: 'GatewaySessionClosed', data }));
        }
        const data = { keyId, timestamp: verdict.timestamp };
        return [...facts, aboutGateway(stream, { type: 'GatewayAuthenticated', data })];
      },
      answerGateway(scope, stream) {
        const { requestId } = scope.context(gatewayRegistration, stream);
        const data = { requestId, code: 200 as const, handshake: scope.memory.reply };
        return [aboutGateway(stream, { type: 'GatewayRegistrationAnswered', data })];
      },
      refuseGateway(scope, stream) {
        const { requestId } = scope.context(gatewayRegistration, stream);
        const data = { requestId, code: 401 as const, handshake: null };
        return [aboutGateway(stream, { type: 'GatewayRegistrationAnswered', data })];
      },

      establishPn(scope, stream) {
        const { pnId, gatewayId } = scope.context(personalNetwork, stream);
        return [aboutPn(stream, { type: 'PnEstablished', data: { pnId, gatewayId } })];
      },
      async answerEstablishment(scope, stream) {
        const { requestId, gatewayId, fromRevision } = scope.context(personalNetwork, stream);
        const { changes, more } = await changesSince(scope, stream, fromRevision);
        scope.memory.changes = changes;
        scope.memory.more = more;
        const revision = changes.at(-1)?.revision ?? fromRevision;
        const data = { requestId, gatewayId, code: 200 as const, revision };
        return [aboutPn(stream, { type: 'PnEstablishmentAnswered', data })];
      },
      async addProvisional(scope, stream) {
        const { pnId, deviceId } = scope.context(personalNetwork, stream);
        const inventory = await change(scope, pnId, { deviceId, kind: 'added', status: 'provisional', cpnsId: null });
        return [aboutPn(stream, { type: 'PneAdded', data: { inventory } })];
      },
      async removeProvisional(scope, stream) {
        const { pnId, deviceId, reason } = scope.context(personalNetwork, stream);
        const inventory = await change(scope, pnId, { deviceId, kind: 'removed', status: 'removed', cpnsId: null });
        return [aboutPn(stream, { type: 'PneRemoved', data: { inventory, reason } })];
      },
      answerPnUpdate(scope, stream) {
        const { requestId: updateId, gatewayId, deviceId, code } = scope.context(personalNetwork, stream);
        return [aboutPn(stream, { type: 'PnUpdateAnswered', data: { updateId, gatewayId, deviceId, code } })];
      },

      authenticatePne(scope, stream) {
        const { pnId, gatewayId, deviceId, requestId, handshake, newest } = scope.context(registration, stream);
        const credential = pneCredential(deviceId, scope.now);
        const binding: Binding = { protocolVersion: 1, pnId, gatewayId, deviceId, requestId };
        const verdict = read(scope, credential, binding, { handshake, newest });
        if (verdict.kind === 'authenticated') {
          const { timestamp } = verdict;
          return [aboutPne(stream, { type: 'PneAuthenticated', data: { timestamp } })];
        }
        const reason = credential.kind === 'none' ? 'unknownDevice' : verdict.reason;
        // Made-up devices are summed over all of them.
        scope.memory.refused = { from: credential.kind === 'none' ? gatewayId : deviceId, code: 401, reason };
        return [aboutPne(stream, { type: 'PneAuthenticationFailed', data: { reason } })];
      },
      async allocateCpnsId(scope, stream) {
        const { pnId, gatewayId, deviceId } = scope.context(registration, stream);
        const { context: pn } = await scope.state(personalNetwork, pnStream(pnId));
        if (pn.gatewayId !== gatewayId || memberOf(pn, deviceId) === null) {
          // A stranger of an open PN was there and is no more, for example when its time was over: it may ask anew.
          const code = pn.gatewayId === gatewayId && pn.joinPolicy === 'open' ? 409 : 403;
          return [aboutPne(stream, { type: 'RegistrationDenied', data: { code } })];
        }
        const data = { deviceId, cpnsId: cpnsId(idKey, deviceId) };
        return [aboutPne(stream, { type: 'CpnsIdAllocated', data })];
      },
      closeReplacedSession(scope, stream) {
        const { keyId: latest, session, standingKeyId } = scope.context(registration, stream);
        const keyId = session === 'established' ? standingKeyId : latest;
        if (keyId === null) return [];
        for (const id of [sessionKey(keyId), chainKey(keyId)]) scope.keys.drop(id);
        return [aboutPne(stream, { type: 'SecureSessionClosed', data: { keyId, reason: 'replaced' } })];
      },
      endSession(scope, stream) {
        const { keyId } = scope.context(registration, stream);
        return keyId === null ? [] : [ended(stream, keyId, scope)];
      },
      endStandingSession(scope, stream) {
        const { standingKeyId } = scope.context(registration, stream);
        return standingKeyId === null ? [] : [ended(stream, standingKeyId, scope)];
      },
      async updateInventory(scope, stream) {
        const { pnId, deviceId, cpnsId: id } = scope.context(registration, stream);
        const inventory = await change(scope, pnId, { deviceId, kind: 'registered', status: 'registered', cpnsId: id });
        return [aboutPn(pnStream(pnId), { type: 'InventoryUpdated', data: { inventory } })];
      },
      answerRegistration(scope, stream) {
        const { requestId, cpnsId: id } = scope.context(registration, stream);
        const { keyId, handshake } = respond(scope, { code: 200, cpnsId: id });
        const data = { requestId, code: 200 as const, cpnsId: id, keyId, handshake };
        return [aboutPne(stream, { type: 'RegistrationAnswered', data })];
      },
      async removeRefused(scope, stream) {
        const { pnId, deviceId } = scope.context(registration, stream);
        const { context: pn } = await scope.state(personalNetwork, pnStream(pnId));
        if (memberOf(pn, deviceId)?.status !== 'provisional') return [];
        const inventory = await change(scope, pnId, { deviceId, kind: 'removed', status: 'removed', cpnsId: null });
        return [aboutPn(pnStream(pnId), { type: 'PneRemoved', data: { inventory, reason: 'refused' } })];
      },
      refuseRegistration(scope, stream) {
        const { requestId, code } = scope.context(registration, stream);
        const data = { requestId, code: code ?? 500, cpnsId: null, keyId: null, handshake: null };
        return [aboutPne(stream, { type: 'RegistrationAnswered', data })];
      },
    },
    letters: {
      ...chargingLetters,
      'gateway-registration-response': (scope, stream) => {
        const { gatewayId, requestId, code, reply } = scope.context(gatewayRegistration, stream);
        return answer('gateway-registration-response', gatewayId, requestId, { code: code ?? 500, handshake: reply });
      },
      'pn-establishment-response': (scope, stream) => {
        const { gatewayId, requestId, pnId, joinPolicy } = scope.context(personalNetwork, stream);
        const { changes, more } = scope.memory;
        const body = { pnId, code: 200, joinPolicy, changes, more: more === 'more' };
        return answer('pn-establishment-response', gatewayId, requestId, body);
      },
      'pn-update-response': (scope, stream) => {
        const { gatewayId, requestId, pnId, deviceId, code, revision, changes } = scope.context(
          personalNetwork,
          stream,
        );
        return answer('pn-update-response', gatewayId, requestId, { pnId, deviceId, code, revision, changes });
      },
      'registration-response': (scope, stream) => {
        const { gatewayId, requestId, pnId, deviceId, code, reply } = scope.context(registration, stream);
        const { revision } = scope.context(personalNetwork, pnStream(pnId));
        const { changes } = scope.memory;
        const body = { pnId, deviceId, code: code ?? 500, handshake: reply, revision, changes };
        return answer('registration-response', gatewayId, requestId, body);
      },
      'inventory-notice': (scope, stream) => {
        const { gatewayId, pnId, changes } = scope.context(personalNetwork, stream);
        return { ...answer('inventory-notice', gatewayId, '', { pnId, changes }), inReplyTo: null };
      },
      sealed: (scope, stream) => sealedAnswer(scope, stream, 'session-confirmed'),
      'session-close': (scope, stream) => {
        const { deviceId, pnId } = scope.context(registration, stream);
        const { gatewayId } = scope.context(personalNetwork, pnStream(pnId));
        const body = { deviceId, ...sealText(sessionOf(scope), 'session-close') };
        return { subject: wanDown(gatewayId, 'sealed'), type: 'sealed', inReplyTo: null, body };
      },
      'session-closed': (scope, stream) => sealedAnswer(scope, stream, 'session-closed'),
    },
    refusal({ content, gatewayId, messageId }, code) {
      if (content.leg !== 'wan.up') return null;
      switch (content.type) {
        case 'gateway-registration-request':
          return answer('gateway-registration-response', gatewayId, messageId, { code, handshake: null });
        case 'pn-establishment-request': {
          const { pnId } = content.body;
          const body = { pnId, code, joinPolicy: null, changes: [], more: false };
          return answer('pn-establishment-response', gatewayId, messageId, body);
        }
        case 'pn-update-request': {
          const { pnId, deviceId } = content.body;
          const body = { pnId, deviceId, code, revision: 0, changes: [] };
          return answer('pn-update-response', gatewayId, messageId, body);
        }
        case 'registration-request': {
          const { pnId, deviceId } = content.body;
          const body = { pnId, deviceId, code, handshake: null, revision: 0, changes: [] };
          return answer('registration-response', gatewayId, messageId, body);
        }
        case 'usage-report':
          return usageReportAnswer(gatewayId, messageId, content.body.deviceId, code);
        default:
          return null;
      }
    },
    notice: ({ leg, gatewayId, deviceId }, code, inReplyTo) =>
      leg === 'wan.up'
        ? { subject: wanDown(gatewayId, 'notice'), type: 'notice', inReplyTo, body: { code, deviceId } }
        : null,
  };
}

/** By the PN GW that the question came through. */
function sealedAnswer(scope: Scope, stream: string, text: SealedText): Letter {
  const { gatewayId, deviceId } = scope.context(registration, stream);
  const body = { deviceId, ...sealText(sessionOf(scope), text) };
  return answer('sealed', scope.message?.gatewayId ?? gatewayId, scope.message?.messageId ?? '', body);
}

function answer(type: string, gatewayId: string, inReplyTo: string, body: object): Letter {
  return { subject: wanDown(gatewayId, type), type, inReplyTo, body };
}

/** The next changes of a PN Inventory after a revision, at most `MAX_CHANGES`, whole events only. */
async function changesSince(
  scope: Scope,
  stream: string,
  revision: number,
): Promise<{ readonly changes: readonly InventoryChange[]; readonly more: 'more' | 'all' }> {
  const changes: InventoryChange[] = [];
  for (let after = revision; ;) {
    const page = await scope.journal.readStream(stream, { after });
    for (const event of page) {
      after = event.version;
      const inventory = InventoryChanges.safeParse(event.data['inventory']).data;
      if (inventory === undefined) continue;
      if (changes.length + inventory.changes.length > MAX_CHANGES) return { changes, more: 'more' };
      changes.push(...inventory.changes);
    }
    if (page.length === 0) return { changes, more: 'all' };
  }
}
