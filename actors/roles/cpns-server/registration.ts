import type { ResponseCode } from '../../../events/codes.ts';
import type { RegistrationEvent } from '../../../events/vocabulary/registration.ts';
import { personalNetwork } from '../../../machines/cpns-server/personal-network.ts';
import { memberOf } from '../../../machines/cpns-server/personal-network-terms.ts';
import { registration } from '../../../machines/cpns-server/registration.ts';
import { cpnsId } from '../../../security/cpns-id.ts';
import type { Meaning, Part, Targeted } from '../../loop/role.ts';
import type { Body, Incoming, Letter } from '../../../messages/catalogue.ts';
import { pneBinding } from '../../sessions/binding.ts';
import { answer } from './answer.ts';
import { authenticate, respond } from './handshake.ts';
import type { ServerIdentity } from './identity.ts';
import { change } from './inventory.ts';
import { aboutPn, type Pn } from './personal-network.ts';
import { streamOf } from '../../../machines/streams.ts';

/** 1.4.1/3, 1.4.2/5: what the CPNS Server has to do with the registration of a PNE. */

export const aboutPne = (stream: string, event: RegistrationEvent): Targeted => ({ stream, ...event });

export function registrationRequest(
  { gatewayId, messageId: requestId }: Incoming,
  { pnId, deviceId, handshake }: Body<'registration-request', 'wan.up'>,
  stream: string,
  pn: Pn,
): Meaning {
  if (pn.value !== 'established') return { kind: 'refuse', code: personalNetwork.refusal(pn) };
  const flow = memberOf(pn.context, deviceId)?.status === 'provisional' ? '1.4.2' : '1.4.1';
  const data = { requestId, gatewayId, pnId, deviceId, flow, handshake } as const;
  return { kind: 'facts', primary: aboutPne(stream, { type: 'RegistrationRequestReceived', data }) };
}

export function registrationRefused(
  { gatewayId, messageId }: Incoming,
  { pnId, deviceId }: Body<'registration-request', 'wan.up'>,
  code: ResponseCode,
): Letter {
  const body = { pnId, deviceId, code, handshake: null, revision: 0, changes: [] };
  return answer('registration-response', gatewayId, messageId, body);
}

export const registrationPart = ({ idKey, pneCredential }: ServerIdentity): Part => ({
  facts: {
    authenticatePne(scope, stream) {
      const { pnId, gatewayId, deviceId, requestId, handshake, newest } = scope.context(registration, stream);
      const credential = pneCredential(deviceId, scope.now);
      const binding = pneBinding({ pnId, gatewayId, deviceId }, requestId);
      const verdict = authenticate(scope, credential, binding, { handshake, newest });
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
      const { context: pn } = await scope.state(personalNetwork, streamOf('cpns-server/personal-network', { pnId }));
      if (pn.gatewayId !== gatewayId || memberOf(pn, deviceId) === null) {
        // A stranger of an open PN was there and is no more, for example when its time was over: it may ask anew.
        const code = pn.gatewayId === gatewayId && pn.joinPolicy === 'open' ? 409 : 403;
        return [aboutPne(stream, { type: 'RegistrationDenied', data: { code } })];
      }
      const data = { deviceId, cpnsId: cpnsId(idKey, deviceId) };
      return [aboutPne(stream, { type: 'CpnsIdAllocated', data })];
    },
    async updateInventory(scope, stream) {
      const { pnId, deviceId, cpnsId: id } = scope.context(registration, stream);
      const inventory = await change(scope, pnId, { deviceId, kind: 'registered', status: 'registered', cpnsId: id });
      return [
        aboutPn(streamOf('cpns-server/personal-network', { pnId }), { type: 'InventoryUpdated', data: { inventory } }),
      ];
    },
    answerRegistration(scope, stream) {
      const { requestId, cpnsId: id } = scope.context(registration, stream);
      const { keyId, handshake } = respond(scope, { code: 200, cpnsId: id });
      const data = { requestId, code: 200 as const, cpnsId: id, keyId, handshake };
      return [aboutPne(stream, { type: 'RegistrationAnswered', data })];
    },
    async removeRefused(scope, stream) {
      const { pnId, deviceId } = scope.context(registration, stream);
      const { context: pn } = await scope.state(personalNetwork, streamOf('cpns-server/personal-network', { pnId }));
      if (memberOf(pn, deviceId)?.status !== 'provisional') return [];
      const inventory = await change(scope, pnId, { deviceId, kind: 'removed', status: 'removed', cpnsId: null });
      return [
        aboutPn(streamOf('cpns-server/personal-network', { pnId }), {
          type: 'PneRemoved',
          data: { inventory, reason: 'refused' },
        }),
      ];
    },
    refuseRegistration(scope, stream) {
      const { requestId, code } = scope.context(registration, stream);
      const data = { requestId, code: code ?? 500, cpnsId: null, keyId: null, handshake: null };
      return [aboutPne(stream, { type: 'RegistrationAnswered', data })];
    },
  },
  letters: {
    'registration-response': (scope, stream) => {
      const { gatewayId, requestId, pnId, deviceId, code, reply } = scope.context(registration, stream);
      const { revision } = scope.context(personalNetwork, streamOf('cpns-server/personal-network', { pnId }));
      const { changes } = scope.memory;
      const body = { pnId, deviceId, code: code ?? 500, handshake: reply, revision, changes };
      return answer('registration-response', gatewayId, requestId, body);
    },
  },
});
