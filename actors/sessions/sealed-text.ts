import { z } from 'zod';
import { PersonalFields } from '../../events/fields.ts';
import { fromBase64url, toBase64url } from '../../security/base64url.ts';
import { readJson } from '../../messages/json.ts';
import { SEALED_TEXT_TYPES, SEALED_TEXTS, type SealedText } from '../../messages/sealed-texts.ts';
import { padded } from '../../security/personal-data.ts';
import { openFrame, sealFrame, sessionFromBytes, type Session } from '../../security/session.ts';
import { StepValue } from '../loop/step-value.ts';
import type { Scope } from '../loop/role.ts';
import type { Content } from '../../messages/incoming.ts';

export type SealedContent = Extract<Content, { readonly type: 'sealed' }>;

const NO_DATA = new Uint8Array(0);
/** A device may say what is personal about it; what this program cannot read of that is as if it had not been said. */
const Text = z.object({
  type: z.enum(SEALED_TEXT_TYPES),
  about: PersonalFields.optional().catch(undefined),
});
const utf8 = new TextEncoder();

/**
 * Ids in the keyring: of a handshake that waits for its answer, of the keys of a session, of the certificates that it was
 * agreed on with, of its newest frame.
 */
export const handshakeKey = (requestId: string): string => `handshake/${requestId}`;
export const sessionKey = (keyId: string): string => `session/${keyId}`;
export const chainKey = (keyId: string): string => `chain/${keyId}`;
export const seenKey = (keyId: string): string => `wan/seen/${keyId}`;

/** The session that a step is about: it was agreed on in it, or opened what was said. */
export const stepSession = new StepValue<Session>('session');

/** The session as the keyring has it, or null. */
export async function keptSession(keyId: string, scope: Scope): Promise<Session | null> {
  const kept = await scope.keys.get(sessionKey(keyId));
  return kept === null ? null : sessionFromBytes(kept);
}

/** Seals `{"type": ...}` under the counter of this text, and what is personal about the device where it tells that. */
export function sealText(
  session: Session,
  type: SealedText,
  about: PersonalFields | null = null,
): { keyId: string; counter: number; frame: string } {
  const { counter } = SEALED_TEXTS[type];
  const plain = utf8.encode(JSON.stringify(about === null ? { type } : { type, about }));
  const sealed = sealFrame(session, counter, about === null ? plain : padded(plain), NO_DATA);
  return { keyId: session.keyId, counter, frame: toBase64url(sealed) };
}

/** What the other end said of the session. */
export interface ReadText {
  readonly type: SealedText;
  readonly about: PersonalFields | null;
}

export interface OpenedText extends ReadText {
  /** The session that it was sealed in. */
  readonly session: Session;
}

/** Opens a sealed text. Null for whatever is not one. */
export async function openText(content: SealedContent, scope: Scope): Promise<OpenedText | null> {
  const { keyId, counter, frame } = content.body;
  const session = await keptSession(keyId, scope);
  const bytes = fromBase64url(frame);
  if (session === null || bytes === null) return null;
  const plaintext = openFrame(session, counter, bytes, NO_DATA);
  const text = plaintext === null ? null : readText(plaintext);
  if (text === null || SEALED_TEXTS[text.type].counter !== counter) return null;
  return { ...text, session };
}

/** What a text says once it is opened, or null. */
export function readText(plaintext: Uint8Array): ReadText | null {
  const text = Text.safeParse(readJson(plaintext)).data;
  if (text === undefined) return null;
  const { type, about } = text;
  const tells = about !== undefined && Object.values(about).some((field) => field !== null);
  return { type, about: tells ? about : null };
}
