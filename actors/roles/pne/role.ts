import { isTemporary, type ResponseCode } from '../../../events/codes.ts';
import { CpnsId, type PersonalFields } from '../../../events/fields.ts';
import type { PneRegistrationEvent } from '../../../events/vocabulary/pne-registration.ts';
import { z } from 'zod';
import { pneRegistration } from '../../../machines/pne/registration.ts';
import type { PneContext } from '../../../machines/pne/registration-terms.ts';
import { fromBase64url, toBase64url } from '../../../security/base64url.ts';
import { finishRegistration, startRegistration, type Credential } from '../../../security/registration-handshake.ts';
import { sessionToBytes } from '../../../security/session.ts';
import { timestampAfter, timestampToBytes } from '../../../security/timestamp.ts';
import type { Meaning, Role, Scope, Targeted } from '../../loop/role.ts';
import type { Incoming, Letter } from '../../../messages/catalogue.ts';
import { deviceHears, linkUp } from '../../../messages/subjects.ts';
import { pneBinding } from '../../sessions/binding.ts';
import {
  handshakeKey,
  openText,
  sealText,
  sessionKey,
  sessionOf,
  type SealedContent,
  type SealedText,
} from '../../sessions/sealed-text.ts';
import { readJson } from '../../../messages/json.ts';
import { streamOf, idsOf } from '../../../machines/streams.ts';

/** A device as provisioned: a pre-shared secret stands for the USIM of the change request, a certificate for its PKI. */
export interface PneDevice {
  readonly deviceId: string;
  readonly pnId: string;
  readonly gatewayId: string;
  readonly credential: Credential;
  readonly pairing: 'needed' | 'none';
  /** What it tells the CPNS Server of its user and itself, sealed in its session; default: nothing. */
  readonly about?: PersonalFields;
}

const deviceOf = (stream: string): string => idsOf('pne/registration', stream).deviceId;

const Acceptance = z.object({ code: z.literal(200), cpnsId: CpnsId });

function fact(stream: string, event: PneRegistrationEvent): Targeted {
  return { stream, ...event };
}

/** The role of one or many PNEs in a process. */
export function pneRole(devices: readonly PneDevice[]): Role {
  const credentials = new Map(devices.map(({ deviceId, credential }) => [deviceId, credential]));
  const personal = new Map(devices.map(({ deviceId, about }) => [deviceId, about ?? null]));

  /** The handshake is over with the registration: its secret goes. */
  function refused(stream: string, requestId: string, code: ResponseCode, scope: Scope): Meaning {
    scope.keys.drop(handshakeKey(requestId));
    return { kind: 'facts', primary: fact(stream, { type: 'RegistrationRefused', data: { requestId, code } }) };
  }

  async function acceptance(message: Incoming, stream: string, reply: string | null, scope: Scope): Promise<Meaning> {
    const requestId = message.inReplyTo ?? '';
    const { context } = await scope.state(pneRegistration, stream);
    if (requestId !== context.requestId) return { kind: 'refuse', code: 409 };
    const pending = await scope.keys.get(handshakeKey(requestId));
    const bytes = reply === null ? null : fromBase64url(reply);
    if (pending === null || bytes === null) return { kind: 'refuse', code: 401 };
    const result = finishRegistration({ pending, message: bytes });
    if (result.kind === 'failed') return { kind: 'refuse', code: 401 };
    const accepted = Acceptance.safeParse(readJson(result.payload)).data;
    if (accepted === undefined) return { kind: 'refuse', code: 400 };
    const { session } = result;
    scope.memory.session = session;
    const data = { requestId, code: 200 as const, cpnsId: accepted.cpnsId, keyId: session.keyId };
    return { kind: 'facts', primary: fact(stream, { type: 'RegistrationAccepted', data }) };
  }

  async function sealedText(content: SealedContent, stream: string, scope: Scope): Promise<Meaning> {
    const { keyId } = content.body;
    switch ((await openText(content, scope))?.type) {
      case 'session-confirmed':
        return { kind: 'facts', primary: fact(stream, { type: 'SecureSessionConfirmed', data: { keyId } }) };
      case 'session-close':
        return { kind: 'facts', primary: fact(stream, { type: 'SessionCloseReceived', data: { keyId } }) };
      case 'session-closed':
        return { kind: 'facts', primary: ended(stream, keyId, scope) };
      default:
        return { kind: 'refuse', code: 401 };
    }
  }

  function ended(stream: string, keyId: string, scope: Scope): Targeted {
    scope.keys.drop(sessionKey(keyId));
    return fact(stream, { type: 'SecureSessionClosed', data: { keyId, reason: 'ended' } });
  }

  async function refusedByNotice(
    message: Incoming,
    stream: string,
    code: ResponseCode,
    scope: Scope,
  ): Promise<Meaning> {
    if (isTemporary(code)) return { kind: 'ignore', reason: `${code}: the next attempt asks again` };
    const requestId = message.inReplyTo ?? '';
    const { value } = await scope.state(pneRegistration, stream);
    if (value !== 'pairing') return refused(stream, requestId, code, scope);
    return { kind: 'facts', primary: fact(stream, { type: 'PairingRefused', data: { requestId, code } }) };
  }

  return {
    name: 'pne',
    busy: 503,
    subscriptions: devices.flatMap(({ deviceId }) => deviceHears(deviceId)).map((pattern) => ({ pattern })),
    route({ content, deviceId }) {
      if (deviceId === null || !credentials.has(deviceId))
        return { kind: 'drop', reason: 'not a device of this process' };
      return content.type === 'data'
        ? { kind: 'data' }
        : { kind: 'actor', stream: streamOf('pne/registration', { deviceId }) };
    },
    interpret(message, stream, scope) {
      const { content } = message;
      if (content.leg !== 'link.down') return { kind: 'ignore', reason: 'not for a PNE' };
      switch (content.type) {
        case 'pairing-response': {
          const requestId = message.inReplyTo ?? '';
          const { code } = content.body;
          const { gatewayId } = message;
          const primary =
            code === 200
              ? fact(stream, { type: 'PairingFormed', data: { requestId, gatewayId } })
              : fact(stream, { type: 'PairingRefused', data: { requestId, code } });
          return { kind: 'facts', primary };
        }
        case 'registration-response':
          return content.body.code === 200
            ? acceptance(message, stream, content.body.handshake, scope)
            : refused(stream, message.inReplyTo ?? '', content.body.code, scope);
        case 'sealed':
          return sealedText(content, stream, scope);
        case 'data':
          return { kind: 'ignore', reason: 'for no actor' };
        case 'notice':
          return refusedByNotice(message, stream, content.body.code, scope);
      }
    },
    facts: {
      requestPairing: (scope, stream) => [fact(stream, { type: 'PairingRequested', data: { requestId: scope.id() } })],
      requestRegistration(scope, stream) {
        const context = scope.context(pneRegistration, stream);
        const credential = credentials.get(deviceOf(stream));
        if (credential === undefined) throw new Error(`No credential is provisioned for ${deviceOf(stream)}.`);
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
        const handshake = toBase64url(message);
        const data = { requestId, pnId, gatewayId, handshake, timestamp };
        return [fact(stream, { type: 'RegistrationRequested', data })];
      },
      establishSession(scope, stream) {
        const { keyId: earlier, requestId } = scope.context(pneRegistration, stream);
        const session = sessionOf(scope);
        scope.keys.drop(handshakeKey(requestId));
        scope.keys.put(sessionKey(session.keyId), sessionToBytes(session));
        const facts: Targeted[] = [];
        if (earlier !== null) {
          scope.keys.drop(sessionKey(earlier));
          facts.push(fact(stream, { type: 'SecureSessionClosed', data: { keyId: earlier, reason: 'replaced' } }));
        }
        facts.push(fact(stream, { type: 'SecureSessionEstablished', data: { keyId: session.keyId } }));
        return facts;
      },
      closeUnconfirmedSession(scope, stream) {
        const { keyId } = scope.context(pneRegistration, stream);
        if (keyId === null) return [];
        scope.keys.drop(sessionKey(keyId));
        return [fact(stream, { type: 'SecureSessionClosed', data: { keyId, reason: 'unconfirmed' } })];
      },
      endSession(scope, stream) {
        const { keyId } = scope.context(pneRegistration, stream);
        return keyId === null ? [] : [ended(stream, keyId, scope)];
      },
      wantRegistration(scope, stream) {
        const { deviceId, pnId, gatewayId, flow } = scope.context(pneRegistration, stream);
        const pairing = flow === '1.4.2' ? 'needed' : 'none';
        return [fact(stream, { type: 'RegistrationWanted', data: { deviceId, pnId, gatewayId, pairing } })];
      },
      registrationTimedOut(scope, stream) {
        const { requestId } = scope.context(pneRegistration, stream);
        scope.keys.drop(handshakeKey(requestId));
        return [fact(stream, { type: 'RegistrationTimedOut', data: { requestId } })];
      },
      pairingTimedOut(scope, stream) {
        const { requestId } = scope.context(pneRegistration, stream);
        return [fact(stream, { type: 'PairingTimedOut', data: { requestId } })];
      },
    },
    letters: {
      'pairing-request': (scope, stream) => request(scope.context(pneRegistration, stream), 'pairing-request', {}),
      'registration-request': (scope, stream) => {
        const context = scope.context(pneRegistration, stream);
        const { pnId, handshake } = context;
        return request(context, 'registration-request', { pnId, handshake });
      },
      sealed: (scope, stream) => sealed(scope, stream, 'session-confirm', personal.get(deviceOf(stream)) ?? null),
      'session-close': (scope, stream) => sealed(scope, stream, 'session-close'),
      'session-closed': (scope, stream) => {
        return { ...sealed(scope, stream, 'session-closed'), inReplyTo: scope.message?.messageId ?? null };
      },
    },
    refusal: () => null,
    notice: () => null,
  };
}

function request(context: PneContext, type: string, body: object): Letter {
  const { gatewayId, deviceId, requestId } = context;
  return { subject: linkUp(gatewayId, deviceId, type), type, messageId: requestId, inReplyTo: null, body };
}

function sealed(scope: Scope, stream: string, text: SealedText, about: PersonalFields | null = null): Letter {
  const { gatewayId, deviceId, pnId } = scope.context(pneRegistration, stream);
  const body = { pnId, ...sealText(sessionOf(scope), text, about) };
  return { subject: linkUp(gatewayId, deviceId, 'sealed'), type: 'sealed', inReplyTo: null, body };
}
