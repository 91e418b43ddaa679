import { personalNetwork } from '../../../machines/cpns-server/personal-network.ts';
import { memberOf } from '../../../machines/cpns-server/personal-network-terms.ts';
import { registration } from '../../../machines/cpns-server/registration.ts';
import { cpnsId } from '../../../security/cpns-id.ts';
import type { DecidersOf, Handlers } from '../../loop/role.ts';
import { StepValue } from '../../loop/step-value.ts';
import { pneBinding } from '../../sessions/binding.ts';
import { answer } from './answer.ts';
import { authenticate, respond, type Authenticated } from './handshake.ts';
import type { ServerIdentity } from './identity.ts';
import { answeredChanges, change } from './inventory.ts';
import { pnOf } from './pn.ts';
import { aboutPn } from './personal-network.ts';
import { aboutPne, sessionAsks, sessionDeciders, sessionMessages } from './secure-session.ts';
import { streamOf } from '../../../machines/streams.ts';

/** 1.4.1/3, 1.4.2/5: what the CPNS Server has to do with the registration of a PNE. */

export const registrationDeciders: DecidersOf<'cpns-server/registration'> = {
  ...sessionDeciders,

  async 'registration-request'(message, stream, scope) {
    const { gatewayId, messageId: requestId } = message;
    const { pnId, deviceId, handshake } = message.content.body;
    const pn = await pnOf(message, scope);
    if (pn.value !== 'established') return { kind: 'refuse', code: personalNetwork.refusal(pn) };
    const flow = memberOf(pn.context, deviceId)?.status === 'provisional' ? '1.4.2' : '1.4.1';
    const data = { requestId, gatewayId, pnId, deviceId, flow, handshake } as const;
    return { kind: 'take', event: aboutPne(stream, { type: 'RegistrationRequestReceived', data }) };
  },
};

/** The PNE that was authenticated in this step. */
const authenticated = new StepValue<Authenticated>('authentication');

export const registrationHandlers = ({ idKey, pneCredential }: ServerIdentity): Handlers<typeof registration> => ({
  asks: {
    ...sessionAsks,
    authenticatePne(scope, stream) {
      const { pnId, gatewayId, deviceId, requestId, handshake, newest } = scope.context(registration, stream);
      const credential = pneCredential(deviceId, scope.now);
      const binding = pneBinding({ pnId, gatewayId, deviceId }, requestId);
      const verdict = authenticate(scope, credential, binding, { handshake, newest });
      if (verdict.kind === 'authenticated') {
        const { timestamp } = verdict;
        return {
          events: [aboutPne(stream, { type: 'PneAuthenticated', data: { timestamp } })],
          found: [authenticated.is(verdict)],
        };
      }
      const reason = credential.kind === 'none' ? 'unknownDevice' : verdict.reason;
      return {
        events: [aboutPne(stream, { type: 'PneAuthenticationFailed', data: { reason } })],
        // Made-up devices are summed over all of them.
        refused: { from: credential.kind === 'none' ? gatewayId : deviceId, code: 401, reason },
      };
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
      const what = { deviceId, kind: 'registered', status: 'registered', cpnsId: id } as const;
      const { inventory, found } = await change(scope, pnId, what);
      const pn = streamOf('cpns-server/personal-network', { pnId });
      return { events: [aboutPn(pn, { type: 'InventoryUpdated', data: { inventory } })], found };
    },
    /** A provisional PNE that is refused leaves the PN Inventory. */
    async removePne(scope, stream) {
      const { pnId, deviceId } = scope.context(registration, stream);
      const pn = streamOf('cpns-server/personal-network', { pnId });
      const { context } = await scope.state(personalNetwork, pn);
      if (memberOf(context, deviceId)?.status !== 'provisional') return [];
      const what = { deviceId, kind: 'removed', status: 'removed', cpnsId: null } as const;
      const { inventory, found } = await change(scope, pnId, what);
      return { events: [aboutPn(pn, { type: 'PneRemoved', data: { inventory, reason: 'refused' } })], found };
    },
    /** 200 with a session, or the code of the refusal that the chart has come to. */
    answerRegistration(scope, stream) {
      const { requestId, code, cpnsId: id } = scope.context(registration, stream);
      if (code !== null) {
        const data = { requestId, code, cpnsId: null, keyId: null, handshake: null };
        return [aboutPne(stream, { type: 'RegistrationAnswered', data })];
      }
      const { session, handshake } = respond(scope, authenticated.in(scope), { code: 200, cpnsId: id });
      const data = { requestId, code: 200 as const, cpnsId: id, keyId: session.keyId, handshake };
      return [aboutPne(stream, { type: 'RegistrationAnswered', data })];
    },
  },
  messages: {
    ...sessionMessages,
    'registration-response': (scope, stream) => {
      const { gatewayId, requestId, pnId, deviceId, code, reply } = scope.context(registration, stream);
      const { revision } = scope.context(personalNetwork, streamOf('cpns-server/personal-network', { pnId }));
      const changes = answeredChanges.find(scope)?.changes ?? [];
      const body = { pnId, deviceId, code: code ?? 500, handshake: reply, revision, changes };
      return answer('registration-response', gatewayId, requestId, body);
    },
  },
});
