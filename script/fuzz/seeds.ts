/** The genuine part of the corpus, written by the product: `npm run fuzz -- --renew`. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keyPairToPem, publicKeyToPem } from '../../security/pki/keys.ts';
import { toPem } from '../../security/pki/pem.ts';
import { EXAMPLES } from '../asyncapi/worked-example.ts';
import type { CorpusEntry } from './corpus.ts';
import * as genuine from './genuine.ts';
import { FUZZED_SECRET, targets } from './targets.ts';

const encoder = new TextEncoder();
const root = fileURLToPath(new URL('../..', import.meta.url));
const entry = (name: string, text: string): CorpusEntry => ({ name, bytes: encoder.encode(text) });

/** By target. Secrets of the configuration files are drawn anew by every provisioning: one that is fixed takes their place. */
export function writeSeeds(): ReadonlyMap<string, readonly CorpusEntry[]> {
  const messages = EXAMPLES.map(({ name, subject, payload }) => entry(name, `${subject}\n${JSON.stringify(payload)}`));
  const pems = [
    entry('key-pair', keyPairToPem(genuine.serverKey)),
    entry('public-key', publicKeyToPem(genuine.serverKey.publicKey)),
    entry('certificates', toPem('CERTIFICATE', genuine.deviceDer) + toPem('CERTIFICATE', genuine.authorityDer)),
    entry('revocation-list', toPem('X509 CRL', genuine.revocationListDer)),
  ];
  const written = new Map([['message', messages], ['pem', pems], ...configurations()]);
  return new Map(targets(written).map(({ name, seeds }) => [name, seeds]));
}

function configurations(): readonly (readonly [string, readonly CorpusEntry[]])[] {
  const folder = mkdtempSync(join(tmpdir(), 'cpns-fuzz-'));
  try {
    const household = join(root, 'examples/household.yaml');
    execFileSync(process.execPath, [join(root, 'cli/cpns.mjs'), 'provision', household, '--out', folder]);
    const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
    const credentials = read('server.credentials.yaml').replaceAll(/: [A-Za-z0-9_-]{103}$/gm, `: ${FUZZED_SECRET}`);
    return [
      ['household', [entry('example', readFileSync(household, 'utf8'))]],
      ['config-server', [entry('server', read('server.yaml'))]],
      ['config-gateway', [entry('hub-hall', read('gateways/hub-hall.yaml'))]],
      ['config-pne', [entry('hall-motion', read('pnes/hall-motion.yaml')), entry('all', read('pnes.yaml'))]],
      ['config-service', [entry('echo', read('services/echo.yaml'))]],
      ['config-operator', [entry('desk', read('operators/desk.yaml'))]],
      ['config-credentials', [entry('credentials', credentials)]],
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
