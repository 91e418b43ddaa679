import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import type { KeyPair } from '../../security/noise/x25519.ts';
import { MAX_CERTIFICATE_BYTES, readCertificate, type Certificate } from '../../security/pki/certificate.ts';
import { MAX_CHAIN_LENGTH } from '../../security/pki/chain.ts';
import { keyPairFromPem, publicKeyFromPem } from '../../security/pki/keys.ts';
import { fromPem } from '../../security/pki/pem.ts';
import {
  MAX_REVOCATION_LIST_BYTES,
  readRevocationList,
  type RevocationList,
} from '../../security/pki/revocation-list.ts';
import { readTrustAnchor } from '../../security/pki/verify.ts';
import type { Credential } from '../../security/registration-handshake.ts';
import { fileReason } from '../errors.ts';
import { path } from './fields.ts';
import { ConfigError } from './problems.ts';

/** The certificate of a device or PN GW instead of a secret: three PEM files. */
export const certificateFiles = z.strictObject({ keyFile: path, certificateFile: path, serverKeyFile: path });

/** What the server needs for devices and PN GWs with certificates. */
export const serverPki = z.strictObject({ keyFile: path, trustFile: path, revocationFile: path });

export interface ServerPki {
  readonly serverKey: KeyPair;
  readonly trustAnchors: readonly Certificate[];
  /** Read again whenever it has changed: see `RevocationFile`. */
  readonly revocationFile: string;
}

const fail = (file: string, message: string, remedy: string): ConfigError =>
  new ConfigError(file, [{ path: '', message, remedy }]);

/** @throws ConfigError */
export function readPublicText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw fail(file, `cannot be read: ${fileReason(error)}`, 'Check the path, or let `cpns provision` write it.');
  }
}

/**
 * The private X25519 key of a device, a PN GW or the server. No message quotes it.
 * @param text of its file
 * @throws ConfigError
 */
export function staticKeyIn(file: string, text: string): KeyPair {
  const pair = keyPairFromPem(`${text}\n`);
  if (pair !== null) return pair;
  const remedy = 'Bring the file back from a copy, or make one: openssl genpkey -algorithm X25519';
  throw fail(file, 'is not a private X25519 key in PEM', remedy);
}

/** @throws ConfigError */
export function readStaticPublicKey(file: string): Uint8Array {
  const key = publicKeyFromPem(readPublicText(file));
  if (key !== null) return key;
  throw fail(file, 'is not a public X25519 key in PEM', 'Take the file that cpns provision wrote for the server.');
}

/** @throws ConfigError */
export function readChainFile(file: string): readonly Uint8Array[] {
  const chain = fromPem('CERTIFICATE', readPublicText(file));
  const unread = chain.findIndex((der) => readCertificate(der) === null);
  if (unread >= 0) {
    const remedy = `Take one of at most ${MAX_CERTIFICATE_BYTES} bytes, with no critical extension of its own.`;
    throw fail(file, `certificate ${unread + 1} in it cannot be read`, remedy);
  }
  if (chain.length >= 1 && chain.length <= MAX_CHAIN_LENGTH) return chain;
  const message = `holds ${chain.length} certificates, not 1 to ${MAX_CHAIN_LENGTH}`;
  throw fail(
    file,
    message,
    "Put that of the device or PN GW first, then those of the authorities below the operator's.",
  );
}

/** @param secretIn the text of a secret file @throws ConfigError */
export function readCertificateFiles(
  files: z.infer<typeof certificateFiles>,
  resolve: (file: string) => string,
  secretIn: (file: string) => string,
): Credential {
  const keyFile = resolve(files.keyFile);
  return {
    kind: 'pki',
    staticKey: staticKeyIn(keyFile, secretIn(keyFile)),
    chain: readChainFile(resolve(files.certificateFile)),
    serverPublicKey: readStaticPublicKey(resolve(files.serverKeyFile)),
  };
}

/** @throws ConfigError */
export function readServerPki(
  files: z.infer<typeof serverPki>,
  resolve: (file: string) => string,
  secretIn: (file: string) => string,
): ServerPki {
  const trustFile = resolve(files.trustFile);
  const trustAnchors = readTrustAnchors(trustFile);
  const revocationFile = resolve(files.revocationFile);
  readRevocationFile(revocationFile, trustAnchors);
  const keyFile = resolve(files.keyFile);
  return { serverKey: staticKeyIn(keyFile, secretIn(keyFile)), trustAnchors, revocationFile };
}

/** @throws ConfigError */
export function readTrustAnchors(file: string): readonly Certificate[] {
  const anchors = fromPem('CERTIFICATE', readPublicText(file)).map(readTrustAnchor);
  const usable = anchors.filter((anchor) => anchor !== null);
  if (usable.length > 0 && usable.length === anchors.length) return usable;
  const message = anchors.length === 0 ? 'holds no certificate' : 'holds a certificate that is no authority to trust';
  throw fail(file, message, 'Take certificates with CA:TRUE and a key of the kind Ed25519 or ECDSA P-256.');
}

/**
 * The lists of a file, each by one of the trust anchors.
 * @throws ConfigError
 */
export function readRevocationFile(file: string, trustAnchors: readonly Certificate[]): readonly RevocationList[] {
  const remedy = 'Take a list that a trusted authority signed: cpns provision revoke, or openssl ca -gencrl.';
  const lists = fromPem('X509 CRL', readBounded(file));
  if (lists.length === 0) throw fail(file, 'holds no revocation list', remedy);
  return lists.map((der) => {
    const results = trustAnchors.map((anchor) => readRevocationList(der, anchor));
    const found = results.find((result) => result.kind === 'read');
    if (found?.kind === 'read') return found.list;
    const reasons = results.map((result) => (result.kind === 'refused' ? result.reason : ''));
    throw fail(file, `holds a revocation list that cannot be used: ${reasons.join(', ')}`, remedy);
  });
}

function readBounded(file: string): string {
  // Base64 in lines takes a good third more than the list itself.
  const limit = 2 * MAX_REVOCATION_LIST_BYTES;
  try {
    if (statSync(file).size <= limit) return readPublicText(file);
  } catch (error) {
    throw fail(file, `cannot be read: ${fileReason(error)}`, 'Check the path, or let `cpns provision` write it.');
  }
  throw fail(file, `is larger than ${limit} bytes`, 'Leave out certificates that have expired.');
}
