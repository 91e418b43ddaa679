import { PersonalFields } from '../../../../events/fields.ts';
import { fromBase64url, toBase64url } from '../../../../security/base64url.ts';
import { openPersonal, sealPersonal, type PersonalPlace } from '../../../../security/personal-data.ts';
import type { RandomBytes } from '../../../../security/random-bytes.ts';
import { readJson } from '../../../../messages/json.ts';

/** Personal fields as an event holds them. */

const utf8 = new TextEncoder();

const placeOf = (stream: string, keyId: string): PersonalPlace => ({ stream, type: 'SubjectDescribed', keyId });

/** @returns base64url */
export function sealFields(
  key: Uint8Array,
  stream: string,
  keyId: string,
  fields: PersonalFields,
  bytes: RandomBytes,
): string {
  return toBase64url(sealPersonal(key, placeOf(stream, keyId), utf8.encode(JSON.stringify(fields)), bytes));
}

/** Null where the key does not open it in this place. */
export function openFields(key: Uint8Array, stream: string, keyId: string, sealed: string): PersonalFields | null {
  const bytes = fromBase64url(sealed);
  const json = bytes === null ? null : openPersonal(key, placeOf(stream, keyId), bytes);
  return json === null ? null : (PersonalFields.safeParse(readJson(json)).data ?? null);
}
