import { z } from 'zod';
import { isTemporary, type ResponseCode } from '../../../events/codes.ts';
import { CpnsId, type PersonalFields } from '../../../events/fields.ts';
import type { PneRegistrationEvent } from '../../../events/vocabulary/pne/registration.ts';
import { pneRegistration } from '../../../machines/pne/registration.ts';
import type { PneContext } from '../../../machines/pne/registration-terms.ts';
import { idsOf } from '../../../machines/streams.ts';
import { readJson } from '../../../messages/json.ts';
import { outbound, type OutboundBody } from '../../../messages/outbound.ts';
import { fromBase64url, toBase64url } from '../../../security/base64url.ts';
import { finishRegistration, startRegistration } from '../../../security/registration-handshake.ts';
import { sessionToBytes } from '../../../security/session.ts';
import { timestampAfter, timestampToBytes } from '../../../security/timestamp.ts';
import type { DecidersOf, Decision, Handlers, Scope, StreamEvent } from '../../loop/role.ts';
import { pneBinding } from '../../sessions/binding.ts';
import { handshakeKey, openText, sealText, sessionKey, stepSession } from '../../sessions/sealed-text.ts';
import type { PneDevice } from './device.ts';
import type { Incoming } from '../../../messages/incoming.ts';
import type { OutboundMessage } from '../../../messages/envelope.ts';
import type { SealedText } from '../../../messages/sealed-texts.ts';

/** 1.4.1/1 and 4, 1.4.2/1, 2 and 6: what a PNE has to do with its registration, and with the session that it makes. */

const aboutPne = (stream: string, event: PneRegistrationEvent): StreamEvent => ({ stream, ...event });

/** What the sealed payload of the second handshake message says. */
const Acceptance = z.object({ code: z.literal(200), cpnsId: CpnsId });

export const pneRegistrationDeciders: DecidersOf<'pne/registration'> = {
  'pairing-response'({ inReplyTo, gatewayId, content }, stream) {
    const requestId = inReplyTo ?? '';
    const { code } = content.body;
    const event =
      code === 200
        ? aboutPne(stream, { type: 'PairingFormed', data: { requestId, gatewayId } })
        : aboutPne(stream, { type: 'PairingRefused', data: { requestId, code } });
    return { kind: 'take', event };
  },

  /** The PN GW's word counts for a refusal only: an acceptance has to open. */
  'registration-response'(message, stream, scope) {
    const { code, handshake } = message.content.body;
    return code === 200 ? accepted(message, stream, handshake, scope) : refused(message, stream, code, scope);
  },

  async sealed({ content }, stream, scope) {
    const { keyId } = content.body;
    const text = await openText(content, scope);
    switch (text?.type) {
      case 'session-confirmed':
        return { kind: 'take', event: aboutPne(stream, { type: 'SecureSessionConfirmed', data: { keyId } }) };
      case 'session-close': {
        const event = aboutPne(stream, { type: 'SessionCloseReceived', data: { keyId } });
        return { kind: 'take', event, found: [stepSession.is(text.session)] };
      }
      case 'session-closed':
        return { kind: 'take', event: closed(scope, stream, keyId, 'ended') };
      default:
        return { kind: 'refuse', code: 401 };
    }
  },

  /** A notice is no outcome, but for a code that the same bytes will always get. */
  async notice(message, stream, scope) {
    const { code } = message.content.body;
    if (isTemporary(code)) return { kind: 'ignore', reason: `${code}: the next attempt asks again` };
    const data = { requestId: message.inReplyTo ?? '', code };
    const event = aboutPne(stream, { type: 'PairingRefused', data });
    if (pneRegistration.can(await scope.state(pneRegistration, stream), event)) return { kind: 'take', event };
    return refused(message, stream, code, scope);
  },
};

/** The handshake is over with the registration: its secret goes. */
function refused({ inReplyTo }: Incoming, stream: string, code: ResponseCode, scope: Scope): Decision {
  const requestId = inReplyTo ?? '';
  scope.keys.drop(handshakeKey(requestId));
  return { kind: 'take', event: aboutPne(stream, { type: 'RegistrationRefused', data: { requestId, code } }) };
}

async function accepted(message: Incoming, stream: string, reply: string | null, scope: Scope): Promise<Decision> {
  const requestId = message.inReplyTo ?? '';
  const { context } = await scope.state(pneRegistration, stream);
  if (requestId !== context.requestId) return { kind: 'refuse', code: 409 };
  const pending = await scope.keys.get(handshakeKey(requestId));
  const bytes = reply === null ? null : fromBase64url(reply);
  if (pending === null || bytes === null) return { kind: 'refuse', code: 401 };
  const result = finishRegistration({ pending, message: bytes });
  if (result.kind === 'failed') return { kind: 'refuse', code: 401 };
  const acceptance = Acceptance.safeParse(readJson(result.payload)).data;
  if (acceptance === undefined) return { kind: 'refuse', code: 400 };
  const { session } = result;
  const data = { requestId, code: 200 as const, cpnsId: acceptance.cpnsId, keyId: session.keyId };
  const event = aboutPne(stream, { type: 'RegistrationAccepted', data });
  return { kind: 'take', event, found: [stepSession.is(session)] };
}

type CloseReason = Extract<PneRegistrationEvent, { readonly type: 'SecureSessionClosed' }>['data']['reason'];

/** The keys of a session go in the commit that says that it is over. */
function closed(scope: Scope, stream: string, keyId: string, reason: CloseReason): StreamEvent {
  scope.keys.drop(sessionKey(keyId));
  return aboutPne(stream, { type: 'SecureSessionClosed', data: { keyId, reason } });
}

export function pneRegistrationHandlers(devices: readonly PneDevice[]): Handlers<typeof pneRegistration> {
  const known = new Map(devices.map((device) => [device.deviceId, device]));
  const deviceOf = (stream: string): PneDevice | undefined => known.get(idsOf('pne/registration', stream).deviceId);
  return {
    asks: {
      requestPairing: (scope, stream) => [
        aboutPne(stream, { type: 'PairingRequested', data: { requestId: scope.id() } }),
      ],
      timeOutPairing(scope, stream) {
        const { requestId } = scope.context(pneRegistration, stream);
        return [aboutPne(stream, { type: 'PairingTimedOut', data: { requestId } })];
      },
      requestRegistration(scope, stream) {
        const context = scope.context(pneRegistration, stream);
        const credential = deviceOf(stream)?.credential;
        if (credential === undefined) throw new Error(`No credential is provisioned for ${context.deviceId}.`);
        const requestId = scope.id();
        const timestamp = timestampAfter(context.timestamp, scope.now);
        const { message, pending } = startRegistration({
          credential,
          binding: pneBinding(context, requestId),
          payload: timestampToBytes(timestamp),
          bytes: (length) => scope.bytes(length),
        });
        if (context.requestId !== '') scope.keys.drop(handshakeKey(context.requestId));
        scope.keys.put(handshakeKey(requestId), pending);
        const { pnId, gatewayId } = context;
        const data = { requestId, pnId, gatewayId, handshake: toBase64url(message), timestamp };
        return [aboutPne(stream, { type: 'RegistrationRequested', data })];
      },
      timeOutRegistration(scope, stream) {
        const { requestId } = scope.context(pneRegistration, stream);
        scope.keys.drop(handshakeKey(requestId));
        return [aboutPne(stream, { type: 'RegistrationTimedOut', data: { requestId } })];
      },
      establishSession(scope, stream) {
        const { session: earlier, requestId } = scope.context(pneRegistration, stream);
        const session = stepSession.in(scope);
        scope.keys.drop(handshakeKey(requestId));
        scope.keys.put(sessionKey(session.keyId), sessionToBytes(session));
        return [
          ...(earlier === null ? [] : [closed(scope, stream, earlier.keyId, 'replaced')]),
          aboutPne(stream, { type: 'SecureSessionEstablished', data: { keyId: session.keyId } }),
        ];
      },
      closeUnconfirmedSession(scope, stream) {
        const { agreedKeyId } = scope.context(pneRegistration, stream);
        return agreedKeyId === null ? [] : [closed(scope, stream, agreedKeyId, 'unconfirmed')];
      },
      closeSession(scope, stream) {
        const { session } = scope.context(pneRegistration, stream);
        return session === null ? [] : [closed(scope, stream, session.keyId, 'ended')];
      },
      wantRegistration(scope, stream) {
        const { deviceId, pnId, gatewayId, flow } = scope.context(pneRegistration, stream);
        const pairing = flow === '1.4.2' ? 'needed' : 'none';
        return [aboutPne(stream, { type: 'RegistrationWanted', data: { deviceId, pnId, gatewayId, pairing } })];
      },
    },
    messages: {
      'pairing-request': (scope, stream) => request(scope.context(pneRegistration, stream), 'pairing-request', {}),
      'registration-request': (scope, stream) => {
        const context = scope.context(pneRegistration, stream);
        const { pnId, handshake } = context;
        return request(context, 'registration-request', { pnId, handshake });
      },
      'session-confirm': (scope, stream) => sealed(scope, stream, 'session-confirm', deviceOf(stream)?.about),
      'session-close': (scope, stream) => sealed(scope, stream, 'session-close'),
      'session-closed': (scope, stream) => {
        return { ...sealed(scope, stream, 'session-closed'), inReplyTo: scope.message?.messageId ?? null };
      },
    },
  };
}

function request<T extends 'pairing-request' | 'registration-request'>(
  { gatewayId, deviceId, requestId: messageId }: PneContext,
  type: T,
  body: OutboundBody<'link.up', T>,
): OutboundMessage<T> {
  return outbound('link.up', { gatewayId, deviceId }, type, body, { messageId });
}

function sealed(scope: Scope, stream: string, text: SealedText, about?: PersonalFields): OutboundMessage<'sealed'> {
  const { gatewayId, deviceId, pnId } = scope.context(pneRegistration, stream);
  const body = { pnId, ...sealText(stepSession.in(scope), text, about ?? null) };
  return outbound('link.up', { gatewayId, deviceId }, 'sealed', body);
}
