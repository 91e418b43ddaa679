import type { ResponseCode } from '../../../events/codes.ts';
import type { GatewayRegistrationEvent } from '../../../events/vocabulary/gateway-registration.ts';
import { gatewayRegistration } from '../../../machines/cpns-server/gateway-registration.ts';
import type { Meaning, Part, Scope, Targeted } from '../../loop/role.ts';
import type { Body, Incoming, Letter } from '../../../messages/catalogue.ts';
import { gatewayBinding } from '../../sessions/binding.ts';
import { UNKNOWN } from '../rate-limits.ts';
import { chainKey, seenKey, sessionKey } from '../../sessions/sealed-text.ts';
import { answer } from './answer.ts';
import { authenticate, respond } from './handshake.ts';
import type { ServerIdentity } from './identity.ts';
import { streamOf } from '../../../machines/streams.ts';

/** What the CPNS Server has to do with the registration of a PN GW. */

const aboutGateway = (stream: string, event: GatewayRegistrationEvent): Targeted => ({ stream, ...event });

export function gatewayRegistrationRequest(
  { gatewayId, messageId: requestId }: Incoming,
  { handshake }: Body<'gateway-registration-request', 'wan.up'>,
  stream: string,
): Meaning {
  const data = { requestId, gatewayId, handshake };
  return { kind: 'facts', primary: aboutGateway(stream, { type: 'GatewayRegistrationReceived', data }) };
}

export function gatewayRegistrationRefused({ gatewayId, messageId }: Incoming, code: ResponseCode): Letter {
  return answer('gateway-registration-response', gatewayId, messageId, { code, handshake: null });
}

/** PN GWs that have registered. May be remembered: without a session that stands no frame of theirs is opened. */
export class RegisteredGateways {
  readonly #known = new Set<string>();

  async has(gatewayId: string, scope: Scope): Promise<boolean> {
    if (this.#known.has(gatewayId)) return true;
    const { context } = await scope.peek(
      gatewayRegistration,
      streamOf('cpns-server/gateway-registration', { gatewayId }),
    );
    if (context.keyId !== null) this.#known.add(gatewayId);
    return context.keyId !== null;
  }
}

export const gatewayRegistrationPart = ({ gatewayCredential }: ServerIdentity): Part => ({
  facts: {
    authenticateGateway(scope, stream) {
      const { gatewayId, requestId, handshake, newest, keyId: former } = scope.context(gatewayRegistration, stream);
      const credential = gatewayCredential(gatewayId, scope.now);
      const binding = gatewayBinding(gatewayId, requestId);
      const verdict = authenticate(scope, credential, binding, { handshake, newest });
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
  },
  letters: {
    'gateway-registration-response': (scope, stream) => {
      const { gatewayId, requestId, code, reply } = scope.context(gatewayRegistration, stream);
      return answer('gateway-registration-response', gatewayId, requestId, { code: code ?? 500, handshake: reply });
    },
  },
});
