import { personalNetwork } from '../../../machines/cpns-server/personal-network.ts';
import { registration } from '../../../machines/cpns-server/registration.ts';
import type { Meaning, Part, Scope, Targeted } from '../../loop/role.ts';
import { describe } from './subject/describe.ts';
import type { Letter } from '../../../messages/catalogue.ts';
import { wanDown } from '../../../messages/subjects.ts';
import {
  chainKey,
  openText,
  sealText,
  sessionKey,
  sessionOf,
  type SealedContent,
  type SealedText,
} from '../../sessions/sealed-text.ts';
import { answer } from './answer.ts';
import { aboutPne } from './registration.ts';
import { streamOf } from '../../../machines/streams.ts';

/** 1.4.1/4, 1.4.2/6: the secure session with a PNE, from its first sealed message until one end closes it. */

export async function sealedText(
  content: Extract<SealedContent, { readonly leg: 'wan.up' }>,
  stream: string,
  scope: Scope,
): Promise<Meaning> {
  const { keyId, deviceId } = content.body;
  const text = await openText(content, scope);
  switch (text?.type) {
    case 'session-confirm': {
      const primary = aboutPne(stream, { type: 'SecureSessionEstablished', data: { keyId } });
      const after = text.about === null ? [] : await describe(scope, deviceId, 'device', text.about);
      return { kind: 'facts', primary, after };
    }
    case 'session-close':
      return { kind: 'facts', primary: aboutPne(stream, { type: 'SessionCloseReceived', data: { keyId } }) };
    case 'session-closed':
      return { kind: 'facts', primary: closed(scope, stream, keyId, 'ended') };
    default:
      return { kind: 'refuse', code: 401 };
  }
}

/** The keys of a session go in the commit that says that it is over. */
function closed(scope: Scope, stream: string, keyId: string, reason: 'ended' | 'replaced'): Targeted {
  for (const id of [sessionKey(keyId), chainKey(keyId)]) scope.keys.drop(id);
  return aboutPne(stream, { type: 'SecureSessionClosed', data: { keyId, reason } });
}

export const secureSessionPart: Part = {
  facts: {
    closeReplacedSession(scope, stream) {
      const { keyId: latest, session, standingKeyId } = scope.context(registration, stream);
      const keyId = session === 'established' ? standingKeyId : latest;
      return keyId === null ? [] : [closed(scope, stream, keyId, 'replaced')];
    },
    endSession(scope, stream) {
      const { keyId } = scope.context(registration, stream);
      return keyId === null ? [] : [closed(scope, stream, keyId, 'ended')];
    },
    endStandingSession(scope, stream) {
      const { standingKeyId } = scope.context(registration, stream);
      return standingKeyId === null ? [] : [closed(scope, stream, standingKeyId, 'ended')];
    },
  },
  letters: {
    sealed: (scope, stream) => sealedAnswer(scope, stream, 'session-confirmed'),
    'session-close': (scope, stream) => {
      const { deviceId, pnId } = scope.context(registration, stream);
      const { gatewayId } = scope.context(personalNetwork, streamOf('cpns-server/personal-network', { pnId }));
      const body = { deviceId, ...sealText(sessionOf(scope), 'session-close') };
      return { subject: wanDown(gatewayId, 'sealed'), type: 'sealed', inReplyTo: null, body };
    },
    'session-closed': (scope, stream) => sealedAnswer(scope, stream, 'session-closed'),
  },
};

/** By the PN GW that the question came through. */
function sealedAnswer(scope: Scope, stream: string, text: SealedText): Letter {
  const { gatewayId, deviceId } = scope.context(registration, stream);
  const body = { deviceId, ...sealText(sessionOf(scope), text) };
  return answer('sealed', scope.message?.gatewayId ?? gatewayId, scope.message?.messageId ?? '', body);
}
