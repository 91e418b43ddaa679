import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runVectors } from '../../script/noise-vectors.ts';

/** cacophony's vectors/cacophony.txt (public domain), as snow carries it in tests/vectors: the two protocols spoken here. */
const FILE = new URL('vectors/cacophony.json', import.meta.url).pathname;
const text = readFileSync(FILE, 'utf8');
const SCRIPT = new URL('../../script/noise-vectors.ts', import.meta.url).pathname;

describe('the published vectors of both protocols', () => {
  test('pass: handshake messages, hash and transport frames', () => {
    expect(runVectors(text)).toEqual({ passed: 2, leftAside: 0, difference: null });
  });

  test('tell the first difference, wherever it is', () => {
    const digits = [...text.matchAll(/"(ciphertext|payload|handshake_hash|init_ephemeral)": "([0-9a-f]{2})/g)];
    expect(digits.length).toBeGreaterThan(20);
    for (const digit of digits) {
      const at = digit.index + digit[0].length - 1;
      const changed = text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1);
      expect(runVectors(changed).difference).toMatch(/^Vector [01], Noise_/);
    }
  });

  test('of other protocols are counted and left aside, whatever fields they have', () => {
    const file = JSON.stringify({ vectors: [{ protocol_name: 'Noise_XX_448_AESGCM_BLAKE2b', fallback: true }] });
    expect(runVectors(file)).toEqual({ passed: 0, leftAside: 1, difference: null });
  });
});

describe('npm run noise-vectors', () => {
  test('prints how many passed', () => {
    expect(execFileSync(process.execPath, [SCRIPT, FILE], { encoding: 'utf8' })).toBe(
      '2 passed, 0 of protocols that are not spoken here\n',
    );
  });

  test.each([
    [[], /Name a file/],
    [['/does/not/exist'], /ENOENT/],
    [[SCRIPT], /no file of test vectors/],
  ] as const)('without a usable file ends with exit code 2', (args, says) => {
    const { status, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toMatch(says);
  });
});
