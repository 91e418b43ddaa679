import { expect, it } from 'vitest';
import { wordsOf } from '../../../replay/trace/words.ts';
import { recorded } from '../event.ts';

it.each([
  ['add', 'PN Update Request: add the PNE', 'received'],
  ['remove', 'PN Update Request: remove the PNE', 'received: remove the PNE'],
])('a PN Update Request to %s a PNE says so at both ends', (action, requested, received) => {
  expect(wordsOf(recorded('pn-gateway/admission', 'admission/hub/lamp', 'PnUpdateRequested', { action }))).toBe(
    requested,
  );
  expect(wordsOf(recorded('cpns-server/personal-network', 'pn/home', 'PnUpdateReceived', { action }))).toBe(received);
});

it('an event without words speaks for itself, and so does one that no chart has', () => {
  const of = (type: string) => wordsOf(recorded('cpns-server/subject', 'subject/lamp', type));
  expect(['SubjectErased', 'Unheard', 'constructor'].map(of)).toEqual(['SubjectErased', 'Unheard', 'constructor']);
  const { meta, ...event } = recorded('cpns-server/subject', 'subject/lamp', 'SubjectErased');
  expect(wordsOf({ ...event, meta: { ...meta, chart: { id: 'constructor', hash: '' } } })).toBe('SubjectErased');
});
