import type { PersonalFields, SubjectTeller } from '../../../../events/fields.ts';
import type { SubjectEvent } from '../../../../events/vocabulary/cpns-server/subject.ts';
import { subject } from '../../../../machines/cpns-server/subject.ts';
import { toBase64url } from '../../../../security/base64url.ts';
import { KEY_BYTES } from '../../../../security/security-error.ts';
import type { Scope, StreamEvent } from '../../../loop/role.ts';
import { openFields, sealFields } from './personal.ts';
import { streamOf } from '../../../../machines/streams.ts';

const ID_BYTES = 16;

/**
 * The fact that somebody told the personal fields of a device, sealed under the key of the subject, which is made for
 * the first. None where they are known already, or where the chart does not take it from whoever tells.
 */
export async function describe(
  scope: Scope,
  deviceId: string,
  by: SubjectTeller,
  fields: PersonalFields,
): Promise<readonly StreamEvent[]> {
  const stream = streamOf('cpns-server/subject', { deviceId });
  const state = await scope.state(subject, stream);
  const { keyId: formerId, sealed: former, by: formerTeller } = state.context;
  const formerKey = former === null ? null : await scope.keys.get(formerId);
  if (former !== null && formerKey !== null && formerTeller === by) {
    const known = openFields(formerKey, stream, formerId, former);
    if (known !== null && isSame(known, fields)) return [];
  }
  const keyId = formerKey === null ? `${stream}/${toBase64url(scope.bytes(ID_BYTES))}` : formerId;
  const key = formerKey ?? scope.bytes(KEY_BYTES);
  const sealed = sealFields(key, stream, keyId, fields, (length) => scope.bytes(length));
  const event: SubjectEvent = { type: 'SubjectDescribed', data: { keyId, by, sealed } };
  if (!subject.can(state, event)) return [];
  if (formerKey === null) scope.keys.put(keyId, key);
  return [{ stream, ...event }];
}

const isSame = (a: PersonalFields, b: PersonalFields): boolean =>
  a.user === b.user && a.name === b.name && a.mac === b.mac;
