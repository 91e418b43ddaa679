import type { PersonalNetworkEvent } from '../../../events/vocabulary/cpns-server/personal-network.ts';
import { personalNetwork } from '../../../machines/cpns-server/personal-network.ts';
import type { DecidersOf, Handlers, StreamEvent } from '../../loop/role.ts';
import { answer } from './answer.ts';
import { pnOf } from './pn.ts';
import { answeredChanges, change, changesSince } from './inventory.ts';

/** What the CPNS Server has to do with a PN: its PN GW establishes it, and has strangers added and taken back. */

export const aboutPn = (stream: string, event: PersonalNetworkEvent): StreamEvent => ({ stream, ...event });

export const personalNetworkDeciders: DecidersOf<'cpns-server/personal-network'> = {
  async 'pn-establishment-request'(message, stream, scope) {
    const { gatewayId, messageId: requestId } = message;
    const { context } = await pnOf(message, scope);
    if (context.pnId !== '' && context.gatewayId !== gatewayId) return { kind: 'refuse', code: 403 };
    const data = { requestId, gatewayId, revision: message.content.body.revision };
    return { kind: 'take', event: aboutPn(stream, { type: 'PnEstablishmentReceived', data }) };
  },

  async 'pn-update-request'(message, stream, scope) {
    const { gatewayId, messageId: updateId } = message;
    const { deviceId, action } = message.content.body;
    const { context, value } = await pnOf(message, scope);
    if (value === 'established' && context.gatewayId !== gatewayId) return { kind: 'refuse', code: 403 };
    const data = { updateId, gatewayId, deviceId, action };
    return { kind: 'take', event: aboutPn(stream, { type: 'PnUpdateReceived', data }) };
  },
};

export const personalNetworkHandlers: Handlers<typeof personalNetwork> = {
  asks: {
    establishPn(scope, stream) {
      const { pnId, gatewayId } = scope.context(personalNetwork, stream);
      return [aboutPn(stream, { type: 'PnEstablished', data: { pnId, gatewayId } })];
    },
    async answerPnEstablishment(scope, stream) {
      const { requestId, gatewayId, fromRevision } = scope.context(personalNetwork, stream);
      const next = await changesSince(scope, stream, fromRevision);
      const revision = next.changes.at(-1)?.revision ?? fromRevision;
      const data = { requestId, gatewayId, code: 200 as const, revision };
      return {
        events: [aboutPn(stream, { type: 'PnEstablishmentAnswered', data })],
        found: [answeredChanges.is(next)],
      };
    },
    async addPne(scope, stream) {
      const { pnId, deviceId } = scope.context(personalNetwork, stream);
      const { inventory } = await change(scope, pnId, { deviceId, kind: 'added', status: 'provisional', cpnsId: null });
      return [aboutPn(stream, { type: 'PneAdded', data: { inventory } })];
    },
    async removePne(scope, stream) {
      const { pnId, deviceId, reason } = scope.context(personalNetwork, stream);
      const { inventory } = await change(scope, pnId, { deviceId, kind: 'removed', status: 'removed', cpnsId: null });
      return [aboutPn(stream, { type: 'PneRemoved', data: { inventory, reason } })];
    },
    answerPnUpdate(scope, stream) {
      const { requestId: updateId, gatewayId, deviceId, code } = scope.context(personalNetwork, stream);
      return [aboutPn(stream, { type: 'PnUpdateAnswered', data: { updateId, gatewayId, deviceId, code } })];
    },
  },
  messages: {
    'pn-establishment-response': (scope, stream) => {
      const { gatewayId, requestId, pnId, joinPolicy } = scope.context(personalNetwork, stream);
      const { changes, more } = answeredChanges.in(scope);
      const body = { pnId, code: 200 as const, joinPolicy, changes, more: more === 'more' };
      return answer('pn-establishment-response', gatewayId, requestId, body);
    },
    'pn-update-response': (scope, stream) => {
      const { gatewayId, requestId, pnId, deviceId, code, revision, changes } = scope.context(personalNetwork, stream);
      return answer('pn-update-response', gatewayId, requestId, { pnId, deviceId, code, revision, changes });
    },
    'inventory-notice': (scope, stream) => {
      const { gatewayId, pnId, changes } = scope.context(personalNetwork, stream);
      return answer('inventory-notice', gatewayId, null, { pnId, changes: changes });
    },
  },
};
