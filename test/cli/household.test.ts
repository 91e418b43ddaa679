import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadHousehold } from '../../cli/config/household.ts';

const { gateways, pns, pnes } = loadHousehold(fileURLToPath(new URL('../../examples/household.yaml', import.meta.url)));

test('the example household is one of a real size', () => {
  expect(gateways.length).toBeGreaterThanOrEqual(1);
  expect(pnes.length).toBeGreaterThanOrEqual(14);
  expect(new Set(pnes.map((pne) => pne.vendor)).size).toBeGreaterThanOrEqual(8);
});

test('it goes through both flows and every refusal that a household can meet', () => {
  const policyOf = new Map(pns.map((pn) => [pn.id, pn.joinPolicy]));
  const cases = pnes.map((pne) => `${pne.membership} of ${policyOf.get(pne.pn) ?? 'no'} PN: ${pne.demo.expect}`);
  expect(new Set(cases)).toEqual(
    new Set([
      'member of open PN: 200',
      'member of closed PN: 200',
      'stranger of open PN: 200',
      'member of open PN: 401',
      'stranger of open PN: 401',
      'stranger of closed PN: 403',
      'stranger of no PN: 404',
    ]),
  );
});

test('every device names a gateway of the household', () => {
  const known = gateways.map((gateway) => gateway.id);
  for (const pne of pnes) expect(known).toContain(pne.gateway);
});
