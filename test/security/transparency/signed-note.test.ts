import { describe, expect, it } from 'vitest';
import { checkpointText, parseCheckpoint } from '../../../security/transparency/checkpoint.ts';
import {
  newNoteSigner,
  signerFromText,
  signerToText,
  verifierFromText,
  verifierToText,
} from '../../../security/transparency/note-key.ts';
import { openNote, signNote } from '../../../security/transparency/signed-note.ts';
import { tlogProofFromText, tlogProofToText } from '../../../security/transparency/tlog-proof.ts';

/** The example of Go's package golang.org/x/mod/sumdb/note. */
const SIGNER = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const VERIFIER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const SIGNATURE =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=';

function given() {
  const signer = signerFromText(SIGNER);
  const verifier = verifierFromText(VERIFIER);
  if (signer === null || verifier === null) throw new Error('The example keys are not read.');
  return { signer, verifier };
}

describe('a signed note', () => {
  it('is that of the Go implementation, byte for byte', () => {
    const { signer, verifier } = given();
    expect(signNote(TEXT, signer)).toBe(`${TEXT}\n${SIGNATURE}\n`);
    expect(openNote(`${TEXT}\n${SIGNATURE}\n`, verifier)).toEqual({ kind: 'signed', text: TEXT });
    expect(verifierToText(signer.verifier)).toBe(VERIFIER);
    expect(signerToText(signer)).toBe(SIGNER);
  });

  it('is opened beside signatures of others', () => {
    const { signer, verifier } = given();
    const other = newNoteSigner('example.org/witness', () => new Uint8Array(32).fill(3));
    const cosigned = signNote(TEXT, other) + signNote(TEXT, signer).split('\n\n')[1];
    expect(openNote(cosigned, verifier).kind).toBe('signed');
    expect(openNote(cosigned, other.verifier).kind).toBe('signed');
  });

  it.each([
    ['another text', (note: string) => note.replace('cryptography', 'Cryptography'), 'forged'],
    ['another signature', (note: string) => note.replace('x08go/ZJ', 'x08go/ZK'), 'forged'],
    ['another key id', (note: string) => note.replace('x08go', 'y08go'), 'unknownKey'],
    ['another name', (note: string) => note.replace('— Peter', '— Paul'), 'unknownKey'],
    ['no signature', () => TEXT, 'malformed'],
    ['a signature that is no base64', (note: string) => note.replace('JnAM=', 'JnAN='), 'malformed'],
    ['no last newline', (note: string) => note.slice(0, -1), 'malformed'],
    ['a control character', (note: string) => note.replace('think', 'th\tnk'), 'malformed'],
  ] as const)('with %s is refused', (_, change, reason) => {
    const note = `${TEXT}\n${SIGNATURE}\n`;
    expect(openNote(change(note), given().verifier)).toEqual({ kind: 'refused', reason });
  });
});

describe('the key of a note', () => {
  it.each([
    ['of another id', VERIFIER.replace('c74f20a3', 'c74f20a4')],
    ['that is cut', VERIFIER.slice(0, -4)],
    ['of another algorithm', VERIFIER.replace('+ARpc', '+AhpC')],
    ['that is a signer', SIGNER],
    ['that is empty', ''],
  ])('%s is not read', (_, text) => {
    expect(verifierFromText(text)).toBeNull();
  });

  it('has a name that fits into a line', () => {
    expect(() => newNoteSigner('two words', () => new Uint8Array(32))).toThrow('cannot name a key');
  });
});

describe('a checkpoint', () => {
  const root = new Uint8Array(32).fill(5);

  it('is three lines, and reads back', () => {
    const text = checkpointText({ origin: 'example.org/log', size: 12, root });
    expect(text).toBe('example.org/log\n12\nBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU=\n');
    expect(parseCheckpoint(text)).toEqual({ origin: 'example.org/log', size: 12, root });
  });

  it.each(['', 'log\n012\nBQUF\n', 'log\n-1\nBQUF\n', '\n1\nBQUF\n', 'log\n1\nBQUF\n', 'log\n99999999999999999\nx\n'])(
    '%j is none',
    (text) => expect(parseCheckpoint(text)).toBeNull(),
  );
});

describe('a proof in one text', () => {
  const hashes = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const checkpoint = 'log\n5\nroot\n\n— log sig\n';

  it('has the form of the specification, and reads back', () => {
    const proof = { extra: Buffer.from('entry'), index: 3, hashes, checkpoint };
    const text = tlogProofToText(proof);
    expect(text.split('\n').slice(0, 3)).toEqual(['c2sp.org/tlog-proof@v1', 'extra ZW50cnk=', 'index 3']);
    expect(tlogProofFromText(text)).toEqual({ ...proof, extra: new Uint8Array(proof.extra) });
    const bare = tlogProofToText({ ...proof, extra: new Uint8Array(), hashes: [] });
    expect(bare).toBe(`c2sp.org/tlog-proof@v1\nindex 3\n\n${checkpoint}`);
    expect(tlogProofFromText(bare)?.hashes).toEqual([]);
  });

  it.each([
    ['', 'nothing'],
    ['c2sp.org/tlog-proof@v2\nindex 3\n\nx', 'another version'],
    ['c2sp.org/tlog-proof@v1\nindex -3\n\nx', 'a negative index'],
    ['c2sp.org/tlog-proof@v1\nindex 3\nAAAA\n\nx', 'a short hash'],
    ['c2sp.org/tlog-proof@v1\nextra *\nindex 3\n\nx', 'an entry that is no base64'],
  ])('%j (%s) is none', (text) => expect(tlogProofFromText(text)).toBeNull());
});
