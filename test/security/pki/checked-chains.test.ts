import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CheckedChains } from '../../../security/pki/checked-chains.ts';
import { deviceNamed, gatewayNamed } from '../../../security/pki/identity.ts';
import type { RevocationList } from '../../../security/pki/revocation-list.ts';
import { verifyCertificate } from '../../../security/pki/verify.ts';
import { Authority, EPOCH_MS, PERIOD } from './authority.ts';

const authority = new Authority('operator');
const trustAnchors = [authority.certificate];
const anna = deviceNamed('watch-anna');
const { chain } = authority.certify(anna);
const [der = new Uint8Array(0)] = chain;
const at = EPOCH_MS + 1;
const NO_LISTS: readonly RevocationList[] = [];

const listNaming = (...ders: readonly Uint8Array[]): readonly RevocationList[] => [authority.revoke(...ders)];

/** That has checked the chain of watch-anna. */
function warm(): CheckedChains {
  const checked = new CheckedChains(trustAnchors);
  checked.verify({ chain, revocation: NO_LISTS, principal: anna, at });
  return checked;
}

describe('a chain that was checked', () => {
  const asked = { chain, revocation: NO_LISTS, principal: anna, at };

  test('is not checked again', () => {
    const checked = warm();
    expect(checked.verify({ ...asked, chain: [der.slice()] })).toBe(checked.verify(asked));
  });

  test('counts for nobody else, at no other time than its own, and by no other lists', () => {
    const reasons = (
      [
        ['wrongIdentity', { principal: deviceNamed('watch-otto') }],
        ['wrongIdentity', { principal: gatewayNamed('watch-anna') }],
        ['notYetValid', { at: PERIOD.notBeforeMs - 1 }],
        ['expired', { at: PERIOD.notAfterMs + 1_000 }],
        ['revoked', { revocation: listNaming(der) }],
      ] as const
    ).map(([reason, other]) => [reason, warm().verify({ ...asked, ...other })]);
    for (const [reason, verdict] of reasons) expect(verdict).toEqual({ kind: 'refused', reason });
  });

  test('counts again once the lists do not name it any longer, and not before', () => {
    const checked = warm();
    const named = { ...asked, revocation: listNaming(der) };
    expect(checked.verify(named).kind).toBe('refused');
    expect(checked.verify(named).kind).toBe('refused');
    expect(checked.verify(asked).kind).toBe('valid');
  });

  test('has a bit flipped, in whichever byte: it is refused, and nothing is kept of it', () => {
    const checked = warm();
    for (const [place, byte] of der.entries()) {
      const flipped = der.with(place, byte ^ (1 << (place & 7)));
      expect(checked.verify({ ...asked, chain: [flipped] }).kind).toBe('refused');
    }
    expect(checked.size).toBe(1);
  });
});

test('no more chains are kept than there is room for; those that were let go are checked again', () => {
  const checked = new CheckedChains(trustAnchors, 2);
  const three = ['a', 'b', 'c'].map((id) => ({ principal: deviceNamed(id), ...authority.device(id) }));
  for (const round of [three, three]) {
    for (const one of round) expect(checked.verify({ ...one, revocation: NO_LISTS, at }).kind).toBe('valid');
    expect(checked.size).toBe(2);
  }
});

/** Chains that are nearly right, whoever they are shown for, in any order, under lists and clocks that change. */
test('whatever was checked before, the verdict is that of a full check: no mutated or foreign chain is ever taken', () => {
  const other = authority.certify(deviceNamed('watch-otto'));
  const gateway = authority.certify(gatewayNamed('watch-anna'));
  const foreign = new Authority('another').certify(anna);
  const short = authority.certify(anna, { notBeforeMs: EPOCH_MS, notAfterMs: EPOCH_MS + 1_000 });
  const genuine = [chain, other.chain, gateway.chain, short.chain, [der, authority.certificate.der]];
  const issued = genuine.map(([first]) => String(first));
  const spliced = fc.tuple(fc.constantFrom(...genuine), fc.nat(600), fc.uint8Array({ minLength: 1, maxLength: 4 }));
  const chains = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...genuine, foreign.chain, [...foreign.chain, der], [der, der]) },
    {
      weight: 2,
      arbitrary: spliced.map(([[first = der, ...rest], where, put]) => [
        Uint8Array.of(...first.slice(0, where), ...put, ...first.slice(where + put.length)),
        ...rest,
      ]),
    },
    { weight: 1, arbitrary: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 }) },
  );
  const lists = { ofAnna: listNaming(der), ofOthers: listNaming(...other.chain, ...gateway.chain) };
  const step = fc.record({
    chain: chains,
    principal: fc.constantFrom(anna, anna, anna, deviceNamed('watch-otto'), gatewayNamed('watch-anna')),
    at: fc.constantFrom(
      EPOCH_MS,
      EPOCH_MS,
      EPOCH_MS + 1_999,
      EPOCH_MS + 2_000,
      EPOCH_MS - 1,
      PERIOD.notAfterMs + 1_000,
    ),
    revocation: fc.constantFrom(NO_LISTS, NO_LISTS, NO_LISTS, lists.ofAnna, lists.ofOthers),
  });
  const counts = { valid: 0, refused: 0 };
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 30 }), (steps) => {
      const checked = new CheckedChains(trustAnchors, 3);
      for (const one of steps) {
        const verdict = checked.verify(one);
        expect(verdict).toEqual(verifyCertificate({ ...one, trustAnchors }));
        counts[verdict.kind] += 1;
        if (verdict.kind === 'valid') expect(issued).toContain(String(one.chain[0]));
      }
    }),
    { numRuns: 25 },
  );
  expect(counts.valid).toBeGreaterThan(20);
  expect(counts.refused).toBeGreaterThan(100);
});
