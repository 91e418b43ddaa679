import { isTemporary } from '../../../events/codes.ts';
import type { AdmissionEvent } from '../../../events/vocabulary/pn-gateway/admission.ts';
import { admission } from '../../../machines/pn-gateway/admission.ts';
import { pnGateway } from '../../../machines/pn-gateway/gateway.ts';
import { localMember, localPn } from '../../../machines/pn-gateway/gateway-terms.ts';
import type { DecidersOf, Handlers, StreamEvent } from '../../loop/role.ts';
import { UNKNOWN } from '../rate-limits.ts';
import type { GatewayIdentity } from './identity.ts';
import { answerPne, askServer } from './say.ts';
import { aboutGateway, establishAgain, follow, followingChanges } from './local-inventory.ts';
import { streamOf, idsOf } from '../../../machines/streams.ts';

/** What a PN GW has to do with one PNE: pairing, membership, a stranger's PN Update, request and response. */

const aboutPne = (stream: string, event: AdmissionEvent): StreamEvent => ({ stream, ...event });
export const admissionDeciders = (pairing: GatewayIdentity['pairing']): DecidersOf<'pn-gateway/admission'> => ({
  'pairing-request'({ messageId: requestId }, stream) {
    if (pairing === 'forbidden') return { kind: 'refuse', code: 403 };
    const { deviceId } = idsOf('pn-gateway/admission', stream);
    return { kind: 'take', event: aboutPne(stream, { type: 'PairingFormed', data: { requestId, deviceId } }) };
  },

  'registration-request'(message, stream) {
    const { messageId: requestId, content } = message;
    const { deviceId } = idsOf('pn-gateway/admission', stream);
    const { pnId, handshake } = content.body;
    const data = { requestId, deviceId, pnId, handshake };
    return { kind: 'take', event: aboutPne(stream, { type: 'RegistrationRequestReceived', data }) };
  },

  async 'pn-update-response'(message, stream, scope) {
    const { pnId, code, changes, revision } = message.content.body;
    const own = streamOf('pn-gateway/gateway', { gatewayId: message.gatewayId });
    const { gap, found } = await follow(scope, own, pnId, changes, revision);
    if (gap !== null) return { kind: 'notYet', meanwhile: gap };
    const data = { updateId: message.inReplyTo ?? '', code };
    const after = await establishAgain(scope, own, pnId, code);
    return { kind: 'take', event: aboutPne(stream, { type: 'PnUpdateAnswered', data }), after, found };
  },

  async 'registration-response'(message, stream, scope) {
    const { pnId, code, handshake, changes, revision } = message.content.body;
    const own = streamOf('pn-gateway/gateway', { gatewayId: message.gatewayId });
    const { gap, found } = await follow(scope, own, pnId, changes, revision);
    if (gap !== null) return { kind: 'notYet', meanwhile: gap };
    const requestId = message.inReplyTo ?? '';
    const answered = aboutPne(stream, { type: 'RegistrationAnswered', data: { requestId, code, handshake } });
    const late = aboutPne(stream, { type: 'LateAnswerReceived', data: { requestId, code } });
    const event = admission.can(await scope.state(admission, stream), answered) ? answered : late;
    return { kind: 'take', event, after: await establishAgain(scope, own, pnId, code), found };
  },
});

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
      return answerPne(gatewayId, deviceId, 'pairing-response', pairingId, { code: 200 });
    },
    'pn-update-request': (scope, stream) => {
      const { updateId, pnId, deviceId, action } = scope.context(admission, stream);
      return askServer(gatewayId, 'pn-update-request', updateId, { pnId, deviceId, action });
    },
    'registration-request': (scope, stream) => {
      const { requestId, pnId, deviceId, handshake } = scope.context(admission, stream);
      return askServer(gatewayId, 'registration-request', requestId, { pnId, deviceId, handshake });
    },
    'registration-response': (scope, stream) => {
      const { requestId, deviceId, code, reply } = scope.context(admission, stream);
      const body = { code: code ?? 500, handshake: reply };
      return answerPne(gatewayId, deviceId, 'registration-response', requestId, body);
    },
  },
});
