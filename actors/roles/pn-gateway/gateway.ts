import { z } from 'zod';
import { pnGateway } from '../../../machines/pn-gateway/gateway.ts';
import { localPn } from '../../../machines/pn-gateway/gateway-terms.ts';
import { fromBase64url, toBase64url } from '../../../security/base64url.ts';
import { finishRegistration, startRegistration } from '../../../security/registration-handshake.ts';
import { sessionToBytes } from '../../../security/session.ts';
import { timestampAfter, timestampToBytes } from '../../../security/timestamp.ts';
import type { DecidersOf, Handlers, Role } from '../../loop/role.ts';
import { gatewayBinding } from '../../sessions/binding.ts';
import { handshakeKey, seenKey, sessionKey } from '../../sessions/sealed-text.ts';
import type { GatewayIdentity } from './identity.ts';
import { aboutGateway, establishmentWanted, follow, inventoryDeciders } from './local-inventory.ts';
import { askServer } from './say.ts';
import { readJson } from '../../../messages/json.ts';

/** What a PN GW has to do with itself: it registers with the CPNS Server and establishes its PNs. */

const Acceptance = z.object({ code: z.literal(200) });

export const gatewayDeciders: DecidersOf<'pn-gateway/gateway'> = {
  ...inventoryDeciders,

  async 'gateway-registration-response'(message, own, scope) {
    const { body } = message.content;
    const requestId = message.inReplyTo ?? '';
    const { context } = await scope.state(pnGateway, own);
    if (requestId !== context.requestId) return { kind: 'refuse', code: 409 };
    if (body.code !== 200) {
      const data = { requestId, code: body.code };
      scope.keys.drop(handshakeKey(requestId));
      return { kind: 'take', event: aboutGateway(own, { type: 'GatewayRegistrationRefused', data }) };
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
    if (former === null) return { kind: 'take', event: registered };
    for (const id of [sessionKey(former), seenKey(former)]) scope.keys.drop(id);
    const closed = aboutGateway(own, { type: 'GatewaySessionClosed', data: { keyId: former, reason: 'replaced' } });
    return { kind: 'take', event: closed, after: [registered] };
  },

  async 'pn-establishment-response'(message, own, scope) {
    const { body } = message.content;
    const { pnId, code, joinPolicy, changes } = body;
    const { context } = await scope.state(pnGateway, own);
    const requestId = localPn(context, pnId)?.requestId ?? null;
    if (requestId === null || requestId !== message.inReplyTo) return { kind: 'refuse', code: 409 };
    if (code !== 200 || joinPolicy === null) {
      return { kind: 'take', event: aboutGateway(own, { type: 'PnEstablishmentRefused', data: { pnId, code } }) };
    }
    const { update, reached } = await follow(scope, own, pnId, changes, 0);
    if (!body.more) {
      const established = aboutGateway(own, { type: 'PnEstablished', data: { pnId, joinPolicy } });
      return { kind: 'take', event: established, after: update };
    }
    // Until the last page is here a member could be taken for a stranger: the PN is not established yet.
    const next = establishmentWanted(scope, own, pnId, reached);
    const [first = next, ...after] = [...update, next];
    return { kind: 'take', event: first, after };
  },

  /** Nobody sealed it, so anybody may have sent it: the session stays in use until a new one is agreed on. */
  async notice({ content }, own, scope) {
    const { code, keyId = '' } = content.body;
    if (code !== 401) return { kind: 'ignore', reason: `server says ${code}; the next attempt asks again` };
    const lost = aboutGateway(own, { type: 'GatewaySessionLost', data: { keyId } });
    if (pnGateway.can(await scope.state(pnGateway, own), lost)) return { kind: 'take', event: lost };
    return { kind: 'ignore', reason: 'not about the session in force' };
  },
};

export const gatewayHandlers = ({ gatewayId, credential }: GatewayIdentity): Handlers<typeof pnGateway> => ({
  asks: {
    requestGatewayRegistration(scope, stream) {
      const requestId = scope.id();
      const { requestId: earlier, timestamp: last } = scope.context(pnGateway, stream);
      const timestamp = timestampAfter(last, scope.now);
      const { message, pending } = startRegistration({
        credential: credential(),
        binding: gatewayBinding(gatewayId, requestId),
        payload: timestampToBytes(timestamp),
        bytes: (length) => scope.bytes(length),
      });
      if (earlier !== '') scope.keys.drop(handshakeKey(earlier));
      scope.keys.put(handshakeKey(requestId), pending);
      const data = { requestId, handshake: toBase64url(message), timestamp };
      return [aboutGateway(stream, { type: 'GatewayRegistrationRequested', data })];
    },
    timeOutGatewayRegistration(scope, stream) {
      const { requestId } = scope.context(pnGateway, stream);
      scope.keys.drop(handshakeKey(requestId));
      return [aboutGateway(stream, { type: 'GatewayRegistrationTimedOut', data: { requestId } })];
    },
    wantGatewayRegistration(scope, stream) {
      const pns = Object.keys(scope.context(pnGateway, stream).pns);
      return [aboutGateway(stream, { type: 'GatewayRegistrationWanted', data: { gatewayId, pns } })];
    },
    requestPnEstablishments(scope, stream) {
      const { pns } = scope.context(pnGateway, stream);
      return Object.entries(pns).map(([pnId, { revision }]) => establishmentWanted(scope, stream, pnId, revision));
    },
  },
  messages: {
    'gateway-registration-request': (scope, stream) => {
      const { requestId, handshake } = scope.context(pnGateway, stream);
      return askServer(gatewayId, 'gateway-registration-request', requestId, { handshake });
    },
    'pn-establishment-request': (scope, stream, pnId) => {
      const pn = localPn(scope.context(pnGateway, stream), pnId);
      const body = { pnId, revision: pn?.revision ?? 0 };
      return askServer(gatewayId, 'pn-establishment-request', pn?.requestId ?? scope.id(), body);
    },
  },
});

/**
 * Whoever stays provisional here may be gone at the server, and the notice of it lost; a PN that was refused may be
 * there by now: compare the inventories, and ask again.
 */
export const gatewayUpkeep = (gatewayId: string, own: string): NonNullable<Role['upkeep']> => ({
  stream: own,
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
});
