import { SealedMessage } from '../../actors/sessions/wan/sealed-wire.ts';
import { fromBase64url } from '../../security/base64url.ts';
import { frameCounter } from '../../security/replay-window.ts';
import { openFrame, type SessionKeys } from '../../security/session.ts';

/** The same session as the other end has it. */
export const otherEnd = ({ keyId, role, sendKey, receiveKey }: SessionKeys): SessionKeys => ({
  keyId,
  role: role === 'initiator' ? 'responder' : 'initiator',
  sendKey: receiveKey,
  receiveKey: sendKey,
});

/** What a message of the WAN says, for whoever has the sessions of the server; the payload as it is where it is not sealed. */
export function unsealed(
  subject: string,
  payload: Uint8Array,
  sessionOf: (keyId: string) => SessionKeys | undefined,
): Uint8Array {
  if (!subject.startsWith('cpns.wan.')) return payload;
  const sealed = SealedMessage.safeParse(read(payload)).data;
  const server = sealed === undefined ? undefined : sessionOf(sealed.keyId);
  const frame = sealed === undefined ? null : fromBase64url(sealed.frame);
  if (sealed === undefined || server === undefined || frame === null) return payload;
  const receiver = subject.startsWith('cpns.wan.up.') ? server : otherEnd(server);
  return openFrame(receiver, frameCounter(sealed), frame, new TextEncoder().encode(subject)) ?? payload;
}

function read(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return null;
  }
}
