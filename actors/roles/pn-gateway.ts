import { z } from 'zod';
import { isTemporary, type ResponseCode } from '../../events/codes.ts';
import type { InventoryChange } from '../../events/fields.ts';
import type { AdmissionEvent } from '../../events/vocabulary/admission.ts';
import type { PnGatewayEvent } from '../../events/vocabulary/pn-gateway.ts';
import { admission } from '../../machines/pn-gateway/admission.ts';
import { pnGateway } from '../../machines/pn-gateway/gateway.ts';
import { gatewayUsage } from '../../machines/pn-gateway/usage.ts';
import { changesAfter, localMember, localPn } from '../../machines/pn-gateway/gateway-terms.ts';
import { fromBase64url, toBase64url } from '../../security/base64url.ts';
import { chunkBytes } from '../../security/data-frame.ts';
import { finishRegistration, startRegistration, type Credential } from '../../security/registration-handshake.ts';
import { sessionToBytes } from '../../security/session.ts';
import { timestampAfter, timestampToBytes } from '../../security/timestamp.ts';
import { NO_RELAY_METER, type RelayMeter } from '../channel/usage.ts';
import type { Meaning, Role, Route, Scope, Targeted } from '../role.ts';
import { encodeMessage, type Body, type Incoming, type Letter } from '../wire/messages.ts';
import { gatewayHears, linkDown, wanUp } from '../wire/subjects.ts';
import { chargesOf, LINK_LIMITS, UNKNOWN, type LinkLimits } from './rate-limits.ts';
import { readJson, seenKey, sessionKey } from './session.ts';
import { reportAnswer, usageFacts, usageLetters, usageStream } from './usage.ts';

/** A PN GW as provisioned. */
export interface GatewayIdentity {
  readonly gatewayId: string;
  /** Asked for at each registration, so that a renewed certificate is shown without a restart. */
  readonly credential: () => Credential;
  /** Whether strangers may pair with it now. */
  readonly pairing: 'permitted' | 'forbidden';
  /** How much it hears; default: `LINK_LIMITS`. */
  readonly limits?: LinkLimits;
}

export const gatewayStream = (gatewayId: string): string => `gateway/${gatewayId}`;
export const admissionStream = (gatewayId: string, deviceId: string): string => `admission/${gatewayId}/${deviceId}`;

/** In the place of a PN in the binding of a PN GW's own registration. */
export const NO_PN = '-';

const handshakeKey = (requestId: string): string => `handshake/${requestId}`;
const Acceptance = z.object({ code: z.literal(200) });

const aboutGateway = (stream: string, event: PnGatewayEvent): Targeted => ({ stream, ...event });
const aboutPne = (stream: string, event: AdmissionEvent): Targeted => ({ stream, ...event });
const deviceOf = (stream: string): string => stream.split('/')[2] ?? '';

/** The role of one PN GW. One unit: whoever reads the local inventory reads it as the latest step left it. */
export function gatewayRole(identity: GatewayIdentity, meter: RelayMeter = NO_RELAY_METER): Role {
  const { gatewayId, credential, pairing, limits = LINK_LIMITS } = identity;
  const own = gatewayStream(gatewayId);

  /** The local inventory takes what follows it; a gap is asked for and the answer is taken when it comes again. */
  async function follow(
    pnId: string,
    changes: readonly InventoryChange[],
    revision: number,
    scope: Scope,
  ): Promise<{
    readonly update: readonly Targeted[];
    readonly gap: readonly Targeted[] | null;
    readonly reached: number;
  }> {
    const { context, value } = await scope.state(pnGateway, own);
    const pn = localPn(context, pnId);
    if (pn === null) return { update: [], gap: null, reached: 0 };
    // While the PN GW registers anew its inventories stand still: the answer is taken when it comes again.
    if (value !== 'registered') return { update: [], gap: [], reached: pn.revision };
    const next = changesAfter(pn.revision, changes);
    scope.memory.changes = next;
    const reached = next.at(-1)?.revision ?? pn.revision;
    const update =
      next.length === 0
        ? []
        : [aboutGateway(own, { type: 'LocalInventoryUpdated', data: { inventory: { pnId, changes: [...next] } } })];
    if (reached >= revision) return { update, gap: null, reached };
    const ask = { requestId: scope.id(), pnId, revision: reached };
    const gap = pn.requestId === null ? [aboutGateway(own, { type: 'PnEstablishmentRequested', data: ask })] : [];
    return { update, gap: [...update, ...gap], reached };
  }

  async function gatewayAnswer(
    message: Incoming,
    body: Body<'gateway-registration-response', 'wan.down'>,
    scope: Scope,
  ): Promise<Meaning> {
    const requestId = message.inReplyTo ?? '';
    const { context } = await scope.state(pnGateway, own);
    if (requestId !== context.requestId) return { kind: 'refuse', code: 409 };
    if (body.code !== 200) {
      const data = { requestId, code: body.code };
      scope.keys.drop(handshakeKey(requestId));
      return { kind: 'facts', primary: aboutGateway(own, { type: 'GatewayRegistrationRefused', data }) };
    }
    const pending = await scope.keys.get(handshakeKey(requestId));
    const reply = body.handshake === null ? null : fromBase64url(body.handshake);
    if (pending === null || reply === null) return { kind: 'refuse', code: 401 };
    const result = finishRegistration({ pending, message: reply });
    if (result.kind === 'failed' || !Acceptance.safeParse(readJson(result.payload)).success) {
      return { kind: 'refuse', code: 401 };
    }
    const { session } = result;
    scope.keys.drop(handshakeKey(requestId));
    scope.keys.put(sessionKey(session.keyId), sessionToBytes(session));
    const data = { requestId, keyId: session.keyId };
    const registered = aboutGateway(own, { type: 'GatewayRegistered', data });
    const { keyId: former } = context;
    if (former === null) return { kind: 'facts', primary: registered };
    for (const id of [sessionKey(former), seenKey(former)]) scope.keys.drop(id);
    const closed = aboutGateway(own, { type: 'GatewaySessionClosed', data: { keyId: former, reason: 'replaced' } });
    return { kind: 'facts', primary: closed, after: [registered] };
  }

  async function establishmentAnswer(
    message: Incoming,
    body: Body<'pn-establishment-response', 'wan.down'>,
    scope: Scope,
  ): Promise<Meaning> {
    const { pnId, code, joinPolicy, changes } = body;
    const { context } = await scope.state(pnGateway, own);
    const requestId = localPn(context, pnId)?.requestId ?? null;
    if (requestId === null || requestId !== message.inReplyTo) return { kind: 'refuse', code: 409 };
    if (code !== 200 || joinPolicy === null) {
      return { kind: 'facts', primary: aboutGateway(own, { type: 'PnEstablishmentRefused', data: { pnId, code } }) };
    }
    const { update, reached } = await follow(pnId, changes, 0, scope);
    if (!body.more) {
      const established = aboutGateway(own, { type: 'PnEstablished', data: { pnId, joinPolicy } });
      return { kind: 'facts', primary: established, after: update };
    }
    // Until the last page is here a member could be taken for a stranger: the PN is not established yet.
    const data = { requestId: scope.id(), pnId, revision: reached };
    const next = aboutGateway(own, { type: 'PnEstablishmentRequested', data });
    const [first = next, ...after] = [...update, next];
    return { kind: 'facts', primary: first, after };
  }

  async function updateAnswer(
    message: Incoming,
    body: Body<'pn-update-response', 'wan.down'>,
    stream: string,
    scope: Scope,
  ): Promise<Meaning> {
    const { pnId, code, changes, revision } = body;
    const { gap } = await follow(pnId, changes, revision, scope);
    if (gap !== null) return { kind: 'notYet', meanwhile: gap };
    const data = { updateId: message.inReplyTo ?? '', code };
    const after = await establishAgain(pnId, code, scope);
    return { kind: 'facts', primary: aboutPne(stream, { type: 'PnUpdateAnswered', data }), after };
  }

  /** 480: the server set the PN up anew and waits to be asked. */
  async function establishAgain(pnId: string, code: ResponseCode, scope: Scope): Promise<readonly Targeted[]> {
    const pn = localPn((await scope.state(pnGateway, own)).context, pnId);
    if (code !== 480 || pn === null || pn.requestId !== null) return [];
    const data = { requestId: scope.id(), pnId, revision: pn.revision };
    return [aboutGateway(own, { type: 'PnEstablishmentRequested', data })];
  }

  async function registrationAnswer(
    message: Incoming,
    body: Body<'registration-response', 'wan.down'>,
    stream: string,
    scope: Scope,
  ): Promise<Meaning> {
    const { pnId, code, handshake, changes, revision } = body;
    const { gap } = await follow(pnId, changes, revision, scope);
    if (gap !== null) return { kind: 'notYet', meanwhile: gap };
    const requestId = message.inReplyTo ?? '';
    const answered = aboutPne(stream, { type: 'RegistrationAnswered', data: { requestId, code, handshake } });
    const late = aboutPne(stream, { type: 'LateAnswerReceived', data: { requestId, code } });
    const primary = admission.can(await scope.state(admission, stream), answered) ? answered : late;
    return { kind: 'facts', primary, after: await establishAgain(pnId, code, scope) };
  }

  async function inventoryNotice(
    { pnId, changes }: Body<'inventory-notice', 'wan.down'>,
    scope: Scope,
  ): Promise<Meaning> {
    const { update, gap } = await follow(pnId, changes, changes.at(-1)?.revision ?? 0, scope);
    return { kind: 'notYet', meanwhile: gap ?? update };
  }

  /** Nobody sealed it, so anybody may have sent it: the session stays in use until a new one is agreed on. */
  async function sessionLost({ keyId = '' }: Body<'notice', 'wan.down'>, scope: Scope): Promise<Meaning> {
    const lost = aboutGateway(own, { type: 'GatewaySessionLost', data: { keyId } });
    if (pnGateway.can(await scope.state(pnGateway, own), lost)) return { kind: 'facts', primary: lost };
    return { kind: 'ignore', reason: 'not about the session in force' };
  }

  /** A data frame goes on as it is, once the meter has seen it if it is for or from a service. */
  function relayData(message: Incoming, body: Body<'data', 'wan.down'>, direction: 'up' | 'down'): Route {
    const { pnId, deviceId, frame, serviceId, ...rest } = body;
    const bytes = chunkBytes(Math.floor((frame.length * 3) / 4));
    const counted =
      serviceId === null ? 'relay' : meter.relayed({ pnId, deviceId, ...rest, serviceId, direction, bytes });
    if (counted === 'drop') return { kind: 'drop', reason: 'data that cannot be counted' };
    if (direction === 'up') return relay(message, wanUp(gatewayId, 'data'), body);
    return relay(message, linkDown(gatewayId, deviceId, 'data'), { ...rest, serviceId, frame });
  }

  function fromPne(message: Incoming, stream: string): Meaning {
    const { content, messageId: requestId } = message;
    const deviceId = deviceOf(stream);
    if (content.leg === 'link.up' && content.type === 'pairing-request') {
      if (pairing === 'forbidden') return { kind: 'refuse', code: 403 };
      return { kind: 'facts', primary: aboutPne(stream, { type: 'PairingFormed', data: { requestId, deviceId } }) };
    }
    if (content.leg === 'link.up' && content.type === 'registration-request') {
      const { pnId, handshake } = content.body;
      const data = { requestId, deviceId, pnId, handshake };
      return { kind: 'facts', primary: aboutPne(stream, { type: 'RegistrationRequestReceived', data }) };
    }
    return { kind: 'ignore', reason: 'not for an actor of a PN GW' };
  }

  return {
    name: 'pn-gateway',
    busy: 429,
    subscriptions: gatewayHears(gatewayId).map((pattern) => ({ pattern })),
    chartOf(stream) {
      if (stream.startsWith('admission/')) return admission;
      return stream.startsWith('usage/') ? gatewayUsage : pnGateway;
    },
    unitOf: () => gatewayId,
    charges(message) {
      const { content, deviceId } = message;
      if (content.leg !== 'link.up' || deviceId === null) return [];
      return chargesOf(message, limits, { device: admissionStream(gatewayId, deviceId), gateway: own });
    },
    route(message) {
      const { content, deviceId } = message;
      if (message.gatewayId !== gatewayId) return { kind: 'drop', reason: 'for another PN GW' };
      if (content.leg === 'link.up' && deviceId !== null) {
        switch (content.type) {
          case 'sealed':
            return relay(message, wanUp(gatewayId, 'sealed'), { deviceId, ...content.body });
          case 'data':
            return relayData(message, { deviceId, ...content.body }, 'up');
          default:
            return { kind: 'actor', stream: admissionStream(gatewayId, deviceId) };
        }
      }
      if (content.leg !== 'wan.down') return { kind: 'drop', reason: 'not for a PN GW' };
      switch (content.type) {
        case 'sealed': {
          const { deviceId: to, ...body } = content.body;
          return relay(message, linkDown(gatewayId, to, 'sealed'), body);
        }
        case 'data':
          return relayData(message, content.body, 'down');
        case 'pn-update-response':
        case 'registration-response':
          return { kind: 'actor', stream: admissionStream(gatewayId, content.body.deviceId) };
        case 'usage-report-response':
          return { kind: 'actor', stream: usageStream(gatewayId, content.body.deviceId) };
        case 'notice':
          if (content.body.code === 401 && content.body.keyId !== undefined) return { kind: 'actor', stream: own };
          return { kind: 'drop', reason: `server says ${content.body.code}; the next attempt asks again` };
        default:
          return { kind: 'actor', stream: own };
      }
    },
    interpret(message, stream, scope) {
      const { content } = message;
      if (content.leg !== 'wan.down') return fromPne(message, stream);
      switch (content.type) {
        case 'gateway-registration-response':
          return gatewayAnswer(message, content.body, scope);
        case 'pn-establishment-response':
          return establishmentAnswer(message, content.body, scope);
        case 'pn-update-response':
          return updateAnswer(message, content.body, stream, scope);
        case 'registration-response':
          return registrationAnswer(message, content.body, stream, scope);
        case 'inventory-notice':
          return inventoryNotice(content.body, scope);
        case 'usage-report-response':
          return reportAnswer(message, content.body, stream);
        case 'notice':
          return sessionLost(content.body, scope);
        default:
          return { kind: 'ignore', reason: 'not for an actor of a PN GW' };
      }
    },
    facts: {
      ...usageFacts,
      requestGatewayRegistration(scope, stream) {
        const requestId = scope.id();
        const { requestId: earlier, timestamp: last } = scope.context(pnGateway, stream);
        const timestamp = timestampAfter(last, scope.now);
        const { message, pending } = startRegistration({
          credential: credential(),
          binding: { protocolVersion: 1, pnId: NO_PN, gatewayId, deviceId: gatewayId, requestId },
          payload: timestampToBytes(timestamp),
          bytes: (length) => scope.bytes(length),
        });
        if (earlier !== '') scope.keys.drop(handshakeKey(earlier));
        scope.keys.put(handshakeKey(requestId), pending);
        const data = { requestId, handshake: toBase64url(message), timestamp };
        return [aboutGateway(stream, { type: 'GatewayRegistrationRequested', data })];
      },
      gatewayRegistrationTimedOut(scope, stream) {
        const { requestId } = scope.context(pnGateway, stream);
        scope.keys.drop(handshakeKey(requestId));
        return [aboutGateway(stream, { type: 'GatewayRegistrationTimedOut', data: { requestId } })];
      },
      wantGatewayRegistration(scope, stream) {
        const pns = Object.keys(scope.context(pnGateway, stream).pns);
        return [aboutGateway(stream, { type: 'GatewayRegistrationWanted', data: { gatewayId, pns } })];
      },
      requestEstablishments(scope, stream) {
        const { pns } = scope.context(pnGateway, stream);
        return Object.entries(pns).map(([pnId, { revision }]) => {
          const data = { requestId: scope.id(), pnId, revision };
          return aboutGateway(stream, { type: 'PnEstablishmentRequested', data });
        });
      },
      async checkMembership(scope, stream) {
        const { requestId, pnId, deviceId } = scope.context(admission, stream);
        const { context } = await scope.state(pnGateway, own);
        const pn = localPn(context, pnId);
        const refusal =
          pn === null ? 404 : pn.status === 'unknown' ? 480 : pn.status === 'refused' ? (pn.code ?? 404) : null;
        if (pn === null || refusal !== null) {
          const code = refusal ?? 404;
          if (!isTemporary(code)) scope.memory.refused = { from: UNKNOWN, code, reason: '' };
          return [aboutPne(stream, { type: 'AdmissionRefused', data: { requestId, code } })];
        }
        const { revision } = pn;
        const status = localMember(context, pnId, deviceId);
        return status === null
          ? [aboutPne(stream, { type: 'MembershipMissing', data: { pnId, revision } })]
          : [aboutPne(stream, { type: 'MembershipConfirmed', data: { pnId, revision, status } })];
      },
      refuseUnpaired(scope, stream) {
        const { requestId } = scope.context(admission, stream);
        scope.memory.refused = { from: UNKNOWN, code: 403, reason: '' };
        return [aboutPne(stream, { type: 'AdmissionRefused', data: { requestId, code: 403 } })];
      },
      requestPnUpdate: (scope, stream) => [pnUpdate(scope, stream, 'add')],
      requestWithdrawal: (scope, stream) => [pnUpdate(scope, stream, 'remove')],
      async forwardRegistration(scope, stream) {
        const { requestId, pnId, deviceId } = scope.context(admission, stream);
        const { context } = await scope.state(pnGateway, own);
        return localMember(context, pnId, deviceId) === null
          ? [aboutPne(stream, { type: 'AdmissionRefused', data: { requestId, code: 409 } })]
          : [aboutPne(stream, { type: 'RegistrationForwarded', data: { requestId } })];
      },
      updateLocalInventory(scope, stream) {
        const { pnId } = scope.context(admission, stream);
        const changes = [...scope.memory.changes];
        if (changes.length === 0) return [];
        return [aboutGateway(own, { type: 'LocalInventoryUpdated', data: { inventory: { pnId, changes } } })];
      },
      serverTimedOut(scope, stream) {
        const { requestId } = scope.context(admission, stream);
        return [aboutPne(stream, { type: 'RegistrationTimedOut', data: { requestId } })];
      },
      forwardResponse(scope, stream) {
        const { requestId, code } = scope.context(admission, stream);
        return [aboutPne(stream, { type: 'ResponseForwarded', data: { requestId, code: code ?? 500 } })];
      },
    },
    upkeep: {
      stream: own,
      /**
       * Whoever stays provisional here may be gone at the server, and the notice of it lost; a PN that was refused may be
       * there by now: compare the inventories, and ask again.
       */
      async look(scope) {
        const { context, value } = await scope.state(pnGateway, own);
        const isStale = Object.values(context.pns).some(
          ({ requestId, status: standing, members }) =>
            requestId === null &&
            (standing === 'refused' || Object.values(members).some(({ status }) => status === 'provisional')),
        );
        if (value !== 'registered' || !isStale) return [];
        const data = { gatewayId, pns: Object.keys(context.pns) };
        return [aboutGateway(own, { type: 'GatewayRegistrationWanted', data })];
      },
    },
    letters: {
      ...usageLetters,
      'gateway-registration-request': (scope, stream) => {
        const { requestId, handshake } = scope.context(pnGateway, stream);
        return wanRequest('gateway-registration-request', requestId, { handshake });
      },
      'pn-establishment-request': (scope, stream, pnId) => {
        const pn = localPn(scope.context(pnGateway, stream), pnId);
        return wanRequest('pn-establishment-request', pn?.requestId ?? scope.id(), {
          pnId,
          revision: pn?.revision ?? 0,
        });
      },
      'pn-update-request': (scope, stream) => {
        const { updateId, pnId, deviceId, action } = scope.context(admission, stream);
        return wanRequest('pn-update-request', updateId, { pnId, deviceId, action });
      },
      'registration-request': (scope, stream) => {
        const { requestId, pnId, deviceId, handshake } = scope.context(admission, stream);
        return wanRequest('registration-request', requestId, { pnId, deviceId, handshake });
      },
      'pairing-response': (scope, stream) => {
        const { pairingId, deviceId } = scope.context(admission, stream);
        return linkAnswer('pairing-response', deviceId, pairingId, { code: 200 });
      },
      'registration-response': (scope, stream) => {
        const { requestId, deviceId, code, reply } = scope.context(admission, stream);
        return linkAnswer('registration-response', deviceId, requestId, { code: code ?? 500, handshake: reply });
      },
    },
    refusal(message, code) {
      const { content, deviceId, messageId } = message;
      if (content.leg !== 'link.up' || deviceId === null) return null;
      if (content.type === 'pairing-request') return linkAnswer('pairing-response', deviceId, messageId, { code });
      if (content.type !== 'registration-request') return null;
      return linkAnswer('registration-response', deviceId, messageId, { code, handshake: null });
    },
    notice: ({ leg, deviceId }, code, inReplyTo) =>
      leg === 'link.up' && deviceId !== null ? linkAnswer('notice', deviceId, inReplyTo, { code, deviceId }) : null,
  };

  function pnUpdate(scope: Scope, stream: string, action: 'add' | 'remove'): Targeted {
    const { pnId } = scope.context(admission, stream);
    return aboutPne(stream, { type: 'PnUpdateRequested', data: { updateId: scope.id(), pnId, action } });
  }

  function wanRequest(type: string, messageId: string, body: object): Letter {
    return { subject: wanUp(gatewayId, type), type, messageId, inReplyTo: null, body };
  }

  function linkAnswer(type: string, deviceId: string, inReplyTo: string | null, body: object): Letter {
    return { subject: linkDown(gatewayId, deviceId, type), type, inReplyTo, body };
  }
}

/** A sealed message goes on under its own ids; the PN GW cannot read it and keeps nothing of it. */
function relay(message: Incoming, subject: string, body: object): Route {
  const { messageId, correlationId, inReplyTo, content } = message;
  const payload = encodeMessage({ subject, type: content.type, inReplyTo, body }, messageId, correlationId);
  return { kind: 'relay', subject, payload };
}
