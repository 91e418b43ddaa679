/** Decoders of what an auditor is given: a key, and a receipt that only the operator's key makes true. */
import { endLine, eventLine, headerLine } from '../../journal/export/format.ts';
import { ExportError, ExportReader } from '../../journal/export/read.ts';
import { appendLeaves, EMPTY_FRONTIER, rootOf, type Frontier } from '../../journal/merkle/frontier.ts';
import { hashLeafBytes } from '../../journal/merkle/hash.ts';
import { leafHash } from '../../journal/leaf.ts';
import { checkReceipt } from '../../replay/receipt.ts';
import { toBase64 } from '../../security/transparency/base64.ts';
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
import { PEM } from './tokens.ts';
import type { SeededTarget } from './seeded.ts';

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

/** No other text than that of its parts is taken, and none of them is what a journal did not hold. */
export function journalExport(): SeededTarget {
  const meta = {
    messageId: 'm1',
    correlationId: 'c1',
    causationId: null,
    role: 'cpns-server',
    chart: { id: 'cpns-server/registration', hash: 'abcd' },
    crStep: '1.4.1/3',
    recordedAt: '2026-01-02T03:04:05.678Z',
  };
  const events = ['PneAuthenticated', 'CpnsIdAllocated', 'RegistrationAnswered'].map((type, i) => {
    const event = { position: i + 1, stream: 'registration/home/lamp', version: i + 1, type, schemaVersion: 1, meta };
    const data = JSON.stringify({ i, text: 'ü' });
    return { ...event, data, leaf: leafHash(event, data) };
  });
  const edge = (size: number): Frontier =>
    appendLeaves(
      EMPTY_FRONTIER,
      events.slice(0, size).map(({ leaf }) => leaf),
    ).frontier;
  const note = signNote(checkpointText({ origin: 'cpns/example', size: 2, root: rootOf(edge(2)) }), signer);
  const end = { size: 3, root: rootOf(edge(3)), checkpoint: note };
  const textFrom = (from: number): string => {
    const header = { origin: 'cpns/example', from, to: 3, signed: 2, before: edge(from - 1).roots };
    return linesOf([headerLine(header), ...events.slice(from - 1).map(eventLine), endLine(end)]);
  };
  const leaves = new Set(events.map(({ leaf }) => toBase64(leaf)));
  return {
    name: 'journal-export',
    tokens: [
      '{"format":"cpns-journal","version":1,',
      '"before":[]',
      '"position":',
      '"data":"{',
      '\n',
      'cpns/example\\n2\\n',
    ],
    seeds: [1, 3].map((from) => ({ name: `from-${from}`, bytes: utf8(textFrom(from)) })),
    run(input) {
      const reader = new ExportReader();
      const again: string[] = [];
      try {
        for (const part of reader.take(input)) {
          if (part.kind === 'header') again.push(headerLine(part.header));
          else if (part.kind === 'end') again.push(endLine(part.end));
          else again.push(...part.events.map(eventLine));
          if (part.kind === 'events' && !part.events.every(({ leaf }) => leaves.has(toBase64(leaf))))
            throw new Error('An event that no journal held.');
        }
        reader.finish();
      } catch (error) {
        if (error instanceof ExportError) return 'refused';
        throw error;
      }
      if (linesOf(again) !== textOf(input)) throw new Error('An export has a second spelling.');
      return 'taken';
    },
  };
}

const linesOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

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
