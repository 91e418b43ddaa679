import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { claimEpoch, firstChain, MAX_EPOCH, type Chain } from '../../security/epochs.ts';
import { strangersFrameKey } from './stranger.ts';

const root = Uint8Array.from({ length: 32 }, (_, index) => index);
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const rest = (chain: Chain, epoch: number): Chain => {
  const claimed = claimEpoch(chain, epoch);
  if (claimed === null) throw new Error(`epoch ${epoch} is not free`);
  return claimed.rest;
};
const frameKey = (chain: Chain, epoch: number): string => {
  const key = claimEpoch(chain, epoch)?.claimed.frameKey;
  if (key === undefined || key instanceof Uint8Array) throw new Error('no key object');
  return key.export().toString('hex');
};

describe('the chain of a direction', () => {
  test('gives these keys for the root 00 01 02 ... 1f', () => {
    const up = firstChain(root, 'up');
    expect([toHex(up.key), frameKey(up, 0), frameKey(up, 1), toHex(rest(up, 0).key)]).toEqual([
      '8a15efc8f92a40977ced559e9a675378f2021ec2154145e22f502a313d91e87e',
      'c1047971f2dd3fb1c2e947edcb2507a4b1c0bace7226749c76cc9573d843b5df',
      '8657dd5ffeccf225ffc461d69a5d164f39f7d3d3598db139be59277874741980',
      'f42e1d97a37a8f2f220862bb4492bd2c9feabe0bc4174ebf24a8dd6bc0c89698',
    ]);
    expect(toHex(firstChain(root, 'down').key)).toBe(
      'ff59cbcda8703057230be5bdead10f91594821f0ced5be2e937db6035f37d814',
    );
  });

  test('gives the keys that node:crypto makes of the document', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(20), (dataRoot, epoch) => {
        for (const direction of ['up', 'down'] as const) {
          const theirs = strangersFrameKey(dataRoot, direction, epoch);
          expect(frameKey(firstChain(dataRoot, direction), epoch)).toBe(theirs.toString('hex'));
        }
      }),
    );
  });

  test('gives the same key whether the epochs before it were claimed or skipped', () => {
    const up = firstChain(root, 'up');
    const stepped = [0, 1, 2, 3, 4].reduce((chain, epoch) => rest(chain, epoch), up);
    expect(frameKey(stepped, 5)).toBe(frameKey(up, 5));
    expect(rest(stepped, 5)).toEqual(rest(up, 5));
  });

  test('gives no epoch again, none of before, and none after the last', () => {
    const chain = rest(firstChain(root, 'up'), 6);
    expect(chain.epoch).toBe(7);
    for (const epoch of [6, 0, -1, 7.5, Number.NaN, MAX_EPOCH + 1]) expect(claimEpoch(chain, epoch)).toBeNull();
    expect(rest({ epoch: MAX_EPOCH, key: root }, MAX_EPOCH).epoch).toBe(MAX_EPOCH + 1);
    expect(claimEpoch(rest({ epoch: MAX_EPOCH, key: root }, MAX_EPOCH), MAX_EPOCH + 1)).toBeNull();
  });

  test('leaves nothing of an epoch that was claimed: what stays is a hash of what was', () => {
    const up = firstChain(root, 'up');
    const next = createHmac('sha256', up.key).update('CPNS data next').update(Buffer.of(1)).digest('hex');
    expect(toHex(rest(up, 0).key)).toBe(next);
    expect(Object.keys(rest(up, 0))).toEqual(['epoch', 'key']);
  });
});
