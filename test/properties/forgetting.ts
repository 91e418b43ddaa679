import { openFields } from '../../actors/roles/cpns-server/subject/personal.ts';
import { text } from './reading.ts';
import type { Checker } from './evidence.ts';

/**
 * I17: what is personal is sealed under a key of its subject that is there, and stands nowhere in plain; with `SubjectErased`
 * every key of the subject is gone for good, and what is told later is under another one.
 */
export const forgetsWhatWasErased: Checker = ({ timeline, sent, log }) => {
  const found: string[] = [];
  const held = new Map<string, Uint8Array>();
  const gone = new Set<string>();
  const plain = new Set<string>();
  for (const { node, events, keys } of timeline) {
    if (node !== 'server') continue;
    for (const { id, secret } of keys.put) {
      if (!id.startsWith('subject/')) continue;
      if (gone.has(id)) found.push(`${id} is there again after it was destroyed`);
      held.set(id, secret);
    }
    for (const id of keys.drop) if (held.delete(id)) gone.add(id);
    for (const event of events) {
      const { stream, type } = event;
      const keyId = text(event, 'keyId') ?? '';
      if (type === 'SubjectErased') {
        for (const id of held.keys())
          if (id.startsWith(`${stream}/`)) found.push(`${id} outlives the erasure of ${stream}`);
      }
      if (type !== 'SubjectDescribed') continue;
      const key = held.get(keyId);
      const fields = key === undefined ? null : openFields(key, stream, keyId, text(event, 'sealed') ?? '');
      if (fields === null) found.push(`${stream}: nothing that is there opens what was told under ${keyId}`);
      for (const field of Object.values(fields ?? {})) if (field !== null) plain.add(field);
    }
  }
  const places = [
    ...timeline.flatMap(({ events }) => events.map((event) => JSON.stringify(event))),
    ...sent.map(({ subject, payload }) => `${subject} ${payload}`),
    ...log,
  ].join('\n');
  return [...found, ...[...plain].filter((field) => places.includes(field)).map((field) => `in plain: ${field}`)];
};
