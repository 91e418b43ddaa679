import type { GatewayRegistrationEvent } from '../../../events/vocabulary/cpns-server/gateway-registration.ts';
import { gatewayRegistration } from '../../../machines/cpns-server/gateway-registration.ts';
import type { DecidersOf, Handlers, Scope, StreamEvent } from '../../loop/role.ts';
import { StepValue } from '../../loop/step-value.ts';
import { gatewayBinding } from '../../sessions/binding.ts';
import { UNKNOWN } from '../rate-limits.ts';
import { chainKey, seenKey, sessionKey } from '../../sessions/sealed-text.ts';
import { answer } from './answer.ts';
import { authenticate, respond } from './handshake.ts';
import type { ServerIdentity } from './identity.ts';
import { streamOf } from '../../../machines/streams.ts';

/** What the CPNS Server has to do with the registration of a PN GW. */

const aboutGateway = (stream: string, event: GatewayRegistrationEvent): StreamEvent => ({ stream, ...event });

export const gatewayRegistrationDeciders: DecidersOf<'cpns-server/gateway-registration'> = {
  'gateway-registration-request'(message, stream) {
    const { gatewayId, messageId: requestId } = message;
    const data = { requestId, gatewayId, handshake: message.content.body.handshake };
    return { kind: 'take', event: aboutGateway(stream, { type: 'GatewayRegistrationReceived', data }) };
  },
};

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

/** The second handshake message to a PN GW that was authenticated in this step. */
const reply = new StepValue<string>('handshake reply');

export const gatewayRegistrationHandlers = ({
  gatewayCredential,
}: ServerIdentity): Handlers<typeof gatewayRegistration> => ({
  asks: {
    authenticateGateway(scope, stream) {
      const { gatewayId, requestId, handshake, newest, keyId: former } = scope.context(gatewayRegistration, stream);
      const credential = gatewayCredential(gatewayId, scope.now);
      const binding = gatewayBinding(gatewayId, requestId);
      const verdict = authenticate(scope, credential, binding, { handshake, newest });
      if (verdict.kind === 'failed') {
        const reason = credential.kind === 'none' ? 'unknownGateway' : verdict.reason;
        return {
          events: [aboutGateway(stream, { type: 'GatewayAuthenticationFailed', data: { reason } })],
          refused: { from: credential.kind === 'none' ? UNKNOWN : gatewayId, code: 401, reason },
        };
      }
      const answer = respond(scope, verdict, { code: 200 });
      const { keyId } = answer.session;
      const events: StreamEvent[] = [];
      if (former !== null) {
        for (const id of [sessionKey(former), chainKey(former), seenKey(former)]) scope.keys.drop(id);
        const data = { keyId: former, reason: 'replaced' as const };
        events.push(aboutGateway(stream, { type: 'GatewaySessionClosed', data }));
      }
      const data = { keyId, timestamp: verdict.timestamp };
      events.push(aboutGateway(stream, { type: 'GatewayAuthenticated', data }));
      return { events, found: [reply.is(answer.handshake)] };
    },
    /** 200 to one that was authenticated in this step; 401 to any other. */
    answerGatewayRegistration(scope, stream) {
      const { requestId } = scope.context(gatewayRegistration, stream);
      const handshake = reply.find(scope);
      const data = { requestId, code: handshake === null ? 401 : 200, handshake } as const;
      return [aboutGateway(stream, { type: 'GatewayRegistrationAnswered', data })];
    },
  },
  messages: {
    'gateway-registration-response': (scope, stream) => {
      const { gatewayId, requestId, code, reply: handshake } = scope.context(gatewayRegistration, stream);
      return answer('gateway-registration-response', gatewayId, requestId, { code: code ?? 500, handshake });
    },
  },
});
