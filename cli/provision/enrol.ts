import type { Principal } from '../../security/pki/identity.ts';
import { check } from '../config/check.ts';
import { readDocument } from '../config/document.ts';
import { UsageError } from '../errors.ts';
import type { OperatorDirectory } from './directory.ts';
import { writeConfig } from './entries.ts';
import { CREDENTIALS_FILE, credentialsConfig, type StoredCredentialTable } from './files/credentials.ts';
import { serverPkiConfig } from './files/server.ts';
import { BY_CERTIFICATE, StoredCredentialsFile } from '../config/credentials-file.ts';

/** How the server comes to know of a device or PN GW that was certified by hand, without a household. */

const LISTS = { device: 'pnes', gateway: 'gateways' } as const;

/** What the file says, secrets as they are stored. @throws ConfigError */
function storedCredentials(directory: OperatorDirectory): StoredCredentialTable {
  if (!directory.has(CREDENTIALS_FILE)) return { gateways: {}, pnes: {} };
  return check(readDocument(directory.path(CREDENTIALS_FILE), 'secret'), StoredCredentialsFile);
}

/** Before anything is written. @throws UsageError where the server goes by a secret, and would not look at a certificate */
export function refuseOtherCredential(directory: OperatorDirectory, { kind, id }: Principal): void {
  const list = LISTS[kind];
  const known = storedCredentials(directory)[list];
  if (!Object.hasOwn(known, id) || known[id] === BY_CERTIFICATE) return;
  throw new UsageError(
    `${id} has a pre-shared secret in ${CREDENTIALS_FILE}, under ${list}, and would not be asked for a certificate`,
    `Write \`${id}: ${BY_CERTIFICATE}\` there in the place of its secret, then issue the certificate.`,
  );
}

/** Adds it to the credentials of the server, and to the server what it needs for certificates. Comments stay. */
export function enrol(directory: OperatorDirectory, { kind, id }: Principal): void {
  const one = { [id]: BY_CERTIFICATE };
  const wanted = kind === 'gateway' ? { gateways: one, pnes: {} } : { gateways: {}, pnes: one };
  writeConfig(directory, credentialsConfig(wanted));
  if (directory.has('server.yaml')) writeConfig(directory, serverPkiConfig());
}
