import { expect, it } from 'vitest';
import { ownerOf } from '../../replay/owner.ts';

it.each([
  ['registration/home/lamp', 'cpns-server/registration', 'cpns-server'],
  ['subject/lamp', 'cpns-server/subject', 'cpns-server'],
  ['admission/hub/lamp', 'pn-gateway/admission', 'pn-gateway/hub'],
  ['pne/lamp', 'pne/registration', 'pne/lamp'],
  ['keyring', 'journal/keyring', null],
  ['pne', 'pne/registration', null],
  ['pne/lamp', 'pne/unheard-of', null],
])('in %s of %s acts %s', (stream, chart, owner) => {
  expect(ownerOf(stream, chart)).toBe(owner);
});
