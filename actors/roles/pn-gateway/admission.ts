import { isTemporary, type ResponseCode } from '../../../events/codes.ts';
import type { AdmissionEvent } from '../../../events/vocabulary/admission.ts';
import { admission } from '../../../machines/pn-gateway/admission.ts';
import { pnGateway } from '../../../machines/pn-gateway/gateway.ts';
import { localMember, localPn } from '../../../machines/pn-gateway/gateway-terms.ts';
import type { Decision, Handlers, Scope, StreamEvent } from '../../loop/role.ts';
import { UNKNOWN } from '../rate-limits.ts';
import type { GatewayIdentity } from './identity.ts';
import { linkAnswer, wanRequest } from './letters.ts';
import { aboutGateway, establishAgain, follow, followingChanges } from './local-inventory.ts';
import { streamOf, idsOf } from '../../../machines/streams.ts';
import type { Body, Incoming } from '../../../messages/incoming.ts';
import type { OutboundMessage } from '../../../messages/envelope.ts';

/** What a PN GW has to do with one PNE: pairing, membership, a stranger's PN Update, request and response. */

const aboutPne = (stream: string, event: AdmissionEvent): StreamEvent => ({ stream, ...event });
const deviceOf = (stream: string): string => idsOf('pn-gateway/admission', stream).deviceId;

export function fromPne(message: Incoming, stream: string, pairing: GatewayIdentity['pairing']): Decision {
  const { content, messageId: requestId } = message;
  const deviceId = deviceOf(stream);
  if (content.leg === 'link.up' && content.type === 'pairing-request') {
    if (pairing === 'forbidden') return { kind: 'refuse', code: 403 };
    return { kind: 'take', event: aboutPne(stream, { type: 'PairingFormed', data: { requestId, deviceId } }) };
  }
  if (content.leg === 'link.up' && content.type === 'registration-request') {
    const { pnId, handshake } = content.body;
    const data = { requestId, deviceId, pnId, handshake };
    return { kind: 'take', event: aboutPne(stream, { type: 'RegistrationRequestReceived', data }) };
  }
  return { kind: 'ignore', reason: 'not for an actor of a PN GW' };
}

export function admissionRefused(
  { content, gatewayId, deviceId, messageId }: Incoming,
  code: ResponseCode,
): OutboundMessage | null {
  if (content.leg !== 'link.up' || deviceId === null) return null;
  if (content.type === 'pairing-request')
    return linkAnswer(gatewayId, 'pairing-response', deviceId, messageId, { code });
  if (content.type !== 'registration-request') return null;
  return linkAnswer(gatewayId, 'registration-response', deviceId, messageId, { code, handshake: null });
}

export async function updateAnswer(
  message: Incoming,
  { pnId, code, changes, revision }: Body<'pn-update-response', 'wan.down'>,
  stream: string,
  scope: Scope,
): Promise<Decision> {
  const own = streamOf('pn-gateway/gateway', { gatewayId: message.gatewayId });
  const { gap, found } = await follow(scope, own, pnId, changes, revision);
  if (gap !== null) return { kind: 'notYet', meanwhile: gap };
  const data = { updateId: message.inReplyTo ?? '', code };
  const after = await establishAgain(scope, own, pnId, code);
  return { kind: 'take', event: aboutPne(stream, { type: 'PnUpdateAnswered', data }), after, found };
}

export async function registrationAnswer(
  message: Incoming,
  { pnId, code, handshake, changes, revision }: Body<'registration-response', 'wan.down'>,
  stream: string,
  scope: Scope,
): Promise<Decision> {
  const own = streamOf('pn-gateway/gateway', { gatewayId: message.gatewayId });
  const { gap, found } = await follow(scope, own, pnId, changes, revision);
  if (gap !== null) return { kind: 'notYet', meanwhile: gap };
  const requestId = message.inReplyTo ?? '';
  const answered = aboutPne(stream, { type: 'RegistrationAnswered', data: { requestId, code, handshake } });
  const late = aboutPne(stream, { type: 'LateAnswerReceived', data: { requestId, code } });
  const event = admission.can(await scope.state(admission, stream), answered) ? answered : late;
  return { kind: 'take', event, after: await establishAgain(scope, own, pnId, code), found };
}

export const admissionHandlers = (gatewayId: string, own: string): Handlers<typeof admission> => ({
  asks: {
    async checkMembership(scope, stream) {
      const { requestId, pnId, deviceId } = scope.context(admission, stream);
      const { context } = await scope.state(pnGateway, own);
      const pn = localPn(context, pnId);
      const refusal =
        pn === null ? 404 : pn.status === 'unknown' ? 480 : pn.status === 'refused' ? (pn.code ?? 404) : null;
      if (pn === null || refusal !== null) {
        const code = refusal ?? 404;
        const events = [aboutPne(stream, { type: 'AdmissionRefused', data: { requestId, code } })];
        return isTemporary(code) ? events : { events, refused: { from: UNKNOWN, code, reason: '' } };
      }
      const { revision } = pn;
      const status = localMember(context, pnId, deviceId);
      return status === null
        ? [aboutPne(stream, { type: 'MembershipMissing', data: { pnId, revision } })]
        : [aboutPne(stream, { type: 'MembershipConfirmed', data: { pnId, revision, status } })];
    },
    refuseAdmission(scope, stream) {
      const { requestId } = scope.context(admission, stream);
      const events = [aboutPne(stream, { type: 'AdmissionRefused', data: { requestId, code: 403 } })];
      return { events, refused: { from: UNKNOWN, code: 403, reason: '' } };
    },
    requestPnUpdate(scope, stream) {
      const { pnId, action } = scope.context(admission, stream);
      return [aboutPne(stream, { type: 'PnUpdateRequested', data: { updateId: scope.id(), pnId, action } })];
    },
    updateLocalInventory(scope, stream) {
      const { pnId } = scope.context(admission, stream);
      const changes = [...(followingChanges.find(scope) ?? [])];
      if (changes.length === 0) return [];
      return [aboutGateway(own, { type: 'LocalInventoryUpdated', data: { inventory: { pnId, changes } } })];
    },
    async forwardRegistration(scope, stream) {
      const { requestId, pnId, deviceId } = scope.context(admission, stream);
      const { context } = await scope.state(pnGateway, own);
      return localMember(context, pnId, deviceId) === null
        ? [aboutPne(stream, { type: 'AdmissionRefused', data: { requestId, code: 409 } })]
        : [aboutPne(stream, { type: 'RegistrationForwarded', data: { requestId } })];
    },
    timeOutRegistration(scope, stream) {
      const { requestId } = scope.context(admission, stream);
      return [aboutPne(stream, { type: 'RegistrationTimedOut', data: { requestId } })];
    },
    forwardResponse(scope, stream) {
      const { requestId, code } = scope.context(admission, stream);
      return [aboutPne(stream, { type: 'ResponseForwarded', data: { requestId, code: code ?? 500 } })];
    },
  },
  messages: {
    'pairing-response': (scope, stream) => {
      const { pairingId, deviceId } = scope.context(admission, stream);
      return linkAnswer(gatewayId, 'pairing-response', deviceId, pairingId, { code: 200 });
    },
    'pn-update-request': (scope, stream) => {
      const { updateId, pnId, deviceId, action } = scope.context(admission, stream);
      return wanRequest(gatewayId, 'pn-update-request', updateId, { pnId, deviceId, action });
    },
    'registration-request': (scope, stream) => {
      const { requestId, pnId, deviceId, handshake } = scope.context(admission, stream);
      return wanRequest(gatewayId, 'registration-request', requestId, { pnId, deviceId, handshake });
    },
    'registration-response': (scope, stream) => {
      const { requestId, deviceId, code, reply } = scope.context(admission, stream);
      const body = { code: code ?? 500, handshake: reply };
      return linkAnswer(gatewayId, 'registration-response', deviceId, requestId, body);
    },
  },
});
