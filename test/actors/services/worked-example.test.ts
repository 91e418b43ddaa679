import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { answerToBytes, questionToBytes } from '../../../messages/services.ts';
import { envelopeKey, sealEnvelope } from '../../../security/service-envelope.ts';

const DOCUMENT = readFileSync(new URL('../../../docs/services.md', import.meta.url), 'utf8');

const range = (from: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => from + index);
const shown = (name: string): string | undefined =>
  new RegExp(`<!-- example ${name} -->\\n\`\`\`\\n(.+)\\n\`\`\``).exec(DOCUMENT)?.[1];

test.each([
  [
    'question',
    0x40,
    0,
    questionToBytes({ pnId: 'home', deviceId: 'hall-motion', bytes: new TextEncoder().encode('hello') }),
  ],
  ['answer', 0x60, 7, answerToBytes({ code: 200 })],
] as const)('docs/services.md shows the bytes of a %s', (part, nonce, afterMs, body) => {
  const key = envelopeKey(range(0, 32), part, 'cpns.service.echo.deliver');
  const sentAtMs = Date.parse('2026-11-23T08:00:00.000Z') + afterMs;
  const sealed = sealEnvelope(key, { sentAtMs, questionId: range(0x20, 16), body }, () => range(nonce, 24));
  expect(Buffer.from(sealed).toString('base64url')).toBe(shown(part));
});
