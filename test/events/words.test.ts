import { expect, test } from 'vitest';
import { admissionEvents } from '../../events/vocabulary/pn-gateway/admission.ts';

test('a PN Update Request is told as what it asks for', () => {
  const { words } = admissionEvents.PnUpdateRequested;
  const told = (['add', 'remove'] as const).map((action) => (typeof words === 'function' ? words({ action }) : words));
  expect(told).toEqual(['PN Update Request: add the PNE', 'PN Update Request: remove the PNE']);
});
