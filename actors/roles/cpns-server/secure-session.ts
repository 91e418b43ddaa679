import type { RegistrationEvent } from '../../../events/vocabulary/cpns-server/registration.ts';
import { personalNetwork } from '../../../machines/cpns-server/personal-network.ts';
import { registration } from '../../../machines/cpns-server/registration.ts';
import { streamOf } from '../../../machines/streams.ts';
import type { DecidersOf, Handlers, Scope, StreamEvent } from '../../loop/role.ts';
import { chainKey, openText, sealText, sessionKey, stepSession } from '../../sessions/sealed-text.ts';
import { answer } from './answer.ts';
import { describe } from './subject/describe.ts';
import type { OutboundMessage } from '../../../messages/envelope.ts';
import type { SealedText } from '../../../messages/sealed-texts.ts';

/** 1.4.1/4, 1.4.2/6: the secure session with a PNE, from its first sealed message until one end closes it. */

export const aboutPne = (stream: string, event: RegistrationEvent): StreamEvent => ({ stream, ...event });

export const sessionDeciders: Pick<DecidersOf<'cpns-server/registration'>, 'sealed'> = {
  async sealed({ content }, stream, scope) {
    const { keyId, deviceId } = content.body;
    const text = await openText(content, scope);
    if (text === null) return { kind: 'refuse', code: 401 };
    const found = [stepSession.is(text.session)];
    switch (text.type) {
      case 'session-confirm': {
        const event = aboutPne(stream, { type: 'SecureSessionEstablished', data: { keyId } });
        const after = text.about === null ? [] : await describe(scope, deviceId, 'device', text.about);
        return { kind: 'take', event, after, found };
      }
      case 'session-close':
        return { kind: 'take', event: aboutPne(stream, { type: 'SessionCloseReceived', data: { keyId } }), found };
      case 'session-closed':
        return { kind: 'take', event: closed(scope, stream, keyId, 'ended') };
      default:
        return { kind: 'refuse', code: 401 };
    }
  },
};

/** The keys of a session go in the commit that says that it is over. */
function closed(scope: Scope, stream: string, keyId: string, reason: 'ended' | 'replaced'): StreamEvent {
  for (const id of [sessionKey(keyId), chainKey(keyId)]) scope.keys.drop(id);
  return aboutPne(stream, { type: 'SecureSessionClosed', data: { keyId, reason } });
}

type Asks = Handlers<typeof registration>['asks'];
type Messages = Handlers<typeof registration>['messages'];

export const sessionAsks: Pick<Asks, 'closeAgreedSession' | 'closeReplacedSession' | 'closeSession'> = {
  closeAgreedSession(scope, stream) {
    const { agreedKeyId } = scope.context(registration, stream);
    return agreedKeyId === null ? [] : [closed(scope, stream, agreedKeyId, 'replaced')];
  },
  closeReplacedSession(scope, stream) {
    const { replacedKeyId } = scope.context(registration, stream);
    return replacedKeyId === null ? [] : [closed(scope, stream, replacedKeyId, 'replaced')];
  },
  closeSession(scope, stream) {
    const { session } = scope.context(registration, stream);
    return session === null ? [] : [closed(scope, stream, session.keyId, 'ended')];
  },
};

export const sessionMessages: Pick<Messages, 'session-confirmed' | 'session-close' | 'session-closed'> = {
  'session-confirmed': (scope, stream) => sealedAnswer(scope, stream, 'session-confirmed'),
  'session-close': (scope, stream) => {
    const { deviceId, pnId } = scope.context(registration, stream);
    const { gatewayId } = scope.context(personalNetwork, streamOf('cpns-server/personal-network', { pnId }));
    const body = { deviceId, ...sealText(stepSession.in(scope), 'session-close') };
    return answer('sealed', gatewayId, null, body);
  },
  'session-closed': (scope, stream) => sealedAnswer(scope, stream, 'session-closed'),
};

/** By the PN GW that the question came through. */
function sealedAnswer(scope: Scope, stream: string, text: SealedText): OutboundMessage<'sealed'> {
  const { gatewayId, deviceId } = scope.context(registration, stream);
  const body = { deviceId, ...sealText(stepSession.in(scope), text) };
  return answer('sealed', scope.message?.gatewayId ?? gatewayId, scope.message?.messageId ?? '', body);
}
