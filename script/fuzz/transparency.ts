/** Decoders of what an auditor is given: a key, and a receipt that only the operator's key makes true. */
import { appendLeaves, EMPTY_FRONTIER, rootOf } from '../../events/journal/merkle/frontier.ts';
import { hashLeafBytes } from '../../events/journal/merkle/hash.ts';
import { checkReceipt } from '../../replay/receipt.ts';
import { checkpointText } from '../../security/transparency/checkpoint.ts';
import {
  newNoteSigner,
  signerFromText,
  signerToText,
  verifierFromText,
  verifierToText,
} from '../../security/transparency/note-key.ts';
import { signNote } from '../../security/transparency/signed-note.ts';
import { tlogProofToText } from '../../security/transparency/tlog-proof.ts';
import * as genuine from './genuine.ts';
import type { SeededTarget } from './targets.ts';
import { PEM } from './tokens.ts';

const signer = newNoteSigner('cpns/example', () => genuine.psk);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (input: Uint8Array): string => new TextDecoder().decode(input);

export function noteKey(): SeededTarget {
  return {
    name: 'note-key',
    tokens: PEM,
    seeds: [
      { name: 'signer', bytes: utf8(signerToText(signer)) },
      { name: 'verifier', bytes: utf8(verifierToText(signer.verifier)) },
    ],
    run(input) {
      const text = textOf(input);
      const [made, known] = [signerFromText(text), verifierFromText(text)];
      if (made === null && known === null) return 'refused';
      const again = made === null ? verifierToText(known ?? signer.verifier) : signerToText(made);
      if (again !== text.trim()) throw new Error('A key has a second spelling.');
      return made === null ? 'taken verifier' : 'taken signer';
    },
  };
}

/** Whatever is changed, no receipt is valid for another event than the one that was signed. */
export function receipt(): SeededTarget {
  const entries = ['cpns-event/1\n1\nfirst', 'cpns-event/1\n2\nsecond'].map(utf8);
  const leaves = entries.map(hashLeafBytes);
  const { frontier } = appendLeaves(EMPTY_FRONTIER, leaves);
  const checkpoint = signNote(checkpointText({ origin: 'cpns/example', size: 2, root: rootOf(frontier) }), signer);
  const written = entries.map((extra, index) =>
    tlogProofToText({ extra, index, hashes: leaves.filter((_, at) => at !== index), checkpoint }),
  );
  return {
    name: 'receipt',
    tokens: ['c2sp.org/tlog-proof@v1\n', 'extra ', 'index ', '\n\n', '— cpns/example ', 'cpns/example\n2\n', '='],
    seeds: written.map((text, index) => ({ name: `event-${index + 1}`, bytes: utf8(text) })),
    run(input) {
      const found = checkReceipt(textOf(input), signer.verifier);
      if (found.kind === 'refused') return `refused ${found.reason}`;
      if (!entries.some((entry) => textOf(entry) === found.leaf))
        throw new Error('A receipt for what was never signed.');
      return 'taken';
    },
  };
}
