import { z } from 'zod';
import { fromBase64url, toBase64url } from '../../security/base64url.ts';
import { openFrame, sealFrame, sessionFromBytes, type Session } from '../../security/session.ts';
import { StepError } from '../step.ts';
import type { Scope } from '../role.ts';
import type { Content } from '../wire/messages.ts';

/** The first sealed message of a session, both ways: each end shows that it holds the keys. Its counter is 0. */
export const CONFIRM = { counter: 0, question: 'session-confirm', answer: 'session-confirmed' } as const;

export type SealedContent = Extract<Content, { readonly type: 'sealed' }>;

const NO_DATA = new Uint8Array(0);
const Text = z.object({ type: z.string() });
const utf8 = new TextEncoder();

/** Ids in the keyring: of the keys of a session, of the certificates that it was agreed on with, of its newest frame. */
export const sessionKey = (keyId: string): string => `session/${keyId}`;
export const chainKey = (keyId: string): string => `chain/${keyId}`;
export const seenKey = (keyId: string): string => `wan/seen/${keyId}`;

/** The session that an earlier fact of this step made. */
export function sessionOf(scope: Scope): Session {
  const { session } = scope.memory;
  if (session === null) throw new StepError('The step has no session yet.');
  return session;
}

/** Seals `{"type": ...}` under counter 0, which each direction of a session uses once. */
export function sealText(session: Session, type: string): { keyId: string; counter: number; frame: string } {
  const sealed = sealFrame(session, CONFIRM.counter, utf8.encode(JSON.stringify({ type })), NO_DATA);
  return { keyId: session.keyId, counter: CONFIRM.counter, frame: toBase64url(sealed) };
}

/** Opens a sealed confirmation and keeps its session for the step. Null for whatever is not one. */
export async function openText(content: SealedContent, scope: Scope): Promise<string | null> {
  const { keyId, counter, frame } = content.body;
  if (counter !== CONFIRM.counter) return null;
  const kept = await scope.keys.get(sessionKey(keyId));
  const session = kept === null ? null : sessionFromBytes(kept);
  const bytes = fromBase64url(frame);
  if (session === null || bytes === null) return null;
  const plaintext = openFrame(session, counter, bytes, NO_DATA);
  if (plaintext === null) return null;
  scope.memory.session = session;
  return Text.safeParse(readJson(plaintext)).data?.type ?? null;
}

/** JSON in UTF-8, or null. */
export function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
